using System.Net;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Apps of other origins: what a browser is told before and with its requests.</summary>
public sealed class BlobSharingTests
{
    [Theory]
    [InlineData("PUT", "authorization,content-type")]
    [InlineData("GET", "authorization,range")]
    [InlineData("DELETE", "authorization")]
    public async Task A_preflight_is_answered_alike_whether_there_is_anything_or_not(string method, string asked)
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(100);
        var answers = new List<string>();
        foreach (var path in new[] { $"/blobs/{drop.Id}", "/blobs/00000000000000000000000000000000", "/blobs/nonsense" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, path);
            request.Headers.Add("Origin", "https://elsewhere.example");
            request.Headers.Add("Access-Control-Request-Method", method);
            request.Headers.Add("Access-Control-Request-Headers", asked);
            using var answer = await user.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Contains(method, Header(answer, "Access-Control-Allow-Methods").Split(", "));
            Assert.Empty(asked.Split(',').Except(Header(answer, "Access-Control-Allow-Headers").Split(", ")));
            Assert.Equal("86400", Header(answer, "Access-Control-Max-Age"));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
            answer.Headers.Date = null;
            answers.Add(answer.Headers.ToString());
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task Every_answer_may_be_read_by_other_origins_with_what_resuming_needs()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(100);
        using var good = await user.GetAsync(drop, "bytes=0-9");
        using var wrong = await user.GetAsync(drop, token: BlobUser.Token());
        using var kept = await user.PutAsync(drop, 0, 100);
        Assert.Equal([HttpStatusCode.PartialContent, HttpStatusCode.NotFound, HttpStatusCode.Conflict], new[] { good.StatusCode, wrong.StatusCode, kept.StatusCode });
        foreach (var answer in new[] { good, wrong, kept })
        {
            Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal("cross-origin", Header(answer, "Cross-Origin-Resource-Policy"));
            Assert.Empty(new[] { "Upload-Offset", "Upload-Length", "Content-Range", "ETag" }.Except(Header(answer, "Access-Control-Expose-Headers").Split(", ")));
        }
    }

    [Fact]
    public async Task Nothing_else_of_the_server_is_shared()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Uri };
        foreach (var path in new[] { "/healthz", "/", "/blobs" })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            Assert.Equal("same-origin", Header(answer, "Cross-Origin-Resource-Policy"));
        }
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
