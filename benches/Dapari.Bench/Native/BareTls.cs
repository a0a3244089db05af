using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dapari.Bench.Native;

/// <summary>One SslStream (TLS 1.3) over loopback: bytes of memory in, thrown away at the other end. Nothing is hashed, read or stored.</summary>
internal static class BareTls
{
    private const int Block = 256 * 1024;

    /// <summary>MB/s.</summary>
    public static async Task<double> MeasureAsync(long bytes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=bare", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taking = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await using var stream = new SslStream(new NetworkStream(socket));
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13 });
            var buffer = new byte[Block];
            for (var left = bytes; left > 0;)
            {
                var read = await stream.ReadAsync(buffer);
                if (read == 0)
                    throw new EndOfStreamException();
                left -= read;
            }

            await stream.WriteAsync(new byte[1]);
        });
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await using var tls = new SslStream(new NetworkStream(client), false, (_, shown, _, _) => shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(certificate.RawData));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "bare", EnabledSslProtocols = SslProtocols.Tls13 });
        var block = RandomNumberGenerator.GetBytes(Block);
        var began = Stopwatch.GetTimestamp();
        for (var left = bytes; left > 0; left -= Math.Min(left, Block))
            await tls.WriteAsync(block.AsMemory(0, (int)Math.Min(left, Block)));
        await tls.ReadExactlyAsync(new byte[1]);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await taking;
        return bytes / 1e6 / seconds;
    }
}
