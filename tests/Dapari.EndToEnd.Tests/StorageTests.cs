using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>The browser's storage is full, or taken by a tab that sleeps.</summary>
public sealed class StorageTests(Theatre theatre) : Scene(theatre)
{
    private const int LittleRoom = 64 << 20;

    // The limit holds as long as the session that set it.
    private readonly Dictionary<Person, ICDPSession> limits = [];

    [Fact]
    public async Task What_is_written_on_a_full_device_is_given_back_and_goes_when_there_is_room()
    {
        var (alice, bob) = await MeetInLittleRoomAsync();
        await alice.WriteAsync("before");
        await bob.SeesAsync("before");
        await FillAsync(alice);

        await alice.Composer.FillAsync("no room for this");
        await alice.Composer.PressAsync("Enter");
        await Expect(alice.Page.GetByText(alice.Words.Trouble.StorageFull)).ToBeVisibleAsync();
        await Expect(alice.Composer).ToHaveValueAsync("no room for this");
        await Expect(alice.Log.GetByText("no room for this")).ToHaveCountAsync(0);

        await LimitAsync(alice, bytes: null);
        await alice.Page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Button, new() { Name = alice.Words.List.Retry }).ClickAsync();
        await alice.Composer.PressAsync("Enter");
        await bob.SeesAsync("no room for this", seconds: 60);
        await Expect(alice.Page.GetByText(alice.Words.Trouble.StorageFull)).ToHaveCountAsync(0);
        await alice.SeesStepAsync("no room for this", Step.Read, seconds: 60);
    }

    [Fact]
    public async Task What_comes_to_a_full_device_waits_at_the_server_and_is_shown_once()
    {
        var (alice, bob) = await MeetInLittleRoomAsync();
        await alice.WriteAsync("before");
        await bob.SeesAsync("before");
        await FillAsync(bob);

        await alice.WriteAsync("to a full device");
        await Expect(bob.Page.GetByText(bob.Words.Trouble.StorageFull)).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await alice.SeesStepAsync("to a full device", Step.OnServer, seconds: 60);
        await Expect(bob.Log.GetByText("to a full device")).ToHaveCountAsync(0);

        await LimitAsync(bob, bytes: null);
        await bob.SeesAsync("to a full device", seconds: 75);
        await alice.SeesStepAsync("to a full device", Step.Read, seconds: 60);
        await Expect(bob.Log.GetByText("to a full device")).ToHaveCountAsync(1);
        await Expect(bob.Page.GetByText(bob.Words.Trouble.StorageFull)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_sleeping_tab_gives_the_keys_to_the_one_that_is_used_and_writes_nothing_when_it_wakes()
    {
        var (alice, bob) = await MeetAsync();
        var first = alice.Page;
        var second = await alice.OpenTabAsync(new Uri(first.Url).AbsolutePath);
        await Expect(second.GetByRole(AriaRole.Log)).ToBeVisibleAsync();
        var sleep = await alice.Context.NewCDPSessionAsync(first);
        await sleep.SendAsync("Page.setWebLifecycleState", new() { ["state"] = "frozen" });
        alice.TurnTo(second);

        await alice.WriteAsync("from the one that is awake");
        await bob.SeesAsync("from the one that is awake", seconds: 60);
        await bob.WriteAsync("I hear you");
        await alice.SeesAsync("I hear you", seconds: 60);

        await sleep.SendAsync("Page.setWebLifecycleState", new() { ["state"] = "active" });
        alice.TurnTo(first);
        await alice.SeesAsync("I hear you", seconds: 60);
        await alice.WriteAsync("and awake again");
        await bob.SeesAsync("and awake again", seconds: 60);
        await bob.WriteAsync("still one of you");
        foreach (var tab in (IPage[])[first, second])
        {
            alice.TurnTo(tab);
            await alice.SeesAsync("still one of you", seconds: 60);
        }
    }

    // The browser reckons with the room that it saw last, for up to half a minute, unless more is to be written than that: this writes more than the room
    // that there ever was, again and again until it is refused.
    private const string UntilRefused = """
        async room => {
          const open = indexedDB.open('filler');
          open.onupgradeneeded = () => open.result.createObjectStore('bytes');
          await new Promise((resolve, reject) => { open.onsuccess = resolve; open.onerror = () => resolve(); });
          const deadline = performance.now() + 180000;
          let refused = !open.result;
          while (!refused && performance.now() < deadline) {
            refused = await new Promise(resolve => {
              const transaction = open.result.transaction('bytes', 'readwrite');
              transaction.objectStore('bytes').put(new Uint8Array(room), 1);
              transaction.oncomplete = () => setTimeout(() => resolve(false), 200);
              transaction.onabort = () => resolve(transaction.error?.name === 'QuotaExceededError');
            });
          }
          open.result?.close();
          return refused;
        }
        """;

    // Alice and Bob, in contact, in browsers that never saw more than a little room.
    private async Task<(Person Alice, Person Bob)> MeetInLittleRoomAsync()
    {
        List<Person> both = [];
        foreach (var name in (string[])["Alice", "Bob"])
        {
            var person = await ArriveAsync(name, path: "/healthz");
            limits[person] = await person.Context.NewCDPSessionAsync(person.Page);
            await LimitAsync(person, LittleRoom);
            await person.Page.GotoAsync(person.Origin + "/");
            await person.BeginAsync();
            both.Add(person);
        }

        await Person.MeetAsync(both[0], both[1]);
        return (both[0], both[1]);
    }

    // What is kept shows all the same when the page is loaded anew, and no first start.
    private async Task FillAsync(Person person)
    {
        await LimitAsync(person, bytes: 1);
        Assert.True(await person.Page.EvaluateAsync<bool>(UntilRefused, LittleRoom));
        await person.ReloadAsync();
        await Expect(person.Log.GetByText("before")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(person.Page.GetByText(person.Words.Start.Tagline)).ToHaveCountAsync(0);
    }

    private async Task LimitAsync(Person person, int? bytes)
    {
        var arguments = new Dictionary<string, object> { ["origin"] = person.Origin };
        if (bytes is { } limit) arguments["quotaSize"] = limit;
        await limits[person].SendAsync("Storage.overrideQuotaForOrigin", arguments);
    }
}
