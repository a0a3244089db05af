using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Whatever goes away in the middle, files arrive bit for bit, from what was there.</summary>
public sealed class FileFaultTests(Theatre theatre) : FileScene(theatre)
{
    private const long Mega = 1 << 20;

    [Fact]
    public Task A_sender_that_is_loaded_anew_in_the_middle_goes_on() => GoesOnAsync(sender: true);

    [Fact]
    public Task A_recipient_that_is_loaded_anew_in_the_middle_goes_on() => GoesOnAsync(sender: false);

    private async Task GoesOnAsync(bool sender)
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("long.dat", 128 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("long.dat");
        await bob.SeesProgressAsync("long.dat", 5);
        await (sender ? alice : bob).ReloadAsync();
        await bob.SeesFilesWentAsync("long.dat", Route.Direct);
        await alice.SeesFilesWentAsync("long.dat", Route.Direct);
        Assert.Equal(("long.dat", hash), await bob.SaveFileAsync("long.dat", "long.dat"));
    }

    [Fact]
    public async Task When_the_server_is_killed_in_the_middle_what_goes_straight_goes_on()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("long.dat", 128 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("long.dat");
        await bob.SeesProgressAsync("long.dat", 3);
        await server.KillAsync();
        await bob.SeesFilesWentAsync("long.dat", Route.Direct);
        await alice.SeesFilesWentAsync("long.dat", Route.Direct);
        Assert.Equal(("long.dat", hash), await bob.SaveFileAsync("long.dat", "long.dat"));
    }

    [Fact]
    public async Task What_is_left_for_who_is_away_is_fetched_and_removed_from_the_server()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await bob.LeaveAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.DirectNow)).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        var (path, hash) = MakeFile("left.dat", 8 * Mega);
        await alice.PickAsync(alice.Words.File.MenuFiles, path);
        await alice.Sheet.GetByRole(AriaRole.Radio, new() { NameRegex = new("^" + alice.Words.File.LeaveThere) }).CheckAsync(new() { Timeout = 60_000 });
        await alice.SendPickedAsync();
        await Expect(alice.Files("left.dat").GetByText(new System.Text.RegularExpressions.Regex("lie at the server"))).ToBeVisibleAsync(new() { Timeout = 120_000 });
        Assert.Equal(1, server.BlobsKept);
        await alice.LeaveAsync();

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesFilesWentAsync("left.dat", Route.DropOff);
        Assert.Equal(("left.dat", hash), await bob.SaveFileAsync("left.dat", "left.dat"));
        await Waiting.UntilAsync("it is removed from the server", () => server.BlobsKept == 0, TimeSpan.FromSeconds(120));
        await alice.ReturnAsync();
        await alice.OpenAsync("Bob");
        await alice.SeesFilesWentAsync("left.dat", Route.DropOff);
    }

    [Fact]
    public async Task Who_appears_while_it_is_being_left_gets_the_rest_straight()
    {
        var network = Keep(new CuttableProxy(Stage.Server.Port));
        var (alice, bob) = await MeetAsync(origin: network.Origin);
        await bob.LeaveAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.DirectNow)).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        var (path, hash) = MakeFile("mixed.dat", 24 * Mega);
        await alice.PickAsync(alice.Words.File.MenuFiles, path);
        await alice.Sheet.GetByRole(AriaRole.Radio, new() { NameRegex = new("^" + alice.Words.File.LeaveThere) }).CheckAsync(new() { Timeout = 60_000 });
        network.Slow(100_000);
        var before = network.BytesToServer;
        await alice.SendPickedAsync();
        await Waiting.UntilAsync("some of it is on its way to the server", () => network.BytesToServer - before > Mega, TimeSpan.FromSeconds(120));

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesFilesWentAsync("mixed.dat", Route.Direct);
        await alice.SeesFilesWentAsync("mixed.dat", Route.Direct);
        Assert.Equal(("mixed.dat", hash), await bob.SaveFileAsync("mixed.dat", "mixed.dat"));
        Assert.True(network.BytesToServer - before < 20 * Mega, "It went on to the server.");
    }
}
