using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A node's door for browsers: a port of this machine, a certificate of nobody's authority, and what the kernel counts there.</summary>
internal sealed partial class NodeDoor
{
    private readonly int _port;
    private readonly string _certificate;
    private readonly string _key;

    private NodeDoor(int port, string folder) => (_port, _certificate, _key, KeyHash) = (port, Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"), "");

    /// <summary>What the daemon is told.</summary>
    public string[] Up => ["--https", $"127.0.0.1:{_port}", "--https-certificate", _certificate, "--https-key", _key];

    /// <summary>The SHA-256 of the public key, in base64.</summary>
    public string KeyHash { get; private set; }

    /// <summary>A free port, and a certificate that no browser accepts which was not told to.</summary>
    public static NodeDoor Make(string folder)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var door = new NodeDoor(((IPEndPoint)listener.LocalEndpoint).Port, folder);
        door.Write();
        return door;
    }

    /// <summary>Puts another certificate in the place of the first, and waits until the node shows it.</summary>
    public async Task ReplaceAsync()
    {
        Write();
        await Waiting.UntilAsync("the other certificate is shown", async () => await ShownAsync() == KeyHash, Waiting.Patience);
    }

    /// <summary>The kernel's own count of the connections that are open at the port.</summary>
    public async Task<(long Sent, long Received)> CountAsync()
    {
        var text = await SocketsAsync("-tinH");
        return (Sum(Sent().Matches(text)), Sum(Received().Matches(text)));
    }

    /// <summary>Waits until so many bytes more went either way through the door, and then has the kernel end every connection there.</summary>
    public async Task BreakAsync(long bytes)
    {
        var before = await TotalAsync();
        await Waiting.UntilAsync("some of it went by HTTPS", async () => await TotalAsync() > before + bytes, Waiting.Patience, () => SocketsAsync("-tinH").Result);
        await SocketsAsync("-KtnH");
    }

    private async Task<long> TotalAsync() => await CountAsync() is var (sent, received) ? sent + received : 0;

    private void Write()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        File.WriteAllText(_certificate, made.ExportCertificatePem());
        File.WriteAllText(_key, key.ExportPkcs8PrivateKeyPem());
        KeyHash = Hash(made);
    }

    private async Task<string> ShownAsync()
    {
        var shown = "";
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        await using var secure = new SslStream(client.GetStream());
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                shown = certificate is X509Certificate2 one ? Hash(one) : "";
                return shown.Length > 0;
            },
        });
        return shown;
    }

    private static string Hash(X509Certificate2 certificate) => Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    private async Task<string> SocketsAsync(string how)
    {
        using var process = Process.Start(new ProcessStartInfo("ss", [how, "state", "established", $"( sport = :{_port} )"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }

    private static long Sum(MatchCollection counts) => counts.Sum(count => long.Parse(count.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"bytes_acked:(\d+)")]
    private static partial Regex Sent();

    [GeneratedRegex(@"bytes_received:(\d+)")]
    private static partial Regex Received();
}
