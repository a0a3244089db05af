using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Dapari.PushStandIn;

/// <summary>What a server sent to the stand-in.</summary>
/// <param name="Path">Of the endpoint.</param>
/// <param name="Headers">Names in lower case.</param>
/// <param name="Body">Sealed.</param>
public sealed record PushRequest(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>Stands in for a browser maker's push service (RFC 8030): takes messages over TLS on loopback, and answers as it is told.</summary>
public sealed class PushService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<PushRequest> _requests = Channel.CreateUnbounded<PushRequest>();
    private readonly X509Certificate2 _certificate;
    private readonly Task _loop;

    /// <summary>Begins to listen.</summary>
    public PushService()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        Certificate = made.ExportCertificatePem();
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        _listener.Start();
        Origin = new Uri($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _loop = ListenAsync();
    }

    /// <summary>Where it is.</summary>
    public Uri Origin { get; }

    /// <summary>PEM: whom to trust.</summary>
    public string Certificate { get; }

    /// <summary>What is answered: "201 Created", and further lines of the head.</summary>
    public Func<PushRequest, string> Answer { get; set; } = _ => "201 Created";

    /// <summary>The next message, as soon as there is one.</summary>
    public async Task<PushRequest> NextAsync(TimeSpan limit, CancellationToken cancellation) => await _requests.Reader.ReadAsync(cancellation).AsTask().WaitAsync(limit, cancellation);

    /// <summary>A message that came and was not taken.</summary>
    public bool TryTake(out PushRequest? request) => _requests.Reader.TryRead(out request);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It ends.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
                while (await ReadAsync(tls) is { } request)
                {
                    var answer = Answer(request);
                    _requests.Writer.TryWrite(request);
                    await tls.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n"), _stop.Token);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The other end went.
        }
    }

    private async Task<PushRequest?> ReadAsync(SslStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (head.Count < 4 || !head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0 || head.Count > 16_384)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(h => h[0].ToLowerInvariant(), h => h[1]);
        var body = new byte[int.Parse(headers["content-length"], CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return new PushRequest(lines[0].Split(' ')[1], headers, body);
    }
}
