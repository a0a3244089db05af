using Dapari.Web.Platform;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Microphones, cameras, speakers, the screen and other windows during calls.</summary>
public sealed class CallDeviceTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    [Fact]
    public async Task A_microphone_unplugged_is_replaced_by_another_and_that_is_said()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        var opened = await alice.Page.EvaluateAsync<int>("() => __ears.opened");
        await alice.Page.EvaluateAsync("() => __ears.unplug('audio', true)");
        await Expect(alice.Page.GetByText(alice.Words.Call.Lost(MediaKind.Microphone, MediaLoss.Changed)).First).ToBeVisibleAsync();
        Assert.Equal(opened + 1, await alice.Page.EvaluateAsync<int>("() => __ears.opened"));
        await bob.HearsToneAsync();
    }

    [Fact]
    public async Task The_last_microphone_unplugged_is_said_at_both_ends_and_plugged_in_again_it_is_heard()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        await alice.Page.EvaluateAsync("() => __ears.unplug('audio', false)");
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Lost(MediaKind.Microphone, MediaLoss.Gone))).ToBeVisibleAsync();
        await Expect(bob.CallScreen.GetByRole(AriaRole.Img, new() { Name = bob.Words.Call.TheyMuted("Alice") })).ToBeVisibleAsync();
        await alice.HearsToneAsync();
        // Too early: it says so, and stays.
        await alice.CallButton(alice.Words.Call.TryAgain).ClickAsync();
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Refused(MediaKind.Microphone, MediaRefusal.Missing))).ToBeVisibleAsync();
        await alice.Page.EvaluateAsync("() => __ears.plug()");
        await alice.CallButton(alice.Words.Call.TryAgain).ClickAsync();
        await bob.HearsToneAsync();
        await Expect(alice.CallScreen.Locator(".call-notice")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_camera_unplugged_leaves_a_voice_call_until_it_is_plugged_in_again()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob, video: true);
        await bob.SeesMovingAsync();
        await alice.Page.EvaluateAsync("() => __ears.unplug('video', false)");
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Lost(MediaKind.Camera, MediaLoss.Gone))).ToBeVisibleAsync();
        await Expect(bob.CallScreen.Locator(".tile video")).ToHaveCountAsync(0);
        await bob.HearsToneAsync();
        await alice.Page.EvaluateAsync("() => __ears.plug()");
        await alice.CallButton(alice.Words.Call.TryAgain).ClickAsync();
        await bob.SeesMovingAsync();
    }

    [Fact]
    public async Task A_microphone_that_another_program_holds_is_said_before_anybody_is_rung()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.Page.EvaluateAsync("() => { __ears.refuse = 'audio'; __ears.reason = 'NotReadableError'; navigator.permissions.query = async () => ({ state: 'prompt' }); }");
        await alice.CallAsync("Bob");
        await Expect(alice.Page.GetByText(alice.Words.Call.Refused(MediaKind.Microphone, MediaRefusal.Busy))).ToBeVisibleAsync();
        await Expect(bob.Ring).ToBeHiddenAsync();
        await alice.Page.EvaluateAsync("() => { __ears.refuse = ''; }");
        await alice.CallButton(alice.Words.Call.TryAgain).ClickAsync();
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await bob.HearsToneAsync();
    }

    [Fact]
    public async Task A_camera_that_another_program_holds_leaves_a_voice_call_and_a_way_on()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await bob.Page.EvaluateAsync("() => { __ears.refuse = 'video'; __ears.reason = 'NotReadableError'; }");
        await alice.CallAsync("Bob", video: true);
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await Expect(bob.CallScreen.GetByText(bob.Words.Call.Refused(MediaKind.Camera, MediaRefusal.Busy))).ToBeVisibleAsync();
        await alice.HearsToneAsync();
        await bob.SeesMovingAsync();
        await bob.Page.EvaluateAsync("() => { __ears.refuse = ''; }");
        await bob.CallButton(bob.Words.Call.TryAgain).ClickAsync();
        await alice.SeesMovingAsync();
    }

    [Fact]
    public async Task Microphone_camera_and_speaker_are_chosen_in_a_call_and_the_level_moves()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob, video: true);
        await alice.CallButton(alice.Words.Call.Devices).ClickAsync();
        await LevelMovesAsync(alice);
        foreach (var (words, kind) in ((string, string)[])[(alice.Words.Call.Microphone, "audio"), (alice.Words.Call.Camera, "video")])
        {
            var chosen = await ChooseOtherAsync(alice, words);
            await Waiting.UntilAsync($"another {kind} device is in use", async () => await alice.Page.EvaluateAsync<string?>("kind => __ears.tracks.findLast(one => one.kind === kind && one.readyState === 'live')?.getSettings().deviceId ?? null", kind) == chosen, TimeSpan.FromSeconds(60));
        }

        var speaker = await ChooseOtherAsync(alice, alice.Words.Call.Speaker);
        await Waiting.UntilAsync("the sound goes to the speaker that was chosen", async () => await alice.Page.EvaluateAsync<string?>("() => document.querySelector('audio[data-leg]')?.sinkId ?? null") == speaker, TimeSpan.FromSeconds(60));
        await LevelMovesAsync(alice);
        await bob.HearsToneAsync();
        await bob.SeesMovingAsync();
        await alice.HearsToneAsync();
    }

    [Fact]
    public async Task Before_any_call_microphone_and_camera_are_tried_in_the_settings_and_closed_again()
    {
        var alice = await SettleAsync("Alice", browser: Booth);
        await alice.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = alice.Origin });
        await alice.GoAsync("/settings");
        await alice.CallButton(alice.Words.Call.Begin).ClickAsync();
        await LevelMovesAsync(alice);
        await alice.CallButton(alice.Words.Call.ShowCamera).ClickAsync();
        await alice.SeesMovingAsync("#check-camera");
        await alice.CallButton(alice.Words.Call.Stop).ClickAsync();
        await Waiting.UntilAsync("all devices are closed", async () => await alice.Page.EvaluateAsync<bool>("() => __ears.tracks.length > 1 && __ears.tracks.every(one => one.readyState === 'ended')"), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_picture_floats_above_other_windows_also_while_messages_are_read_and_goes_with_the_call()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob, video: true);
        await alice.SeesMovingAsync();
        await alice.CallButton(alice.Words.Call.FloatAbove).ClickAsync();
        await FloatsAsync(alice, true);
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.CallScreen).ToBeHiddenAsync();
        await FloatsAsync(alice, true);
        await alice.SeesMovingAsync("#call-floating");
        // Who is loaded anew has another leg: what floats goes on with it, for no tap brings it back.
        await bob.ReloadAsync();
        await bob.SeesMovingAsync();
        await Waiting.UntilAsync("the floating picture is the new leg's", () => alice.Page.EvaluateAsync<bool>("() => document.getElementById('call-floating').srcObject?.getTracks().some(one => one.readyState === 'live' && !one.muted) === true"), TimeSpan.FromSeconds(60));
        await alice.SeesMovingAsync("#call-floating");
        await FloatsAsync(alice, true);
        await bob.HangUpAsync();
        await FloatsAsync(alice, false);
        await Expect(alice.Page.Locator("#call-floating")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_screen_stays_lit_while_there_is_a_picture_and_no_longer()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        await LitAsync(alice, 0);
        // A picture of either is one to look at.
        await bob.CallButton(bob.Words.Call.CameraOn).ClickAsync();
        await alice.SeesMovingAsync();
        await LitAsync(alice, 1);
        await LitAsync(bob, 1);
        await bob.CallButton(bob.Words.Call.CameraOff).ClickAsync();
        await LitAsync(alice, 0);
        await LitAsync(bob, 0);
        await alice.CallButton(alice.Words.Call.CameraOn).ClickAsync();
        await LitAsync(alice, 1);
        await alice.HangUpAsync();
        await LitAsync(alice, 0);
        await LitAsync(bob, 0);
    }

    [Fact]
    public async Task A_call_that_rings_in_a_tab_behind_is_notified_and_the_notice_goes_with_it()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await bob.Context.GrantPermissionsAsync(["notifications", "microphone", "camera"], new() { Origin = bob.Origin });
        // Headless pages always have the focus, and some show no notices: both are played.
        await bob.Page.EvaluateAsync("""
            () => {
              document.hasFocus = () => false;
              const shown = window.__notices = new Map();
              Object.defineProperty(Notification, 'permission', { get: () => 'granted' });
              ServiceWorkerRegistration.prototype.showNotification = async (title, options) => { shown.set(options.tag, title); };
              ServiceWorkerRegistration.prototype.getNotifications = async ({ tag }) => shown.has(tag) ? [{ close: () => shown.delete(tag) }] : [];
              const Plain = class extends EventTarget { constructor(title, options) { super(); this.tag = options.tag; shown.set(this.tag, title); } close() { shown.delete(this.tag); } };
              Object.defineProperty(Plain, 'permission', { get: () => 'granted' });
              window.Notification = Plain;
            }
            """);
        await alice.CallAsync("Bob");
        await Waiting.UntilAsync("Bob is notified", async () => await bob.Page.EvaluateAsync<string[]>("() => [...__notices.values()]") is [var title] && title == bob.Words.Call.NotifyTitle("Alice"), TimeSpan.FromSeconds(60));
        await alice.HangUpAsync();
        await Waiting.UntilAsync("the notice is gone", async () => await bob.Page.EvaluateAsync<int>("() => [...__notices.keys()].filter(tag => tag.startsWith('call-')).length") == 0, TimeSpan.FromSeconds(60));
    }

    private static Task LitAsync(Person person, int locks) =>
        Waiting.UntilAsync($"{person.Name} holds {locks} locks on the screen", async () => await person.Page.EvaluateAsync<int>("() => __ears.locks") == locks, TimeSpan.FromSeconds(60));

    private static Task FloatsAsync(Person person, bool floats) =>
        Waiting.UntilAsync($"a picture {(floats ? "floats" : "floats no longer")}", async () => await person.Page.EvaluateAsync<bool>("() => document.pictureInPictureElement !== null") == floats, TimeSpan.FromSeconds(60));

    private static Task LevelMovesAsync(Person person) => Waiting.UntilAsync(
        "the level shows the tone",
        async () => await person.Page.EvaluateAsync<double>("() => Number(document.querySelector('.level')?.style.getPropertyValue('--level') ?? 0)") > 0.3,
        TimeSpan.FromSeconds(60));

    // Another device of a kind than the one in use.
    private static async Task<string> ChooseOtherAsync(Person person, string name)
    {
        var select = person.CallScreen.GetByRole(AriaRole.Combobox, new() { Name = name });
        var all = await select.EvaluateAsync<string[]>("one => [...one.options].filter(option => option.value && !option.selected).map(option => option.value)");
        Assert.NotEmpty(all);
        await select.SelectOptionAsync(all[^1]);
        return all[^1];
    }
}
