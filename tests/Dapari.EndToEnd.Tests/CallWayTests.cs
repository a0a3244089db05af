using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Both models: which way a call goes, who decided it, and that the screen says so.</summary>
public sealed class CallWayTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    // A second, for a machine ten times slower; ./bench call-setup measures it.
    private const double LongGap = 10_000;

    [Fact]
    public async Task Who_is_not_verified_is_called_through_the_server_with_the_reason_and_no_address()
    {
        var (alice, bob) = await MeetToCallAsync();
        await TalkAsync(alice, bob);
        await alice.SeesCallWayAsync(Route.Relay);
        await bob.SeesCallWayAsync(Route.Relay);
        await Expect(alice.WayLine).ToContainTextAsync("Through your server: Alice → server ⇄ Bob");
        await Expect(alice.WayLine).ToContainTextAsync("because Bob is not verified yet");
        await Expect(bob.WayLine).ToContainTextAsync("because Alice is not verified yet");
        await alice.WayLine.ClickAsync();
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.NotVerifiedWhy("Bob"))).ToBeVisibleAsync();
        await alice.HangUpAsync();
        await Expect(bob.LastEntry).ToContainTextAsync(" s");
        await Expect(bob.LastEntry.GetByRole(Microsoft.Playwright.AriaRole.Link)).ToHaveAccessibleNameAsync(new System.Text.RegularExpressions.Regex(bob.Words.Ways.Name(Route.Relay)));
    }

    [Fact]
    public async Task The_way_changes_during_a_call_without_a_long_gap()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await TalkAsync(alice, bob);
        await alice.SeesCallWayAsync(Route.Direct);
        await alice.WayLine.ClickAsync();
        foreach (var (choice, route) in ((string, Route)[])[(alice.Words.Contact.ServerOnly, Route.Relay), (alice.Words.Contact.Automatic, Route.Direct)])
        {
            await alice.Page.EvaluateAsync("() => __ears.watchGaps()");
            await bob.Page.EvaluateAsync("() => __ears.watchGaps()");
            await alice.ChooseAsync(alice.Words.Call.WayForThisCall, choice);
            await alice.SeesCallWayAsync(route);
            await bob.SeesCallWayAsync(route);
            await alice.HearsToneAsync();
            await bob.HearsToneAsync();
            Assert.InRange(await alice.Page.EvaluateAsync<double>("() => __ears.gaps()"), 0, LongGap);
            Assert.InRange(await bob.Page.EvaluateAsync<double>("() => __ears.gaps()"), 0, LongGap);
        }
    }

    [Fact]
    public async Task Direct_only_and_server_only_exclude_each_other_and_who_is_called_decides()
    {
        var (alice, bob) = await MeetToCallAsync();
        await ChoosePolicyAsync(alice, "Bob", alice.Words.Contact.DirectOnly);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        // Nothing is connected that one of them did not allow; it is said where it can be decided, and it goes on ringing.
        await Expect(bob.Ring.GetByText(bob.Words.Call.WaysExclude("Alice", byServer: false))).ToBeVisibleAsync();
        await Expect(bob.Ring.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = bob.Words.Call.Answer, Exact = true })).ToHaveCountAsync(0);
        await bob.CallButton(bob.Words.Call.AnswerDirectly).ClickAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await bob.SeesCallWayAsync(Route.Direct);
        await alice.HangUpAsync();
        await Expect(bob.LastEntry).ToContainTextAsync(" s");

        // The other way round.
        await ChoosePolicyAsync(alice, "Bob", alice.Words.Contact.ServerOnly);
        await ChoosePolicyAsync(bob, "Alice", bob.Words.Contact.DirectOnly);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await Expect(bob.Ring.GetByText(bob.Words.Call.WaysExclude("Alice", byServer: true))).ToBeVisibleAsync();
        await bob.CallButton(bob.Words.Call.AnswerByServer).ClickAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await bob.SeesCallWayAsync(Route.Relay);
    }

    [Fact]
    public async Task Without_a_relay_it_is_said_before_anybody_is_rung_and_the_call_can_go_directly()
    {
        var server = await OwnServerAsync("--relay", "off");
        var (alice, bob) = await MeetToCallAsync(origin: server.Origin);
        await alice.CallAsync("Bob");
        await Expect(alice.Page.GetByText(alice.Words.Call.NoRelay("Bob"))).ToBeVisibleAsync();
        await Expect(bob.Ring).ToBeHiddenAsync();
        await alice.CallButton(alice.Words.Call.CallDirectly).ClickAsync();
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await Expect(bob.Ring.GetByText(bob.Words.Call.NoRelay("Alice"))).ToBeVisibleAsync();
        await bob.CallButton(bob.Words.Call.AnswerDirectly).ClickAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await alice.SeesCallWayAsync(Route.Direct);
    }

    private static async Task ChoosePolicyAsync(Person person, string other, string way)
    {
        await person.OpenAsync(other);
        await person.OpenContactAsync();
        await person.ChooseAsync(person.Words.Call.PolicyTitle, way);
        await person.OpenAsync(other);
    }

    [Fact]
    public async Task Direct_only_on_both_sides_asks_no_relay()
    {
        var (alice, bob) = await MeetToCallAsync(person => person.Words.Contact.DirectOnly);
        await TalkAsync(alice, bob);
        await alice.SeesCallWayAsync(Route.Direct);
        var relays = await alice.Page.EvaluateAsync<int>("() => [...__watched.open].filter(pc => pc.getTransceivers().length > 0).flatMap(pc => pc.getConfiguration().iceServers ?? []).flatMap(one => [one.urls].flat()).filter(url => url.startsWith('turn')).length");
        Assert.Equal(0, relays);
    }
}
