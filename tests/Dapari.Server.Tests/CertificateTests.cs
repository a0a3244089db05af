using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dapari.Server.Certificates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class CertificateTests
{
    [Fact]
    public async Task Https_is_trusted_by_who_installed_the_authority_from_its_page_and_by_nobody_else()
    {
        await using var server = await TestServer.StartAsync(o => o with { Https = true, TrustListen = new IPEndPoint(IPAddress.Loopback, 0) });
        var trust = new Uri($"http://127.0.0.1:{server.Host.TrustPort}/");
        using var plain = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        var page = await plain.GetStringAsync(trust, TestContext.Current.CancellationToken);
        Assert.Contains("Certificate Trust Settings", page, StringComparison.Ordinal);
        Assert.Contains("Attendibilità certificati", page, StringComparison.Ordinal);
        Assert.Contains(server.Host.Authority!.Fingerprint, page, StringComparison.Ordinal);
        using var redirect = await plain.GetAsync(new Uri(trust, "/i"), TestContext.Current.CancellationToken);
        Assert.Equal($"https://127.0.0.1:{server.Uri.Port}/i", redirect.Headers.Location!.ToString());
        using var file = await plain.GetAsync(new Uri(trust, "/ca.crt"), TestContext.Current.CancellationToken);
        Assert.Equal("application/x-x509-ca-cert", file.Content.Headers.ContentType!.ToString());
        using var authority = X509CertificateLoader.LoadCertificate(await file.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        using var stranger = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetStringAsync(new Uri(server.Uri, "/healthz"), TestContext.Current.CancellationToken));
        using var trusting = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck,
                    VerificationTime = server.Time.GetUtcNow().UtcDateTime,
                },
            },
        });
        foreach (var host in new[] { "127.0.0.1", "localhost" })
        {
            using var answer = await trusting.GetAsync(new Uri($"https://{host}:{server.Uri.Port}/healthz"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Strict-Transport-Security")); // Not with an authority of our own.
        }
    }

    [Fact]
    public void The_authority_is_made_once_and_the_certificate_again_only_when_it_must()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-ca-").FullName;
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        IPAddress[] home = [IPAddress.Loopback, IPAddress.Parse("192.168.1.20")];
        IPAddress[] away = [IPAddress.Loopback, IPAddress.Parse("10.0.0.7")];
        var authority = LocalAuthority.Open(folder, time);
        using var first = authority.IssueFor(["localhost"], home);
        Assert.Equal(authority.Certificate, LocalAuthority.Open(folder, time).Certificate);
        using var same = LocalAuthority.Open(folder, time).IssueFor(["localhost"], home);
        Assert.Equal(first.Thumbprint, same.Thumbprint);
        using var moved = authority.IssueFor(["localhost"], away);
        Assert.NotEqual(first.Thumbprint, moved.Thumbprint);
        time.Advance(TimeSpan.FromDays(360));
        using var kept = authority.IssueFor(["localhost"], away);
        Assert.Equal(moved.Thumbprint, kept.Thumbprint);
        time.Advance(TimeSpan.FromDays(10));
        using var renewed = authority.IssueFor(["localhost"], away);
        Assert.NotEqual(moved.Thumbprint, renewed.Thumbprint);
        Assert.True(renewed.NotAfter - renewed.NotBefore <= TimeSpan.FromDays(398));
        Assert.True(renewed.HasPrivateKey);

        using var root = X509CertificateLoader.LoadCertificate(authority.Certificate);
        var constraints = root.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0, Critical: true });
        if (!OperatingSystem.IsWindows())
        {
            foreach (var key in Directory.GetFiles(Path.Combine(folder, "certificates"), "*.key.pem"))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        }

        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task A_given_certificate_is_served_and_demands_https_from_then_on()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-cert-").FullName;
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var authority = LocalAuthority.Open(folder, time);
        using var issued = authority.IssueFor(["localhost"], [IPAddress.Loopback]);
        var (certificate, key) = (Path.Combine(folder, "certificates", "server.crt.pem"), Path.Combine(folder, "certificates", "server.key.pem"));
        await using var server = await TestServer.StartAsync(o => o with { Certificate = certificate, CertificateKey = key });
        using var root = X509CertificateLoader.LoadCertificate(authority.Certificate);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck },
            },
        });
        using var answer = await client.GetAsync(new Uri(server.Uri, "/healthz"), TestContext.Current.CancellationToken);
        Assert.Equal("max-age=31536000", string.Join("", answer.Headers.GetValues("Strict-Transport-Security")));
        Assert.Null(server.Host.Authority);
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task A_renewed_certificate_serves_new_connections_and_the_old_ones_go_on()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-cert-").FullName;
        var (certificate, key) = (Path.Combine(folder, "site.crt"), Path.Combine(folder, "site.key"));
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        X509Certificate2 Issue(string from)
        {
            var data = Directory.CreateDirectory(Path.Combine(folder, from)).FullName;
            var issued = LocalAuthority.Open(data, time).IssueFor(["localhost"], [IPAddress.Loopback]);
            // As a renewal does it: one file after the other, the key last.
            File.Copy(Path.Combine(data, "certificates", "server.crt.pem"), certificate, true);
            return issued;
        }

        void PutKey(string from) => File.Copy(Path.Combine(folder, from, "certificates", "server.key.pem"), key, true);
        using var first = Issue("first");
        PutKey("first");
        await using var server = await TestServer.StartAsync(o => o with { Certificate = certificate, CertificateKey = key });
        Assert.Equal(first.Thumbprint, await ShownAsync(server.Uri));
        await using var old = await TestClient.ConnectAsync(server.Uri, configure: o => o.RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == first.Thumbprint);
        await old.HelloAsync();
        using var second = Issue("second");
        server.Host.Certificate!.Refresh(); // As SIGHUP and every minute.
        Assert.Equal(first.Thumbprint, await ShownAsync(server.Uri)); // The key is not its own yet.
        PutKey("second");
        server.Host.Certificate!.Refresh();
        Assert.Equal(second.Thumbprint, await ShownAsync(server.Uri));
        Assert.Equal(Wire.V1.ServerFrame.KindOneofCase.Pong, (await old.AskAsync(new Wire.V1.ClientFrame { Ping = new Wire.V1.Ping() })).KindCase);
        Directory.Delete(folder, true);
    }

    private static async Task<string> ShownAsync(Uri server)
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        var seen = "";
        await using var tls = new SslStream(tcp.GetStream(), false, (_, shown, _, _) => (seen = shown!.GetCertHashString()).Length > 0);
        await tls.AuthenticateAsClientAsync("localhost");
        return seen;
    }
}
