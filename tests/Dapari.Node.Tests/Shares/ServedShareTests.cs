using System.Security.Cryptography;
using System.Text.Json;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Commands;
using Dapari.Node.Shares;
using Xunit;

namespace Dapari.Node.Tests.Shares;

/// <summary>Links that the daemon serves: they outlive the command that made them, and the daemon itself.</summary>
public sealed class ServedShareTests
{
    [Fact]
    public async Task A_link_outlives_its_command_and_a_killed_daemon_and_ends_when_it_is_used_up()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = (await post.BornAsync("Alice"), post.Nobody("Bob"));
        await alice.UpForAnybodyAsync();
        var (file, hash) = Make(alice, "A strange näme.bin", 3_000_001);
        var made = Report(await alice.DoAsync("--json", "send", "--link", file, "--times", "2"));
        Assert.StartsWith(post.Origin + "/s#", made.Link, StringComparison.Ordinal);
        Assert.Equal(hash, await TakeAsync(bob, made.Link, 1));

        await alice.KillAsync();
        await alice.UpForAnybodyAsync();
        Assert.Equal(hash, await TakeAsync(bob, made.Link, 2));
        await Waiting.UntilAsync("the link is over", async () => (await alice.DoAsync("shares")).Length == 0);
        var (code, _, errors) = await bob.RunAsync("receive", made.Link, "--to", To(bob, 3));
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("as often as it may be", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_is_stopped_by_the_beginning_of_its_id()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = (await post.BornAsync("Alice"), post.Nobody("Bob"));
        await alice.UpForAnybodyAsync();
        var (file, _) = Make(alice, "one.bin", 10);
        var made = Report(await alice.DoAsync("--json", "send", "--link", file));
        var kept = Assert.Single(await SharesAsync(alice));
        Assert.Equal((made.Id, made.Link, 1, 0, true), (kept.Id, kept.Link, kept.Times, kept.Used, kept.Served));
        Assert.Equal([file], kept.Paths);
        Assert.Contains(made.Link, await alice.DoAsync("shares"), StringComparison.Ordinal);

        await alice.DoAsync("shares", "stop", made.Id[..8]);
        Assert.Empty(await SharesAsync(alice));
        var (code, _, errors) = await bob.RunAsync("receive", made.Link, "--to", To(bob, 1));
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("ended this link", errors, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, (await alice.RunAsync("shares", "stop", made.Id[..8])).Code);
    }

    [Fact]
    public async Task What_cannot_be_served_is_refused_with_its_reason()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        await alice.UpForAnybodyAsync();
        var (file, _) = Make(alice, "one.bin", 10);
        Assert.Equal("unreadable", await RefusedAsync(alice, new NewLinkShareBody([file + ".gone"])));
        Assert.Equal("bad-files", await RefusedAsync(alice, new NewLinkShareBody([])));
        Assert.Equal("bad-files", await RefusedAsync(alice, new NewLinkShareBody(["one.bin"])));
        Assert.Equal("bad-count", await RefusedAsync(alice, new NewLinkShareBody([file], Times: 0)));
        Assert.Equal("bad-time", await RefusedAsync(alice, new NewLinkShareBody([file], ExpiresInSeconds: 31 * 86_400)));
        Assert.Equal("bad-server", await RefusedAsync(alice, new NewLinkShareBody([file], Server: "nonsense")));
        Assert.Equal("bad-link", await RefusedAsync(alice, new NewLinkShareBody([], Again: "nonsense")));
        Assert.Equal("unknown-share", await RefusedAsync(alice, new NewLinkShareBody([], Again: post.Origin + "/s#" + new string('A', 22))));
        Assert.Empty(await SharesAsync(alice));

        await alice.KillAsync();
        await alice.UpAsync("--no-direct");
        Assert.Equal("no-direct", await RefusedAsync(alice, new NewLinkShareBody([file])));
    }

    private static (string Path, string Hash) Make(Person person, string name, int size)
    {
        var content = RandomNumberGenerator.GetBytes(size);
        var path = Path.Combine(person.Folder, name);
        File.WriteAllBytes(path, content);
        return (path, Convert.ToHexString(SHA256.HashData(content)));
    }

    private static string To(Person person, int number) => Path.Combine(person.Folder, "came", number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static async Task<string> TakeAsync(Person person, string link, int number)
    {
        var saved = (await person.DoAsync("receive", link, "--to", To(person, number))).Trim();
        return Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(saved, TestContext.Current.CancellationToken)));
    }

    private static ShareReport Report(string text) => JsonSerializer.Deserialize(text, ShareJson.Default.ShareReport)!;

    private static async Task<IReadOnlyList<LinkShareBody>> SharesAsync(Person person)
    {
        await using var client = await DaemonClient.TryConnectAsync(person.Folder, TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize((await client!.SendAsync(ApiRequest.Get("shares"), TestContext.Current.CancellationToken)).Body, ApiJson.Default.IReadOnlyListLinkShareBody)!;
    }

    private static async Task<string> RefusedAsync(Person person, NewLinkShareBody body)
    {
        await using var client = await DaemonClient.TryConnectAsync(person.Folder, TestContext.Current.CancellationToken);
        var answer = await client!.SendAsync(ApiRequest.Of("POST", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.NewLinkShareBody), "shares"), TestContext.Current.CancellationToken);
        Assert.False(answer.IsDone);
        return JsonSerializer.Deserialize(answer.Body, ApiJson.Default.ErrorBody)!.Error;
    }
}
