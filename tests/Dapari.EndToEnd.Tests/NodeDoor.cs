using System.Diagnostics;
using System.Globalization;
using System.Net;
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

    private NodeDoor(int port, string certificate, string key) => (_port, _certificate, _key) = (port, certificate, key);

    /// <summary>What the daemon is told.</summary>
    public string[] Up => ["--https", $"127.0.0.1:{_port}", "--https-certificate", _certificate, "--https-key", _key];

    /// <summary>A free port, and a certificate that only a browser which trusts all accepts.</summary>
    public static NodeDoor Make(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var files = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(files.Item1, made.ExportCertificatePem());
        File.WriteAllText(files.Item2, key.ExportPkcs8PrivateKeyPem());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new NodeDoor(((IPEndPoint)listener.LocalEndpoint).Port, files.Item1, files.Item2);
    }

    /// <summary>The kernel's own count of the connections that are open at the port.</summary>
    public async Task<(long Sent, long Received)> CountAsync()
    {
        var text = await SocketsAsync("-tinH");
        return (Sum(Sent().Matches(text)), Sum(Received().Matches(text)));
    }

    /// <summary>Waits until so many bytes went either way through the door, and then has the kernel end every connection there.</summary>
    public async Task BreakAsync(long bytes)
    {
        await Waiting.UntilAsync("some of it went by HTTPS", async () => await CountAsync() is var (sent, received) && sent + received > bytes, Waiting.Patience);
        await SocketsAsync("-KtnH");
    }

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
