using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>The local API as other programs see it.</summary>
public sealed class ApiTests
{
    [Fact]
    public async Task On_loopback_nothing_is_answered_without_the_token_and_every_documented_request_is_known_with_it()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        var port = Ports.Free();
        await alice.UpAsync("--api-port", port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/status", TestContext.Current.CancellationToken)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "not the token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/status", TestContext.Current.CancellationToken)).StatusCode);

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", await File.ReadAllTextAsync(Path.Combine(alice.Folder, "api-token"), TestContext.Current.CancellationToken));
        using var document = JsonDocument.Parse(await http.GetStringAsync("/v1/openapi", TestContext.Current.CancellationToken));
        var tried = 0;
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject().Where(method => method.Name is "get" or "post" or "patch" && path.Name != "/v1/events"))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method.Name.ToUpperInvariant()), path.Name.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal));
                if (method.Value.TryGetProperty("requestBody", out _))
                    request.Content = new StringContent("[]", Encoding.UTF8, "application/json");
                using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
                var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.DoesNotContain("unknown-request", body, StringComparison.Ordinal);
                Assert.True((int)answer.StatusCode < 500, $"{method.Name} {path.Name}: {body}");
                tried++;
            }
        }

        Assert.True(tried >= 18);
    }

    [Fact]
    public async Task Every_command_is_in_the_manual_and_shells_complete_it()
    {
        await using var post = await Post.OpenAsync();
        var nobody = post.Nobody("Nobody");
        var manual = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "dapari.1"), TestContext.Current.CancellationToken);
        using var silence = new StringWriter();
        using var input = new StringReader("");
        foreach (var command in CommandTree.Create(new Frame(silence, silence, input, _ => null, TimeProvider.System)).Subcommands)
            Assert.Contains("\n.B " + command.Name.Replace("-", "\\-", StringComparison.Ordinal), manual, StringComparison.Ordinal);
        var (_, suggested, _) = await nobody.RunAsync("[suggest:10]", "dapari con");
        Assert.Contains("contacts", suggested, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\u001b[2Jb", "a\uFFFD[2Jb")]
    [InlineData("a\u202Eb\u200Bc\rd", "a\uFFFDb\uFFFDc\uFFFDd")]
    public void What_others_wrote_moves_no_cursor(string text, string shown) => Assert.Equal(shown, Terminal.Clean(text));
}
