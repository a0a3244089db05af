using Dapari.Node.Commands;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>From an invite to a message that was read, by real commands, daemons and a real server.</summary>
public sealed class WalkTests
{
    [Fact]
    public async Task What_is_said_is_delivered_read_and_shown_with_the_way_it_went()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        var said = await bob.SayAsync("Alice", "The first word", "delivered");
        Assert.Contains(said.Route!.Route, (string[])["mailbox", "direct"]);
        var read = Assert.Single(await alice.ReadAsync("Bob"), message => message.Kind == "text");
        Assert.Equal(("The first word", "received", said.Route.Route, said.Route.Reason), (read.Text, read.State, read.Route!.Route, read.Route.Reason));
        await Waiting.UntilAsync("it is read", async () => (await bob.ReadAsync("Alice")).Single(message => message.Kind == "text").State == "read");
    }

    [Fact]
    public async Task Two_nodes_find_a_direct_path_and_both_ends_agree_on_it()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        await alice.DoAsync("route", "Bob", "--timeout", "90");
        await Waiting.UntilAsync("the path is open here", async () => (await alice.ContactAsync("Bob"))!.Path.State == "open");
        await Waiting.UntilAsync("the path is open there", async () => (await bob.ContactAsync("Alice"))!.Path.State == "open");
        var said = await alice.SayAsync("Bob", "Straight to you", "delivered");
        Assert.Equal(("direct", "direct-path-open"), (said.Route!.Route, said.Route.Reason));
        var came = (await bob.ReadAsync("Alice")).Single(message => message.Kind == "text");
        Assert.Equal(said.Route with { Network = null, RoundTripMs = null }, came.Route! with { Network = null, RoundTripMs = null });
    }

    [Fact]
    public async Task Without_direct_paths_everything_goes_by_the_server()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = (await post.BornAsync("Alice"), await post.BornAsync("Bob"));
        await alice.UpAsync("--no-direct");
        await bob.UpAsync();
        await Post.MeetAsync(alice, bob);
        Assert.Equal("mailbox", (await bob.SayAsync("Alice", "One", "delivered")).Route!.Route);
        Assert.Equal("mailbox", (await alice.SayAsync("Bob", "Two", "delivered")).Route!.Route);
    }

    [Fact]
    public async Task Where_newcomers_need_a_code_those_who_have_one_meet_and_talk()
    {
        await using var post = await Post.OpenAsync(Registration.Invited);
        var code = post.NewCode(2);
        var (alice, bob) = (await post.BornAsync("Alice", "--code", code), await post.BornAsync("Bob", "--code", code));
        await alice.UpAsync("--no-direct");
        await bob.UpAsync();
        await Post.MeetAsync(alice, bob);
        Assert.Equal("mailbox", (await bob.SayAsync("Alice", "Let in", "delivered")).Route!.Route);
        Assert.Equal(0, post.CodesLeft);
    }

    [Fact]
    public async Task Who_shows_no_number_is_not_verified_and_both_see_the_same_one()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        var mine = await alice.DoAsync("verify", "Bob");
        var theirs = await bob.DoAsync("verify", "Alice");
        Assert.Equal(mine.Split('\n')[..3], theirs.Split('\n')[..3]);
        await alice.DoAsync("verify", "Bob", "--yes");
        Assert.True((await alice.ContactAsync("Bob"))!.Verified);
        Assert.False((await bob.ContactAsync("Alice"))!.Verified);
    }

    [Fact]
    public async Task Without_a_daemon_each_command_is_a_peer_for_a_moment()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = (await post.BornAsync("Alice"), await post.BornAsync("Bob"));
        await Post.MeetAsync(alice, bob);
        await bob.SayAsync("Alice", "Without anything running", "on-server");
        await Waiting.UntilAsync("it arrives", async () => (await alice.ReadAsync("Bob")).Any(message => message.Text == "Without anything running"));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_with_a_reason_and_a_number()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        Assert.Equal(ExitCode.Refused, (await alice.RunAsync("say", "Nobody", "hello")).Code);
        Assert.Contains("no invite link", (await alice.RunAsync("accept", "https://example.org/")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, (await alice.RunAsync("init", "Alice", "--server", post.Origin)).Code);
        Assert.Contains("\"error\":\"unknown-contact\"", (await alice.RunAsync("--json", "verify", "Nobody")).Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await alice.RunAsync("policy", "whatever")).Code);
    }
}
