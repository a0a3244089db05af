using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Dapari.Server.Options;
using Dapari.Server.Web;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class WebTests : IDisposable
{
    private const string ImportMap = """{"imports":{"./_framework/dotnet.js":"./_framework/dotnet.abcdefghij.js"}}""";
    private readonly string _web = Directory.CreateTempSubdirectory("dapari-web-").FullName;

    public WebTests()
    {
        Write("index.html", $"<!doctype html><html><head><script type=\"importmap\">{ImportMap}</script><script src=\"app.js\"></script></head></html>");
        Write("app.js", "export {}");
        Write("js/boot.js", "boot");
        Write("js/abcdefghij.js", "looks like a hash");
        Write("css/some.abcdefghij.css", "not from the build");
        Write("service-worker.js", "self");
        Write("manifest.webmanifest", "{}");
        Write("_framework/dotnet.abcdefghij.js", "plain");
        Write("_framework/dotnet.abcdefghij.js.br", "brotli");
        Write("_framework/dotnet.abcdefghij.js.gz", "gzip");
        Write("_framework/blazor.webassembly.js", "loader");
        Write("_framework/System.0123456789.wasm", "wasm");
        Write("_framework/abcdefghij.js", "looks like a hash");
    }

    public void Dispose() => Directory.Delete(_web, true);

    [Fact]
    public async Task The_page_is_served_for_every_place_in_the_app_with_a_strict_policy()
    {
        await using var server = await StartAsync();
        foreach (var place in new[] { "/", "/index.html", "/i", "/chat/some-contact" })
        {
            using var answer = await GetAsync(server, place);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Assert.Equal("no-cache", answer.Headers.CacheControl!.ToString());
            var policy = Header(answer, "Content-Security-Policy");
            var hash = Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(ImportMap)));
            Assert.Contains($"script-src 'self' 'wasm-unsafe-eval' 'sha256-{hash}';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
            Assert.Contains("connect-src 'self' https://other.example wss://other.example;", policy, StringComparison.Ordinal);
            Assert.Contains("img-src 'self' data: blob:; media-src 'self' blob:;", policy, StringComparison.Ordinal);
            Assert.Contains("worker-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'; base-uri 'self'; form-action 'none'; object-src 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
            Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
            Assert.Equal("same-origin", Header(answer, "Cross-Origin-Opener-Policy"));
            Assert.Contains("camera=(self), microphone=(self)", Header(answer, "Permissions-Policy"), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("/_framework/dotnet.abcdefghij.js", "public, max-age=31536000, immutable", "text/javascript; charset=utf-8")]
    [InlineData("/_framework/System.0123456789.wasm", "public, max-age=31536000, immutable", "application/wasm")]
    [InlineData("/_framework/blazor.webassembly.js", "no-cache", "text/javascript; charset=utf-8")]
    [InlineData("/_framework/abcdefghij.js", "no-cache", "text/javascript; charset=utf-8")]
    [InlineData("/js/boot.js", "no-cache", "text/javascript; charset=utf-8")]
    [InlineData("/js/abcdefghij.js", "no-cache", "text/javascript; charset=utf-8")]
    [InlineData("/css/some.abcdefghij.css", "no-cache", "text/css; charset=utf-8")]
    [InlineData("/service-worker.js", "no-cache", "text/javascript; charset=utf-8")]
    [InlineData("/manifest.webmanifest", "no-cache", "application/manifest+json")]
    public async Task Fingerprinted_files_are_kept_for_ever_and_the_others_asked_for_again(string path, string caching, string type)
    {
        await using var server = await StartAsync();
        using var answer = await GetAsync(server, path);
        Assert.Equal(caching.Replace(" ", "", StringComparison.Ordinal), Header(answer, "Cache-Control").Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(type, answer.Content.Headers.ContentType!.ToString());
        using var again = await GetAsync(server, path, ("If-None-Match", answer.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task A_file_that_a_newer_version_changed_is_sent_anew_under_its_old_name()
    {
        string etag;
        await using (var server = await StartAsync())
        {
            using var answer = await GetAsync(server, "/js/boot.js");
            etag = answer.Headers.ETag!.ToString();
            Assert.False(answer.Headers.ETag.IsWeak);
        }

        Write("js/boot.js", "newer");
        await using var newer = await StartAsync();
        using var changed = await GetAsync(newer, "/js/boot.js", ("If-None-Match", etag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal("newer", await changed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.NotEqual(etag, changed.Headers.ETag!.ToString());
    }

    [Theory]
    [InlineData("br, gzip", "br", "brotli")]
    [InlineData("gzip", "gzip", "gzip")]
    [InlineData("br;q=0, gzip;q=0.5", "gzip", "gzip")]
    [InlineData("zstd", null, "plain")]
    [InlineData("gzip;q=0", null, "plain")]
    public async Task The_compressed_form_is_sent_that_the_browser_takes(string accepts, string? encoding, string text)
    {
        await using var server = await StartAsync();
        using var answer = await GetAsync(server, "/_framework/dotnet.abcdefghij.js", ("Accept-Encoding", accepts));
        Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal(text, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("Accept-Encoding", answer.Headers.Vary);
    }

    [Theory]
    [InlineData("/nothing.js", HttpStatusCode.NotFound)]
    [InlineData("/_framework/gone", HttpStatusCode.NotFound)]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd.txt", HttpStatusCode.NotFound)]
    [InlineData("/..%2f..%2fdapari.db", HttpStatusCode.NotFound)]
    [InlineData("/ws", HttpStatusCode.UpgradeRequired)]
    [InlineData("/healthz", HttpStatusCode.OK)]
    public async Task Other_paths(string path, HttpStatusCode status)
    {
        await using var server = await StartAsync();
        using var answer = await GetAsync(server, path);
        Assert.Equal(status, answer.StatusCode);
        Assert.True(answer.Headers.Contains("Content-Security-Policy"));
    }

    [Fact]
    public async Task One_worker_alone_may_connect_to_nodes()
    {
        Write("js/files-lane.js", "a lane");
        string[] others = ["/", "/s", "/share.html", "/js/files-https.js", "/js/files-worker.js", "/js/share.js", "/js/files-lane.js.map", "/other/js/files-lane.js"];
        await using var server = await StartAsync();
        using (var answer = await GetAsync(server, "/js/files-lane.js"))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("text/javascript; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Assert.Equal("default-src 'none'; connect-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", Header(answer, "Content-Security-Policy"));
        }

        foreach (var path in others)
        {
            using var answer = await GetAsync(server, path);
            Assert.DoesNotContain("https:;", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Contains("connect-src 'self'", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Scripts_are_found_however_they_are_written()
    {
        Assert.Empty(InlineScripts.Hashes("<script src='a.js'></script><SCRIPT defer src=a.js ></SCRIPT>"));
        Assert.Equal(InlineScripts.Hashes("<script>a\nb</script>"), InlineScripts.Hashes("<SCRIPT type=module>a\r\nb</script >"));
        Assert.Equal(2, InlineScripts.Hashes("<script>1</script><p></p><script>2</script><script>1</script>").Count);
    }

    [Fact]
    public async Task Connections_are_taken_only_under_names_that_are_this_servers()
    {
        await using var server = await StartAsync(o => o with { Hosts = ["chat.example"], PublicUrl = new Uri("https://dapari.example/") });
        foreach (var host in new[] { "localhost", "127.0.0.1:1234", "chat.example", "dapari.example" })
            await (await TestClient.ConnectAsync(server.Uri, host)).DisposeAsync();
        foreach (var host in new[] { "evil.example", "192.0.2.7" })
            await Assert.ThrowsAsync<WebSocketException>(() => TestClient.ConnectAsync(server.Uri, host));
    }

    [Fact]
    public async Task Forwarded_headers_count_from_named_proxies_only()
    {
        var box = new TestMailbox();
        void Forward(ClientWebSocketOptions options)
        {
            options.SetRequestHeader("X-Forwarded-Host", "chat.example");
            options.SetRequestHeader("X-Forwarded-Proto", "https");
            options.SetRequestHeader("X-Forwarded-For", "203.0.113.9");
        }

        async Task<Dapari.Wire.V1.ServerFrame> CreateAs(TestServer server, string host)
        {
            await using var client = await TestClient.ConnectAsync(server.Uri, null, Forward);
            await client.HelloAsync();
            return await client.AskAsync(new Dapari.Wire.V1.ClientFrame
            {
                CreateMailbox = new Dapari.Wire.V1.CreateMailbox
                {
                    MailboxId = box.Id.ToByteString(), OwnerKey = box.Owner.Public, SenderKey = box.Sender.Public,
                    Signature = box.Owner.Sign(Dapari.Wire.ProofMessage.MailboxOwner(host, client.Challenge, box.Id)),
                },
            });
        }

        await using var trusting = await StartAsync(o => o with { Hosts = ["chat.example"], Proxies = [IPNetwork.Parse("127.0.0.0/8")] });
        Assert.Equal(Dapari.Wire.V1.ServerFrame.KindOneofCase.Done, (await CreateAs(trusting, "chat.example")).KindCase);
        await using var other = await StartAsync(o => o with { Hosts = ["chat.example"], Proxies = [IPNetwork.Parse("192.0.2.0/24")] });
        Assert.Equal(Dapari.Wire.V1.Refusal.UnknownMailbox, (await CreateAs(other, "chat.example")).Refused.Refusal);
        Assert.Equal(Dapari.Wire.V1.ServerFrame.KindOneofCase.Done, (await CreateAs(other, other.Uri.Authority)).KindCase);
    }

    private Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? change = null) =>
        TestServer.StartAsync(o => (change ?? (x => x))(o with { Web = _web, OtherServers = [new Uri("https://other.example/")] }));

    private static async Task<HttpResponseMessage> GetAsync(TestServer server, string path, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri.GetLeftPart(UriPartial.Authority) + path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));

    private void Write(string path, string text)
    {
        var full = Path.Combine(_web, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
