using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A server that dies while files are left at it or fetched from it.</summary>
public sealed class FileDropOffFaultTests(Theatre theatre) : FileScene(theatre)
{
    private const long Mega = 1 << 20;
    private const int BytesPerSecond = 4_000_000;

    [Fact]
    public async Task When_the_server_is_killed_while_it_is_left_and_while_it_is_fetched_both_go_on_from_what_was_there()
    {
        var server = await OwnServerAsync();
        // A line on which there is a middle.
        var network = Keep(new CuttableProxy(server.Port));
        var (alice, bob) = await MeetAsync(origin: network.Origin);
        await bob.LeaveAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.DirectNow)).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        var (path, hash) = MakeFile("left.dat", 24 * Mega);
        await alice.PickAsync(alice.Words.File.MenuFiles, path);
        await alice.Sheet.GetByRole(AriaRole.Radio, new() { NameRegex = new("^" + alice.Words.File.LeaveThere) }).CheckAsync(new() { Timeout = 60_000 });
        network.Slow(BytesPerSecond);
        var begun = network.BytesToServer;
        await alice.SendPickedAsync();
        await Waiting.UntilAsync("some of it is at the server", () => network.BytesToServer - begun > 6 * Mega, TimeSpan.FromSeconds(120));
        await server.KillAsync();
        await server.StartAgainAsync();
        await Expect(alice.Files("left.dat").GetByText(new System.Text.RegularExpressions.Regex("lie at the server"))).ToBeVisibleAsync(new() { Timeout = 180_000 });
        Assert.True(network.BytesToServer - begun < 40 * Mega, "It began anew.");
        await alice.LeaveAsync();

        var before = network.BytesToBrowser;
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await Waiting.UntilAsync("some of it has come back", () => network.BytesToBrowser - before > 8 * Mega, TimeSpan.FromSeconds(120));
        await server.KillAsync();
        await server.StartAgainAsync();
        await bob.SeesFilesWentAsync("left.dat", Route.DropOff);
        Assert.Equal(("left.dat", hash), await bob.SaveFileAsync("left.dat", "left.dat"));
        await Waiting.UntilAsync("it is removed from the server", () => server.BlobsKept == 0, TimeSpan.FromSeconds(120));
    }
}
