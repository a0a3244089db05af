using Dapari.Wire.V1;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd;

public sealed partial class Person
{
    private const double StandsOut = 25;
    private const double Near = 15;

    /// <summary>Seconds for anything of a call to come: enough for two cores with other work.</summary>
    private const float CallLimit = 90;

    /// <summary>The screen of the call.</summary>
    public ILocator CallScreen => Page.Locator("section.call");

    /// <summary>What rings.</summary>
    public ILocator Ring => Page.Locator("section.incoming");

    /// <summary>The button of a call by its name.</summary>
    public ILocator CallButton(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>The line with the live way.</summary>
    public ILocator WayLine => CallScreen.Locator(".call-way-line");

    /// <summary>The last entry of a call in the open conversation.</summary>
    public ILocator LastEntry => Log.Locator(".call-entry").Last;

    /// <summary>Taps on "call" in the open conversation.</summary>
    public Task CallAsync(string who, bool video = false) => CallButton(video ? Words.Call.CallByVideo(who) : Words.Call.CallByVoice(who)).ClickAsync();

    /// <summary>The same at once, whatever comes up meanwhile.</summary>
    public Task CallAtOnceAsync(string who, bool video = false) => CallButton(video ? Words.Call.CallByVideo(who) : Words.Call.CallByVoice(who)).DispatchEventAsync("click");

    /// <summary>Waits until somebody rings.</summary>
    public Task SeesRingAsync(string who, float seconds = CallLimit) => Expect(Ring.GetByRole(AriaRole.Heading, new() { Name = who })).ToBeVisibleAsync(new() { Timeout = seconds * 1000 });

    /// <summary>Answers what rings.</summary>
    public Task TakeCallAsync() => Ring.GetByRole(AriaRole.Button, new() { Name = Words.Call.Answer, Exact = true }).ClickAsync();

    /// <summary>Hangs up.</summary>
    public Task HangUpAsync() => CallButton(Words.Call.HangUp).ClickAsync();

    /// <summary>Waits until the other's microphone is really heard here: the tone stands out of what the element plays.</summary>
    public Task HearsToneAsync(int others = 1, float seconds = CallLimit)
    {
        var last = "nothing was measured";
        return Waiting.UntilAsync(
            $"{Name} hears {others} × {Tone.Hertz} Hz",
            async () =>
            {
                var heard = await Page.EvaluateAsync<double[][]>("() => __ears.hear()");
                last = string.Join("; ", heard.Select(one => $"{one[0]:0} Hz, {one[1]:0} dB"));
                return heard.Count(one => Math.Abs(one[0] - Tone.Hertz) < Near && one[1] > StandsOut) == others;
            },
            TimeSpan.FromSeconds(seconds),
            () => $"Heard: {last}. Screen: {Screen()}");
    }

    /// <summary>From now on their microphone hears another tone than everybody's.</summary>
    public async Task SpeakAsAsync(int hertz) => await Page.EvaluateAsync("hertz => { __ears.voice = hertz; }", hertz);

    /// <summary>Waits until exactly these tones are heard, each in the sound of one of the others.</summary>
    public Task HearsAsync(IReadOnlyList<int> hertz, float seconds = CallLimit)
    {
        var last = "nothing was measured";
        return Waiting.UntilAsync(
            $"{Name} hears {string.Join(", ", hertz)} Hz",
            async () =>
            {
                var heard = await Page.EvaluateAsync<double[][]>("() => __ears.hear()");
                last = string.Join("; ", heard.Select(one => $"{one[0]:0} Hz, {one[1]:0} dB"));
                var clear = heard.Where(one => one[1] > StandsOut).Select(one => one[0]).ToList();
                return clear.Count == hertz.Count && hertz.All(one => clear.Exists(other => Math.Abs(other - one) < Near));
            },
            TimeSpan.FromSeconds(seconds),
            () => $"Heard: {last}. Screen: {Screen()}");
    }

    /// <summary>The tile of somebody in a call.</summary>
    public ILocator Tile(string who) => CallScreen.GetByRole(AriaRole.Group, new() { Name = who, Exact = true });

    /// <summary>Calls several, from the open conversation: the others are looked for by name.</summary>
    public async Task CallSeveralAsync(bool video, params string[] others)
    {
        await CallButton(Words.Call.CallSeveral).ClickAsync();
        var dialog = Page.GetByRole(AriaRole.Dialog, new() { Name = Words.Call.CallSeveral });
        foreach (var other in others) await PickAsync(dialog, other);
        await dialog.GetByRole(AriaRole.Button, new() { Name = video ? Words.Call.Video : Words.Call.Voice, Exact = true }).ClickAsync();
    }

    /// <summary>Adds somebody to the call under way, with the keyboard alone.</summary>
    public async Task AddToCallAsync(string who)
    {
        await CallButton(Words.Call.AddPerson).FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
        await PickAsync(CallScreen, who);
        await CallButton(Words.Call.AddChosen(who)).FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
    }

    private async Task PickAsync(ILocator where, string who)
    {
        await Expect(where.GetByRole(AriaRole.Searchbox, new() { Name = Words.Call.WhoElse })).ToBeFocusedAsync();
        await Page.Keyboard.TypeAsync(who);
        await Page.Keyboard.PressAsync("Enter");
        await Expect(where.GetByRole(AriaRole.Checkbox, new() { Name = who })).ToBeCheckedAsync();
    }

    /// <summary>Waits until nothing is heard any more.</summary>
    public Task HearsNothingAsync(float seconds = CallLimit) => Waiting.UntilAsync(
        $"{Name} hears nothing",
        async () => !(await Page.EvaluateAsync<double[][]>("() => __ears.hear()")).Any(one => Math.Abs(one[0] - Tone.Hertz) < Near && one[1] > StandsOut),
        TimeSpan.FromSeconds(seconds));

    /// <summary>Waits until a picture of the call moves.</summary>
    /// <param name="selector">Of the video element.</param>
    /// <param name="seconds">For it to come and move.</param>
    public Task SeesMovingAsync(string selector = ".tile video", float seconds = CallLimit)
    {
        var last = -1.0;
        return Waiting.UntilAsync(
            $"{Name} sees {selector} move",
            async () =>
            {
                var id = await Page.EvaluateAsync<string?>("selector => document.querySelector(selector)?.id ?? null", selector);
                if (id is null) return false;
                last = await Page.EvaluateAsync<double>("id => __ears.moves(id, 400)", id);
                return last > 0.001;
            },
            TimeSpan.FromSeconds(seconds),
            () => $"Share of pixels that changed: {last}");
    }

    /// <summary>Waits until the call's line says this way.</summary>
    public Task SeesCallWayAsync(Route route, float seconds = CallLimit) => Expect(CallScreen.Locator($".call-way.way-{(route == Route.Direct ? "direct" : "relay")}")).ToBeVisibleAsync(new() { Timeout = seconds * 1000 });

    private string Screen()
    {
        var line = CallScreen.InnerTextAsync(new() { Timeout = 1000 });
        return line.ContinueWith(done => done.IsCompletedSuccessfully ? done.Result.ReplaceLineEndings(" / ") : "no call", TaskScheduler.Default).GetAwaiter().GetResult();
    }
}
