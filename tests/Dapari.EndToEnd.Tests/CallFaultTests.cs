using Dapari.Peer.Store;
using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>What happens to calls when pages, tabs and servers go.</summary>
public sealed class CallFaultTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reload_of_either_side_rejoins_with_sound_both_ways(bool callerReloads)
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        var who = callerReloads ? alice : bob;
        await who.ReloadAsync();
        // Who comes back sees the call, without a tap.
        await Expect(who.CallScreen).ToBeVisibleAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await alice.HangUpAsync();
        await SeesEndAsync(bob, " s");
        await alice.OpenAsync("Bob");
        await Expect(alice.Log.Locator(".call-entry")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task The_servers_death_does_not_end_a_call()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetToCallAsync(Automatic, origin: server.Origin);
        await TalkAsync(alice, bob);
        await alice.Page.EvaluateAsync("() => __ears.watchGaps()");
        await server.KillAsync();
        await alice.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = alice.Words.Call.Minimise }).ClickAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.ServerAwayDirect("Bob"))).ToBeVisibleAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        var gap = await alice.Page.EvaluateAsync<double>("() => __ears.gaps()");
        // A second, for a machine ten times slower.
        Assert.InRange(gap, 0, 10_000);
        // Muting needs signals: they go by the open path.
        await bob.CallButton(bob.Words.Call.Mute).ClickAsync();
        await alice.HearsNothingAsync();
        await bob.HangUpAsync();
        await Expect(alice.LastEntry).ToContainTextAsync(" s");
    }

    [Fact]
    public async Task A_second_tab_answers_and_the_first_one_shows_where_the_call_is()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        var first = bob.Page;
        var second = await bob.OpenTabAsync();
        await Expect(second.GetByRole(Microsoft.Playwright.AriaRole.Navigation, new() { Name = bob.Words.List.Title })).ToBeVisibleAsync();
        bob.TurnTo(second);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await Expect(first.Locator("section.incoming")).ToBeVisibleAsync();
        await bob.TakeCallAsync();
        await bob.HearsToneAsync();
        await alice.HearsToneAsync();
        await Expect(first.Locator("section.incoming")).ToBeHiddenAsync();
        await Expect(first.GetByText(bob.Words.Call.ElsewhereCall("Alice"))).ToBeVisibleAsync();
        Assert.Equal(0, await first.EvaluateAsync<int>("() => document.querySelectorAll('audio[data-leg]').length"));

        // The tab with the call keeps it.
        bob.TurnTo(first);
        await bob.OpenAsync("Alice");
        await bob.CallAsync("Alice");
        await Expect(first.GetByText(bob.Words.Call.InAnotherTab).First).ToBeVisibleAsync();
        bob.TurnTo(second);
        await bob.HearsToneAsync();
        await alice.HangUpAsync();
        await Expect(first.Locator(".call-entry").Last).ToContainTextAsync(" s");
    }

    // Both wait long for nothing to happen: they do so at the same time.
    [Fact]
    public Task Time_alone_ends_a_call_whose_other_end_vanished_and_one_that_nobody_answers() => Task.WhenAll(WhoVanishesIsMissedAsync(), NobodyAnswersAsync());

    private async Task WhoVanishesIsMissedAsync()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        // As a device that loses its battery: no farewell of any kind. When exactly it is missed (10 s) and over (30 s) the tests of the peer say.
        await bob.Page.Context.SetOfflineAsync(true);
        await bob.Page.EvaluateAsync("() => { window.addEventListener('pagehide', e => e.stopImmediatePropagation(), true); for (const pc of [...__watched.open]) RTCPeerConnection.prototype.close.call(pc); __watched.deaf = true; }");
        await bob.Page.CloseAsync();
        await Expect(alice.CallScreen.Locator(".call-line").GetByText(alice.Words.Call.Reconnecting("Bob"))).ToBeVisibleAsync();
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.OutcomeSentence(CallOutcome.Lost, true, "Bob"))).ToBeVisibleAsync(new() { Timeout = 90_000 });
    }

    private async Task NobodyAnswersAsync()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.OutcomeSentence(CallOutcome.Missed, true, "Bob"))).ToBeVisibleAsync(new() { Timeout = 180_000 });
        await Expect(bob.Ring).ToBeHiddenAsync();
        await Expect(bob.LastEntry).ToContainTextAsync(bob.Words.Call.Outcome(CallOutcome.Missed, false, ""));
        await Expect(alice.LastEntry).ToContainTextAsync(alice.Words.Call.Outcome(CallOutcome.Missed, true, ""));
        // Nothing of media was ever there.
        Assert.Equal(0, await bob.Page.EvaluateAsync<int>("() => document.querySelectorAll('audio[data-leg]').length"));
    }

    [Fact]
    public async Task Missed_while_away_is_in_the_conversation_on_return()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await bob.LeaveAsync();
        await alice.CallAsync("Bob");
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Calling)).ToBeVisibleAsync();
        await alice.HangUpAsync();
        await Expect(alice.LastEntry).ToBeVisibleAsync();
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await Expect(bob.LastEntry).ToContainTextAsync(bob.Words.Call.Outcome(CallOutcome.Missed, false, ""));
    }

    [Fact]
    public async Task Messages_are_read_during_a_call_and_the_bar_leads_back()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob, video: true);
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.CallScreen).ToBeHiddenAsync();
        await alice.WriteAsync("still here");
        await alice.HearsToneAsync();
        await bob.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = bob.Words.Call.Minimise }).ClickAsync();
        await bob.SeesAsync("still here");
        await alice.Page.Locator(".call-bar-return").ClickAsync();
        await alice.SeesMovingAsync();
        await alice.SeesCallWayAsync(Route.Direct);
    }
}
