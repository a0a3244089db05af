using Dapari.Wire.V1;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>A browser and the native peer, straight: WebRTC on one side is Chromium's, on the other ours. Who offers is drawn by chance.</summary>
public sealed class NodeDirectTests(Theatre theatre) : FileScene(theatre)
{
    private const long Size = 64L << 20;
    private const long Gibibyte = 1L << 30;

    [Fact]
    public async Task Messages_and_files_go_straight_between_a_browser_and_a_terminal()
    {
        var (alice, bob) = await TogetherAsync();
        await alice.WriteAsync("Straight to you");
        await bob.SeesAsync("Alice: Straight to you", "read", "Alice");
        await bob.SeesAsync("direct", "read", "Alice");
        await bob.DoAsync("say", "Alice", "And back", "--wait", "delivered", "--timeout", "90");
        await alice.SeesAsync("And back");
        await alice.SeesWayAsync("And back", Route.Direct);
        await ExchangeAsync(alice, bob, Size);
    }

    [Fact(Explicit = true)]
    public async Task A_gibibyte_goes_straight_each_way()
    {
        var (alice, bob) = await TogetherAsync();
        await ExchangeAsync(alice, bob, Gibibyte);
    }

    private async Task<(Person Alice, NodePerson Bob)> TogetherAsync()
    {
        var alice = await SettleAsync("Alice");
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin));
        await bob.DoAsync("accept", await alice.InviteAsync());
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.DoAsync("say", "Alice", "Hello", "--wait", "delivered", "--timeout", "90");
        await alice.SeesDirectPathAsync();
        return (alice, bob);
    }

    private async Task ExchangeAsync(Person alice, NodePerson bob, long size)
    {
        var (path, hash) = MakeFile("from the browser.dat", size);
        await alice.SendFilesAsync(path);
        var inbox = Path.Combine(Folder(), "inbox");
        await bob.SeesAsync("from the browser.dat", "files");
        await bob.DoAsync("receive", "Alice", "--to", inbox, "--timeout", "600");
        Assert.Equal(hash, await HashAsync(Path.Combine(inbox, "from the browser.dat")));
        await alice.SeesFilesWentAsync("from the browser.dat", Route.Direct);

        (path, hash) = MakeFile("from the terminal.dat", size);
        await bob.DoAsync("send", "Alice", path, "--wait", "offered", "--timeout", "90");
        await alice.GetFilesAsync("from the terminal.dat");
        await alice.SeesFilesWentAsync("from the terminal.dat", Route.Direct);
        Assert.Equal(("from the terminal.dat", hash), await alice.SaveFileAsync("from the terminal.dat", "from the terminal.dat"));
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(file, TestContext.Current.CancellationToken));
    }
}
