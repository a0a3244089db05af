using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapari.Node.Commands;
using Dapari.Node.Files.Https;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Node.Tests.Files.Https;

/// <summary>The certificate of a node's door: which one is shown, and what a person is told about one that is of no use.</summary>
public sealed class CertificateTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly FakeTimeProvider _time = new(_now);

    private string Certificate => Path.Combine(_folder, "certificate.pem");

    private string Key => Path.Combine(_folder, "key.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_renewed_certificate_is_shown_without_a_restart()
    {
        var first = Write(_folder, _now.AddDays(-1), _now.AddDays(1));
        await using var door = await HttpsDoor.StartAsync(new HttpsOptions("127.0.0.1", 0, Certificate, Key), CertificateFiles.TryOpen(Certificate, Key, _time, out _)!);
        Assert.Equal(first, await ShownAsync(door));
        var second = Write(_folder, _now.AddDays(-1), _now.AddDays(90));
        Assert.Equal(first, await ShownAsync(door));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(second, await ShownAsync(door));
    }

    [Fact]
    public void A_pair_that_is_of_no_use_leaves_the_former_until_it_is_whole()
    {
        var first = Write(_folder, _now.AddDays(-1), _now.AddDays(1));
        var files = CertificateFiles.TryOpen(Certificate, Key, _time, out _)!;
        var key = File.ReadAllText(Key);
        var second = Write(_folder, _now.AddDays(-1), _now.AddDays(2));
        var (whole, fits) = (File.ReadAllText(Certificate), File.ReadAllText(Key));
        foreach (var (certificate, its) in new[] { (whole, key), (whole[..100], fits), ("", fits), (whole, "") })
        {
            File.WriteAllText(Certificate, certificate);
            File.WriteAllText(Key, its);
            Assert.Equal(first, Look(files));
        }

        File.Delete(Certificate);
        Assert.Equal(first, Look(files));
        Write(_folder, _now.AddDays(-2), _now.AddDays(-1));
        Assert.Equal(first, Look(files));
        File.WriteAllText(Certificate, whole);
        File.WriteAllText(Key, fits);
        Assert.Equal(second, Look(files));
    }

    [Fact]
    public void A_link_above_them_that_points_elsewhere_is_noticed()
    {
        var (old, renewed, link) = (Path.Combine(_folder, "1"), Path.Combine(_folder, "2"), Path.Combine(_folder, "now"));
        var first = Write(old, _now.AddDays(-1), _now.AddDays(1));
        var second = Write(renewed, _now.AddDays(-1), _now.AddDays(90));
        // As whoever renews may keep the files' times.
        foreach (var name in new[] { "certificate.pem", "key.pem" })
            File.SetLastWriteTimeUtc(Path.Combine(renewed, name), File.GetLastWriteTimeUtc(Path.Combine(old, name)));
        Directory.CreateSymbolicLink(link, old);
        var files = CertificateFiles.TryOpen(Path.Combine(link, "certificate.pem"), Path.Combine(link, "key.pem"), _time, out _)!;
        Assert.Equal(first, Look(files));
        Directory.Delete(link);
        Directory.CreateSymbolicLink(link, renewed);
        Assert.Equal(second, Look(files));
    }

    [Theory]
    [InlineData("no certificate", "is not there, or cannot be read: {0}", "non c'è, o non si può leggere: {0}", "certificate-missing")]
    [InlineData("no key", "is not there, or cannot be read: {1}", "non c'è, o non si può leggere: {1}", "key-missing")]
    [InlineData("nonsense", "{0} holds no certificate", "{0} non contiene un certificato", "certificate")]
    [InlineData("another key", "{1} is not the key of the certificate in {0}", "{1} non è la chiave del certificato in {0}", "key")]
    [InlineData("key with a passphrase", "{1} is not the key of the certificate in {0}", "{1} non è la chiave del certificato in {0}", "key")]
    [InlineData("expired", "has expired: renew it", "è scaduto: rinnovalo", "certificate-expired")]
    [InlineData("not yet", "is not valid yet", "non vale ancora", "certificate-not-yet")]
    [InlineData("port", "is taken, or not for this user", "è occupata, o questo utente non può usarla", "https-port")]
    public async Task A_door_that_cannot_open_says_why(string what, string english, string italian, string word)
    {
        var today = TimeProvider.System.GetUtcNow();
        Write(_folder, today.AddDays(what == "not yet" ? 1 : -2), today.AddDays(what == "expired" ? -1 : 2));
        using var taken = new TcpListener(IPAddress.IPv6Any, 0);
        taken.Server.DualMode = true;
        taken.Start();
        var port = what == "port" ? ((IPEndPoint)taken.LocalEndpoint).Port : Ports.Free();
        if (what == "no certificate")
            File.Delete(Certificate);
        else if (what == "no key")
            File.Delete(Key);
        else if (what == "nonsense")
            await File.WriteAllTextAsync(Certificate, "nonsense", TestContext.Current.CancellationToken);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (what == "another key")
            await File.WriteAllTextAsync(Key, other.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        else if (what == "key with a passphrase")
            await File.WriteAllTextAsync(Key, other.ExportEncryptedPkcs8PrivateKeyPem("a passphrase", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1_000)), TestContext.Current.CancellationToken);

        await using var person = new Person("Alice", Path.Combine(_folder, "home"));
        string[] line = ["up", "--no-nearby", "--no-port-mapping", "--https", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "--https-certificate", Certificate, "--https-key", Key];
        foreach (var (language, sentence) in new[] { ("en_US.UTF-8", english), ("it_IT.UTF-8", italian) })
        {
            person.Variables["LANG"] = language;
            var (code, output, errors) = await person.RunAsync(line);
            Assert.Equal((ExitCode.Refused, ""), (code, output));
            Assert.Contains(string.Format(CultureInfo.InvariantCulture, sentence, Certificate, Key), errors, StringComparison.Ordinal);
        }

        Assert.Contains($"\"{word}\"", (await person.RunAsync(["--json", .. line])).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--https", "node.example")]
    [InlineData("--https-certificate", "certificate.pem")]
    [InlineData("--https", "node.example", "--https-key", "key.pem")]
    public async Task The_three_options_go_together(params string[] some)
    {
        await using var person = new Person("Alice", Path.Combine(_folder, "home"));
        foreach (var (language, sentence) in new[] { ("en_US.UTF-8", "go together."), ("it_IT.UTF-8", "vanno insieme.") })
        {
            person.Variables["LANG"] = language;
            var (code, _, errors) = await person.RunAsync(["up", .. some]);
            Assert.Equal(ExitCode.Usage, code);
            Assert.Contains("--https, --https-certificate", errors, StringComparison.Ordinal);
            Assert.Contains(sentence, errors, StringComparison.Ordinal);
        }
    }

    private string Look(CertificateFiles files)
    {
        _time.Advance(TimeSpan.FromSeconds(10));
        return files.Current.TargetCertificate.Thumbprint;
    }

    private static async Task<string?> ShownAsync(HttpsDoor door)
    {
        var shown = default(string);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(door.Address).Port, TestContext.Current.CancellationToken);
        await using var secure = new SslStream(client.GetStream());
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    shown = certificate?.GetCertHashString();
                    return shown is not null;
                },
            },
            TestContext.Current.CancellationToken);
        return shown;
    }

    /// <summary>A certificate and its key; gives its thumbprint.</summary>
    private static string Write(string folder, DateTimeOffset from, DateTimeOffset until)
    {
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, until);
        File.WriteAllText(Path.Combine(folder, "certificate.pem"), made.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return made.Thumbprint;
    }
}
