using Dapari.Node.Api.Bodies;
using Dapari.Node.Tests.Files;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>Contacts on one network, and no server anywhere: two machines and a switch.</summary>
public sealed class NearbyWalkTests
{
    [Theory]
    [InlineData("10.76.0.1/24", "10.76.0.2/24")]
    [InlineData("fd76::1/64", "fd76::2/64")]
    [InlineData("169.254.76.1/16", "169.254.76.2/16")]
    public async Task With_no_server_two_nodes_on_one_network_find_each_other_and_talk(string one, string other)
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync(one, other);
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        var said = await alice.SayAsync("Bob", "Da pari a pari", "delivered");
        Assert.Equal(("direct", "same"), (said.Route!.Route, said.Route.Network));
        Assert.Contains(await bob.ReadAsync("Alice"), message => message.Text == "Da pari a pari");
        Assert.Equal("direct", (await bob.SayAsync("Alice", "E ritorno", "delivered")).Route!.Route);
    }

    [Fact]
    public async Task Who_begins_anew_or_is_plugged_in_later_is_found()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync("10.76.0.1/24");
        await lan.PlugAsync(2, isIn: false);
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        await lan.PlugAsync(2, isIn: true);
        await lan.AddressAsync(2, "10.76.0.2/24");
        await alice.SayAsync("Bob", "Uno", "delivered");
        await bob.KillAsync();
        await bob.UpInAsync(lan[2]);
        await alice.SayAsync("Bob", "Due", "delivered");
        await alice.KillAsync();
        await alice.UpInAsync(lan[1]);
        await bob.SayAsync("Alice", "Tre", "delivered");
    }

    [Fact]
    public async Task With_no_server_files_go_by_the_same_way()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync("10.76.0.1/24", "10.76.0.2/24");
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        using var files = new FileRoom();
        var path = files.Make("photos.tar", 16 * 1024 * 1024);
        await alice.DoAsync("send", "Bob", path, "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "90");
        await Waiting.UntilAsync("its sender knows", async () => (await alice.FilesAsync())[0].Message.Files!.Outcome is not null);
        var sent = (await alice.FilesAsync())[0].Message.Files!;
        Assert.Equal("arrived", sent.Outcome);
        Assert.Equal(new ShareBody("direct", 16 * 1024 * 1024), Assert.Single(sent.Shares!));
        FileRoom.AssertSame(path, Path.Combine(files.Inbox, "photos.tar"));
    }

    [Fact]
    public async Task Who_says_no_joins_no_group()
    {
        await using var post = await Post.OpenAsync();
        var (alice, _) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync("10.76.0.1/24", "10.76.0.2/24");
        await alice.DoAsync("nearby", "off");
        Assert.Contains("false", await alice.DoAsync("--json", "nearby"), StringComparison.Ordinal);
        await alice.UpInAsync(lan[1]);
        Assert.DoesNotContain("224.0.0.251", await lan.GroupsAsync(1), StringComparison.Ordinal);
        await alice.KillAsync();
        await alice.DoAsync("nearby", "on");
        await alice.UpInAsync(lan[1], "--no-nearby");
        Assert.DoesNotContain("224.0.0.251", await lan.GroupsAsync(1), StringComparison.Ordinal);
        await alice.KillAsync();
        await alice.UpInAsync(lan[1]);
        Assert.Contains("224.0.0.251", await lan.GroupsAsync(1), StringComparison.Ordinal);
    }

    /// <summary>Two contacts who have talked; then their daemons end, and the server for good.</summary>
    private static async Task<(Person Alice, Person Bob)> AcquaintedAsync(Post post)
    {
        var (alice, bob) = await post.ContactsAsync();
        await alice.SayAsync("Bob", "ciao", "delivered");
        await bob.SayAsync("Alice", "ciao!", "delivered");
        await alice.KillAsync();
        await bob.KillAsync();
        await post.CloseServerAsync();
        return (alice, bob);
    }
}
