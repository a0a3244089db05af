using Dapari.Peer.Store;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>What goes wrong with a file is said in a plain sentence, and costs no more than it must.</summary>
public sealed class FileTroubleTests(Theatre theatre) : FileScene(theatre)
{
    private const long Mega = 1 << 20;

    // What the browser keeps of files of one's own origin goes, as where it needs the room or the person clears it.
    private const string Evict = """
        async () => {
          const root = await navigator.storage.getDirectory(), names = [];
          for await (const name of root.keys()) names.push(name);
          for (const name of names) await root.removeEntry(name, { recursive: true });
          return names.length;
        }
        """;

    [Fact]
    public async Task A_full_device_says_so_and_goes_on_when_there_is_room()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("large.dat", 64 * Mega);
        await AllowAsync(bob, 32 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("large.dat");
        await Expect(bob.Files("large.dat").GetByText(bob.Words.File.Trouble(TransferTrouble.NoRoom, false, false, "Alice"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
        // Words go on as ever.
        await bob.WriteAsync("no room here");
        await alice.SeesAsync("no room here");

        await AllowAsync(bob, null);
        await bob.Files("large.dat").GetByRole(AriaRole.Button, new() { Name = bob.Words.File.Retry, Exact = true }).ClickAsync();
        await bob.SeesFilesWentAsync("large.dat", Route.Direct);
        Assert.Equal(("large.dat", hash), await bob.SaveFileAsync("large.dat", "large.dat"));
    }

    [Fact]
    public async Task A_source_that_changed_is_said_at_both_ends_and_the_other_files_arrive()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (first, _) = MakeFile("first.dat", 48 * Mega);
        var (second, _) = MakeFile("second.dat", Mega);
        // Without room for a copy they are sent from where they lie.
        await AllowAsync(alice, 24 * Mega);
        await alice.SendFilesAsync(first, second);
        await bob.SeesFilesAsync("first.dat");
        await File.WriteAllBytesAsync(first, new byte[40 * Mega], TestContext.Current.CancellationToken);
        await bob.GetFilesAsync("first.dat");
        await Expect(bob.Files("first.dat").GetByText(bob.Words.File.LostOne)).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await Expect(alice.Files("first.dat").GetByText(alice.Words.File.LostOne)).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(bob.Files("second.dat").GetByRole(AriaRole.Button, new() { Name = bob.Words.File.Save("second.dat"), Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task What_the_browser_threw_away_in_the_middle_is_fetched_anew()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("long.dat", 96 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("long.dat");
        await bob.SeesProgressAsync("long.dat", 5);
        await bob.LeaveAsync();
        var elsewhere = await bob.Context.NewPageAsync();
        await elsewhere.GotoAsync(bob.Origin + "/icons/icon.svg");
        Assert.True(await elsewhere.EvaluateAsync<int>(Evict) > 0, "Nothing was kept.");
        await elsewhere.CloseAsync();

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesFilesWentAsync("long.dat", Route.Direct);
        Assert.Equal(("long.dat", hash), await bob.SaveFileAsync("long.dat", "long.dat"));
    }

    [Fact]
    public async Task A_sender_that_hangs_is_said_and_waited_for()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("long.dat", 256 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("long.dat");
        await bob.SeesProgressAsync("long.dat", 1);
        // Its page does nothing any more; the browser beneath would keep the path, which the other end gives up for its silence.
        var debugger = await alice.Page.Context.NewCDPSessionAsync(alice.Page);
        await debugger.SendAsync("Debugger.enable");
        await debugger.SendAsync("Debugger.pause");
        await Expect(bob.Files("long.dat").GetByText(bob.Words.File.Trouble(TransferTrouble.NoWay, false, false, "Alice"))).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await debugger.SendAsync("Debugger.disable");
        await bob.SeesFilesWentAsync("long.dat", Route.Direct);
        Assert.Equal(("long.dat", hash), await bob.SaveFileAsync("long.dat", "long.dat"));
    }

    // How much the browser lets the origin keep besides what it keeps now; null: as much as ever. It holds as long as the session does, which is the page's.
    private static async Task AllowAsync(Person person, long? more)
    {
        var browser = await person.Page.Context.NewCDPSessionAsync(person.Page);
        Dictionary<string, object> arguments = new() { ["origin"] = person.Origin };
        if (more is { } bytes)
            arguments["quotaSize"] = bytes + await person.Page.EvaluateAsync<double>("async () => (await navigator.storage.estimate()).usage");
        await browser.SendAsync("Storage.overrideQuotaForOrigin", arguments);
    }
}
