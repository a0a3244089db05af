using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>The screens of calls, on a phone and on a computer, light and dark, in both languages: axe finds nothing, and a picture of each is kept.</summary>
public sealed class CallScreenTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    private const int Narrowest = 320;

    private static readonly (string Name, int Width, int Height)[] Sizes = [("phone", 390, 844), ("desktop", 1280, 800)];

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
        await Expect(alice.LastEntry).ToContainTextAsync(" s", new() { Timeout = 15_000 });
        await JudgeAsync(alice, "27-entry", faults);
        await alice.LastEntry.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(alice.Page.Locator(".call-record")).ToBeVisibleAsync();
        await JudgeAsync(alice, "28-how-the-call-went", faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static async Task JudgeAsync(Person person, string screen, List<string> faults)
    {
        Directory.CreateDirectory(Repository.Screenshots);
        foreach (var (size, width, height) in Sizes)
        {
            await person.Page.SetViewportSizeAsync(width, height);
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                var name = $"{screen}-{size}-{scheme}-{person.Look.Language}".ToLowerInvariant();
                await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, name + ".png") });
                var result = await person.Page.RunAxe();
                faults.AddRange(result.Violations.Select(violation => $"{name}: {violation.Id} ({violation.Impact}): {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}"));
            }
        }

        await person.Page.SetViewportSizeAsync(Narrowest, 640);
        var wide = await person.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('.call, .incoming')].map(one => one.scrollWidth))");
        if (wide > Narrowest) faults.Add($"{screen}: {wide} pixels wide on a screen of {Narrowest}");
        await person.Page.SetViewportSizeAsync(person.Look.Width, person.Look.Height);
        await person.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
    }
}
