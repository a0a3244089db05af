using System.Security.Cryptography;
using System.Text.Json;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A browser and a node that it reaches over HTTPS: bytes go there, everything else by the path as before.</summary>
public sealed class NodeHttpsTests(Theatre theatre) : FileScene(theatre)
{
    private const long Size = 40L << 20;

    // So long that a connection can be ended in the middle.
    private const long Long = 300L << 20;

    [Fact]
    public async Task Files_go_both_ways_by_https_where_a_browser_accepts_the_certificate()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var (sent, received) = await ExchangeAsync(trusting, byHttps: true);
        Assert.True(received > Size / 2, $"Of what the browser sent {received} bytes went by HTTPS.");
        Assert.True(sent > Size / 2, $"Of what the node sent {sent} bytes went by HTTPS.");
    }

    [Fact]
    public async Task Files_go_by_the_data_channel_where_it_does_not()
    {
        var (sent, received) = await ExchangeAsync(Stage.Browser, byHttps: false);
        Assert.True(sent + received < Size / 2);
    }

    [Fact]
    public async Task A_file_to_a_browser_goes_on_by_the_data_channel_when_https_breaks_in_the_middle()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var (alice, bob, door) = await MeetAsync(trusting, byHttps: true);
        var (path, hash) = MakeFile("broken.dat", Long);
        await bob.DoAsync("send", "Alice", path, "--wait", "offered", "--timeout", "90");
        await alice.GetFilesAsync("broken.dat");
        await door.BreakAsync(Long / 8);
        await alice.SeesFilesWentAsync("broken.dat", Route.Direct);
        Assert.Equal(("broken.dat", hash), await alice.SaveFileAsync("broken.dat", "broken.dat"));
        await SeesBothAsync(alice, bob, "broken.dat", Long);
    }

    [Fact]
    public async Task A_file_from_a_browser_goes_on_by_the_data_channel_when_https_breaks_in_the_middle()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var (alice, bob, door) = await MeetAsync(trusting, byHttps: true);
        var (path, hash) = MakeFile("broken.dat", Long);
        await alice.SendFilesAsync(path);
        await bob.SeesAsync("broken.dat", "files");
        var inbox = Path.Combine(Folder(), "inbox");
        var receiving = bob.DoAsync("receive", "Alice", "--to", inbox, "--timeout", "600");
        await door.BreakAsync(Long / 8);
        await receiving;
        Assert.Equal(hash, await HashAsync(Path.Combine(inbox, "broken.dat")));
        await alice.SeesFilesWentAsync("broken.dat", Route.Direct);
        await SeesBothAsync(alice, bob, "broken.dat", Long);
    }

    [Fact]
    public async Task A_certificate_that_a_browser_does_not_accept_any_more_costs_no_file()
    {
        var door = NodeDoor.Make(Folder());
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAsync(playwright, door.KeyHash);
        var (alice, bob, _) = await MeetAsync(trusting, byHttps: true, door);
        Assert.True(await GetAsync("first.dat", Size, () => Task.CompletedTask) > 0);

        // The connections that stand go on; when they end there are no others.
        await door.ReplaceAsync();
        Assert.InRange(await GetAsync("second.dat", Long, () => door.BreakAsync(Long / 8)), 1, Long - 1);
        await alice.ReloadAsync();
        await alice.SeesDirectPathAsync();
        Assert.Equal(0, await GetAsync("third.dat", Size, () => Task.CompletedTask));

        async Task<long> GetAsync(string name, long size, Func<Task> meanwhile)
        {
            var (path, hash) = MakeFile(name, size);
            await bob.DoAsync("send", "Alice", path, "--wait", "offered", "--timeout", "90");
            await alice.GetFilesAsync(name);
            await meanwhile();
            await alice.SeesFilesWentAsync(name, Route.Direct);
            Assert.Equal((name, hash), await alice.SaveFileAsync(name, name));
            var (bytes, https) = await ShareAsync(bob, name);
            Assert.Equal(size, bytes);
            return https;
        }
    }

    private async Task<(Person Alice, NodePerson Bob, NodeDoor Door)> MeetAsync(IBrowser browser, bool byHttps, NodeDoor? made = null)
    {
        var door = made ?? NodeDoor.Make(Folder());
        var alice = await SettleAsync("Alice", browser: browser);
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin, up: door.Up));
        await bob.DoAsync("accept", await alice.InviteAsync());
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.DoAsync("say", "Alice", "Hello", "--wait", "delivered", "--timeout", "90");
        await alice.SeesDirectPathAsync();
        if (byHttps)
            await Waiting.UntilAsync("files would go by HTTPS", async () => await GoByHttpsAsync(bob), Waiting.Patience);
        return (alice, bob, door);
    }

    private async Task<(long Sent, long Received)> ExchangeAsync(IBrowser browser, bool byHttps)
    {
        var (alice, bob, door) = await MeetAsync(browser, byHttps);
        var (path, hash) = MakeFile("from the browser.dat", Size);
        await alice.SendFilesAsync(path);
        var inbox = Path.Combine(Folder(), "inbox");
        await bob.SeesAsync("from the browser.dat", "files");
        await bob.DoAsync("receive", "Alice", "--to", inbox, "--timeout", "600");
        Assert.Equal(hash, await HashAsync(Path.Combine(inbox, "from the browser.dat")));
        await alice.SeesFilesWentAsync("from the browser.dat", Route.Direct);
        var (_, received) = await door.CountAsync();
        Assert.Equal(byHttps, await GoByHttpsAsync(bob));
        await SeesHowAsync(alice, bob, "from the browser.dat", byHttps);

        (path, hash) = MakeFile("from the terminal.dat", Size);
        await bob.DoAsync("send", "Alice", path, "--wait", "offered", "--timeout", "90");
        await alice.GetFilesAsync("from the terminal.dat");
        await alice.SeesFilesWentAsync("from the terminal.dat", Route.Direct);
        Assert.Equal(("from the terminal.dat", hash), await alice.SaveFileAsync("from the terminal.dat", "from the terminal.dat"));
        var (sent, _) = await door.CountAsync();
        await SeesHowAsync(alice, bob, "from the terminal.dat", byHttps);
        return (sent, received);
    }

    private static async Task<bool> GoByHttpsAsync(NodePerson bob)
    {
        using var way = JsonDocument.Parse(await bob.DoAsync("--json", "route", "Alice"));
        return way.RootElement.GetProperty("filesByHttps").GetBoolean();
    }

    // The recipient counted, and told the sender: both show the same.
    private static async Task SeesHowAsync(Person alice, NodePerson bob, string name, bool byHttps)
    {
        await alice.OpenFileDetailsAsync(name);
        await Expect(alice.Page.GetByText(alice.Words.File.ByHttps, new() { Exact = true })).ToHaveCountAsync(byHttps ? 1 : 0);
        await alice.Page.GoBackAsync();
        var (bytes, https) = await ShareAsync(bob, name);
        Assert.Equal(Size, bytes);
        Assert.Equal(byHttps, https > Size / 2);
    }

    private static async Task SeesBothAsync(Person alice, NodePerson bob, string name, long size)
    {
        var (bytes, https) = await ShareAsync(bob, name);
        Assert.Equal(size, bytes);
        Assert.InRange(https, 1, size - 1);
        await alice.OpenFileDetailsAsync(name);
        await Expect(alice.Page.GetByText(alice.Words.File.ByHttps, new() { Exact = true })).ToHaveCountAsync(1);
        await Expect(alice.Page.Locator(".counts li")).ToHaveCountAsync(2);
    }

    /// <summary>What a terminal tells of the one way that files went.</summary>
    private static async Task<(long Bytes, long Https)> ShareAsync(NodePerson bob, string name)
    {
        var told = default((long, long)?);
        await Waiting.UntilAsync("the terminal tells how " + name + " went", async () =>
        {
            using var offers = JsonDocument.Parse(await bob.DoAsync("--json", "files"));
            var files = offers.RootElement.EnumerateArray().Select(one => one.GetProperty("message").GetProperty("files")).Single(files => files.GetProperty("files")[0].GetProperty("name").GetString() == name);
            if (files.GetProperty("shares") is not { ValueKind: JsonValueKind.Array } shares)
                return false;
            var share = Assert.Single(shares.EnumerateArray());
            Assert.Equal("direct", share.GetProperty("route").GetString());
            told = (share.GetProperty("bytes").GetInt64(), share.TryGetProperty("https", out var https) && https.ValueKind == JsonValueKind.Number ? https.GetInt64() : 0);
            return true;
        }, Waiting.Patience);
        return told!.Value;
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken));
    }
}
