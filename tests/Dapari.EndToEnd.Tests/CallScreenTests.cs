using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>The screens of calls, on a phone and on a computer, light and dark, in both languages: axe finds nothing, and a picture of each is kept.</summary>
public sealed class CallScreenTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    /// <summary>axe styles the pages that it judges.</summary>
    protected override bool JudgesPages => false;

    [Theory]
    [InlineData("en")]
    [InlineData("it")]
    public async Task Every_screen_of_a_call_is_accessible_and_fits(string language)
    {
        List<string> faults = [];
        var (alice, bob) = await MeetToCallAsync(Automatic, new Look(language));
        await alice.CallAsync("Bob", video: true);
        await bob.SeesRingAsync("Alice");
        await JudgeAsync(bob, "20-incoming", faults);
        await JudgeAsync(alice, "21-calling", faults);
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await alice.SeesMovingAsync();
        await JudgeAsync(alice, "22-video-call", faults);
        foreach (var person in (Person[])[alice, bob]) await person.CallButton(person.Words.Call.CameraOff).ClickAsync();
        await Expect(alice.CallScreen.Locator("video")).ToHaveCountAsync(0);
        await JudgeAsync(alice, "23-voice-call", faults);
        await alice.WayLine.ClickAsync();
        await Expect(alice.CallScreen.Locator(".call-plot")).ToBeVisibleAsync();
        await JudgeAsync(alice, "24-way-and-quality", faults);
        await alice.CallButton(alice.Words.Call.Devices).ClickAsync();
        await Expect(alice.CallScreen.Locator(".level")).ToBeVisibleAsync();
        await JudgeAsync(alice, "25-devices", faults);
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.Page.Locator(".call-bar")).ToBeVisibleAsync();
        await JudgeAsync(alice, "26-call-bar", faults);
        await bob.HangUpAsync();
        await Expect(alice.LastEntry).ToContainTextAsync(" s");
        await JudgeAsync(alice, "27-entry", faults);
        await alice.LastEntry.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(alice.Page.Locator(".call-record")).ToBeVisibleAsync();
        await JudgeAsync(alice, "28-how-the-call-went", faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("it")]
    public async Task Every_screen_of_a_call_of_three_is_accessible_and_fits(string language)
    {
        List<string> faults = [];
        var look = new Look(language);
        var (alice, bob) = await MeetToCallAsync(Automatic, look);
        var carol = await SettleAsync("Carol", look, browser: Booth);
        await carol.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = carol.Origin });
        await Person.MeetAsync(carol, alice);
        await alice.OpenAsync("Bob");
        await alice.CallButton(alice.Words.Call.CallSeveral).ClickAsync();
        await JudgeAsync(alice, "30-whom-else-to-call", faults);
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.CallButton(alice.Words.Call.CallSeveral)).ToBeFocusedAsync();
        await NarrowAndWidenAsync(alice);
        await Expect(alice.CallButton(alice.Words.Call.CallSeveral)).ToBeFocusedAsync();
        await alice.CallSeveralAsync(video: true, "Carol");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await carol.SeesRingAsync("Alice");
        await JudgeAsync(carol, "31-incoming-of-three", faults);
        await carol.TakeCallAsync();
        foreach (var person in (Person[])[alice, bob, carol]) await person.HearsToneAsync(2);
        await alice.SeesMovingAsync();
        await JudgeAsync(alice, "32-video-call-of-three", faults);
        await alice.WayLine.ClickAsync();
        await JudgeAsync(alice, "33-ways-of-three", faults);
        await alice.CallButton(alice.Words.Call.AddPerson).ClickAsync();
        await JudgeAsync(alice, "34-adding", faults);
        await alice.CallButton(alice.Words.Common.Close).ClickAsync();
        foreach (var person in (Person[])[alice, bob, carol]) await person.CallButton(person.Words.Call.CameraOff).ClickAsync();
        await Expect(bob.CallScreen.Locator("video")).ToHaveCountAsync(0);
        await JudgeAsync(bob, "35-voice-call-with-a-stranger", faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    // A page hears of its new width before the frame after it is made.
    private static async Task NarrowAndWidenAsync(Person person)
    {
        foreach (var width in (int[])[600, person.Look.Width])
        {
            await person.Page.SetViewportSizeAsync(width, person.Look.Height);
            await person.Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        }
    }

    private static async Task JudgeAsync(Person person, string screen, List<string> faults)
    {
        await Judge.LookAsync(person, screen, faults);
        await person.Page.SetViewportSizeAsync(Judge.Narrowest, 640);
        await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, $"{screen}-narrow-dark-{person.Look.Language}.png") });
        var wide = await person.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('.call, .incoming')].map(one => one.scrollWidth))");
        if (wide > Judge.Narrowest) faults.Add($"{screen}: {wide} pixels wide on a screen of {Judge.Narrowest}");
        faults.AddRange((await person.Page.EvaluateAsync<string[]>(Overlaps)).Select(fault => $"{screen}, narrow: {fault}"));
        await Judge.DoneAsync(person);
    }

    // Nothing that can be tapped lies over or under something else that can, nor over one's own picture; words fit into their buttons.
    private const string Overlaps = """
        () => {
          const boxes = [...document.querySelectorAll('.call .round, .call .call-way-line, .call .own-picture, .call .icon-button, .call .tile-way')]
            .filter(one => !one.closest('.call-panel') && one.checkVisibility()).map(one => [one.className, one.getBoundingClientRect()]);
          const faults = [];
          for (const [i, [name, a]] of boxes.entries())
            for (const [other, b] of boxes.slice(i + 1))
              if (!(name + other).includes('tile-way') || !(name + other).includes('own-picture'))
                if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) faults.push(`${name} lies over ${other}`);
          for (const one of document.querySelectorAll('.round-name, .tile-foot')) if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1) faults.push(`too long: ${one.textContent}`);
          return faults;
        }
        """;
}
