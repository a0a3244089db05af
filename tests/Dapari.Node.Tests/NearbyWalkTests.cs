using Xunit;

namespace Dapari.Node.Tests;

/// <summary>Contacts on one network, and no server anywhere: two machines and a switch.</summary>
public sealed class NearbyWalkTests
{
    [Fact]
    public async Task With_no_server_two_nodes_on_one_network_find_each_other_and_talk()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync("10.76.0.1/24", "10.76.0.2/24");
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        var said = await alice.SayAsync("Bob", "Da pari a pari", "delivered");
        Assert.Equal(("direct", "same"), (said.Route!.Route, said.Route.Network));
        Assert.Contains(await bob.ReadAsync("Alice"), message => message.Text == "Da pari a pari");
        Assert.Equal("direct", (await bob.SayAsync("Alice", "E ritorno", "delivered")).Route!.Route);
    }

    [Fact]
    public async Task Who_begins_anew_or_was_unplugged_is_found_again()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await using var lan = await Lan.LayAsync("10.76.0.1/24", "10.76.0.2/24");
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        await alice.SayAsync("Bob", "Uno", "delivered");
        await bob.KillAsync();
        await bob.UpInAsync(lan[2]);
        await alice.SayAsync("Bob", "Due", "delivered");
        await alice.KillAsync();
        await alice.UpInAsync(lan[1]);
        await bob.SayAsync("Alice", "Tre", "delivered");
    }

    [Fact]
    public async Task Who_says_no_is_neither_found_nor_finds()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await AcquaintedAsync(post);
        await alice.DoAsync("nearby", "off");
        Assert.Contains("false", await alice.DoAsync("--json", "nearby"), StringComparison.Ordinal);
        await using var lan = await Lan.LayAsync("10.76.0.1/24", "10.76.0.2/24");
        await alice.UpInAsync(lan[1]);
        await bob.UpInAsync(lan[2]);
        Assert.Equal("queued", (await alice.SayAsync("Bob", "Nobody hears", "queued")).State);
        // That nothing happens is told by nothing: as long as it takes those who do to find each other, from then on.
        await alice.KillAsync();
        await alice.DoAsync("nearby", "on");
        await alice.UpInAsync(lan[1]);
        await alice.SayAsync("Bob", "Now you do", "delivered");
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
