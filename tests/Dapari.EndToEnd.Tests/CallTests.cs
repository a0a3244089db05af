using System.Text.RegularExpressions;
using Dapari.Peer.Store;
using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Calls of two in Chromium: sound is measured where it arrives, pictures are seen to move.</summary>
public sealed class CallTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    private static readonly Regex Talked = new(@"\d+ s");

    [Fact]
    public async Task Two_people_talk_directly_and_both_entries_say_so()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        await alice.SeesCallWayAsync(Route.Direct);
        await bob.SeesCallWayAsync(Route.Direct);
        await Expect(alice.WayLine).ToContainTextAsync("Direct: Alice ⇄ Bob, same network");
        await Expect(bob.WayLine).ToContainTextAsync("Direct: Bob ⇄ Alice, same network");

        await alice.HangUpAsync();
        await bob.HearsNothingAsync();
        foreach (var (person, other) in ((Person, Person)[])[(alice, bob), (bob, alice)])
        {
            await Expect(person.LastEntry).ToContainTextAsync(Talked);
            await Expect(person.LastEntry.GetByRole(Microsoft.Playwright.AriaRole.Link)).ToHaveAccessibleNameAsync(new Regex(Regex.Escape(person.Words.Ways.Name(Route.Direct))));
            await Expect(person.CallScreen).ToBeHiddenAsync();
            await person.LastEntry.GetByRole(Microsoft.Playwright.AriaRole.Link).ClickAsync();
            await Expect(person.Page.GetByText(person.Words.Call.Because(Route.Direct, Reason.DirectPathOpen, true, other.Name))).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task A_voice_call_becomes_a_video_call_and_back_without_a_new_one()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        var made = await alice.CountAsync("made");
        await alice.CallButton(alice.Words.Call.CameraOn).ClickAsync();
        await bob.SeesMovingAsync();
        await bob.CallButton(bob.Words.Call.CameraOn).ClickAsync();
        await alice.SeesMovingAsync();
        await alice.SeesMovingAsync("#own-camera");
        await alice.CallButton(alice.Words.Call.CameraOff).ClickAsync();
        await Expect(bob.CallScreen.Locator(".tile video")).ToHaveCountAsync(0);
        await bob.HearsToneAsync();
        await alice.HearsToneAsync();
        Assert.Equal(made, await alice.CountAsync("made"));
    }

    [Fact]
    public async Task A_video_call_shows_both_and_a_screen_comes_and_goes()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob, video: true);
        await alice.SeesMovingAsync();
        await bob.SeesMovingAsync();
        await alice.CallButton(alice.Words.Call.ScreenOn).ClickAsync();
        await Expect(bob.CallScreen.Locator(".tile.screen video")).ToBeVisibleAsync();
        await Waiting.UntilAsync("a screen arrives", async () => await bob.Page.EvaluateAsync<int>("() => document.querySelector('.tile.screen video')?.videoWidth ?? 0") > 16, TimeSpan.FromSeconds(60));
        await alice.CallButton(alice.Words.Call.ScreenOff).First.ClickAsync();
        await Expect(bob.CallScreen.Locator(".tile.screen")).ToHaveCountAsync(0);
        await bob.SeesMovingAsync();
    }

    [Fact]
    public async Task Muted_means_not_heard()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        await alice.CallButton(alice.Words.Call.Mute).ClickAsync();
        await bob.HearsNothingAsync();
        await Expect(bob.CallScreen.GetByRole(Microsoft.Playwright.AriaRole.Img, new() { Name = bob.Words.Call.TheyMuted("Alice") })).ToBeVisibleAsync();
        await alice.CallButton(alice.Words.Call.Unmute).ClickAsync();
        await bob.HearsToneAsync();
    }

    [Fact]
    public async Task Declined_cancelled_and_busy_are_told_apart()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.CallButton(bob.Words.Call.Decline).ClickAsync();
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.OutcomeSentence(CallOutcome.Declined, true, "Bob"))).ToBeVisibleAsync();
        await alice.CallScreen.Locator(".call-controls").GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = alice.Words.Common.Close }).ClickAsync();
        await SeesEndAsync(alice, alice.Words.Call.Outcome(CallOutcome.Declined, true, ""));
        await SeesEndAsync(bob, bob.Words.Call.Outcome(CallOutcome.Declined, false, ""));

        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await alice.HangUpAsync();
        await Expect(bob.Ring).ToBeHiddenAsync();
        await SeesEndAsync(alice, alice.Words.Call.Outcome(CallOutcome.Cancelled, true, ""));
        await SeesEndAsync(bob, bob.Words.Call.Outcome(CallOutcome.Missed, false, ""));
    }

    [Fact]
    public async Task Who_is_in_another_call_is_busy()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        var carol = await SettleAsync("Carol", browser: Booth);
        await carol.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = carol.Origin });
        await Person.MeetAsync(bob, carol);
        await bob.OpenAsync("Alice");
        await TalkAsync(alice, bob);
        await carol.CallAsync("Bob");
        await Expect(carol.CallScreen.GetByText(carol.Words.Call.OutcomeSentence(CallOutcome.Busy, true, "Bob"))).ToBeVisibleAsync();
        await alice.HearsToneAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Both_call_at_once_and_it_is_one_call(bool video)
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        // Whichever comes first: who calls the one whose call rings here has answered it.
        await Task.WhenAll(alice.CallAtOnceAsync("Bob", video), bob.CallAtOnceAsync("Alice", video));
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        if (video)
        {
            await alice.SeesMovingAsync();
            await bob.SeesMovingAsync();
        }

        await alice.HangUpAsync();
        await SeesEndAsync(alice, " s");
        await SeesEndAsync(bob, " s");
        await Expect(alice.Log.Locator(".call-entry")).ToHaveCountAsync(1);
        await Expect(bob.Log.Locator(".call-entry")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Nothing_of_media_flows_before_the_answer()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.SeesDirectPathAsync();
        var (made, found) = (await alice.CountAsync("made"), await alice.CountAsync("candidates"));
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Ringing)).ToBeVisibleAsync();
        Assert.Equal(made, await alice.CountAsync("made"));
        Assert.Equal(found, await alice.CountAsync("candidates"));
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        Assert.Equal(made + 1, await alice.CountAsync("made"));
    }

    [Fact]
    public async Task A_refused_microphone_is_said_and_there_is_a_way_on()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.Page.EvaluateAsync("() => { __ears.refuse = 'audio'; navigator.permissions.query = async () => ({ state: 'denied' }); }");
        await alice.CallAsync("Bob");
        await Expect(alice.Page.GetByText(alice.Words.Call.Refused(Dapari.Web.Platform.MediaKind.Microphone, Dapari.Web.Platform.MediaRefusal.Denied))).ToBeVisibleAsync();
        await Expect(bob.Ring).ToBeHiddenAsync();
        await alice.CallButton(alice.Words.Call.CallWithoutMicrophone).ClickAsync();
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await alice.Page.EvaluateAsync("() => { __ears.refuse = ''; }");
        await alice.CallButton(alice.Words.Call.Unmute).ClickAsync();
        await bob.HearsToneAsync();
    }

    [Fact]
    public async Task A_refused_camera_leaves_a_voice_call()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.Page.EvaluateAsync("() => { __ears.refuse = 'video'; }");
        await alice.CallAsync("Bob", video: true);
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await bob.HearsToneAsync();
        await alice.SeesMovingAsync();
        await Expect(alice.Page.GetByText(alice.Words.Call.Refused(Dapari.Web.Platform.MediaKind.Camera, Dapari.Web.Platform.MediaRefusal.Denied))).ToBeVisibleAsync();
    }
}
