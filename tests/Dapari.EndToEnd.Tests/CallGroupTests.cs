using Dapari.Peer.Store;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Calls of three in Chromium. Each speaks with a tone of their own: what is heard says who is heard.</summary>
public sealed class CallGroupTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    private const int AlicesTone = 700, BobsTone = 1000, CarolsTone = 1400;

    [Fact]
    public async Task Three_hear_and_see_each_other_and_when_one_leaves_the_others_go_on()
    {
        var (alice, bob, carol) = await MeetOfThreeAsync();
        await alice.CallSeveralAsync(video: true, "Carol");
        foreach (var person in (Person[])[bob, carol])
        {
            await person.SeesRingAsync("Alice");
            await person.TakeCallAsync();
        }

        await alice.HearsAsync([BobsTone, CarolsTone]);
        await bob.HearsAsync([AlicesTone, CarolsTone]);
        await carol.HearsAsync([AlicesTone, BobsTone]);
        foreach (var (person, others) in ((Person, string[])[])[(alice, ["Bob", "Carol"]), (bob, ["Alice", "Carol"]), (carol, ["Alice", "Bob"])])
        {
            foreach (var other in others)
            {
                var video = await person.Tile(other).Locator("video").GetAttributeAsync("id");
                await person.SeesMovingAsync("#" + video);
                await Expect(person.Tile(other).GetByRole(AriaRole.Img, new() { Name = person.Words.Call.Speaks(other) })).ToBeVisibleAsync();
                await Expect(person.Tile(other).GetByText(person.Words.Ways.Name(Dapari.Wire.V1.Route.Direct))).ToBeVisibleAsync();
            }
        }

        await bob.CallButton(bob.Words.Call.Mute).ClickAsync();
        await Expect(carol.Tile("Bob").GetByRole(AriaRole.Img, new() { Name = carol.Words.Call.TheyMuted("Bob") })).ToBeVisibleAsync();
        await Expect(carol.Tile("Bob").GetByRole(AriaRole.Img, new() { Name = carol.Words.Call.Speaks("Bob") })).ToHaveCountAsync(0);
        await bob.CallButton(bob.Words.Call.Unmute).ClickAsync();

        await carol.HangUpAsync();
        foreach (var person in (Person[])[alice, bob]) await Expect(person.CallScreen.GetByText(person.Words.Call.Gone(CallOutcome.Answered, "Carol"))).ToBeVisibleAsync();
        await alice.HearsAsync([BobsTone]);
        await bob.HearsAsync([AlicesTone]);
        await Expect(alice.Tile("Carol")).ToHaveCountAsync(0);

        // Who began may leave too.
        await alice.HangUpAsync();
        foreach (var person in (Person[])[alice, bob, carol]) await Expect(person.CallScreen).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Somebody_is_added_during_a_call_of_two()
    {
        var (alice, bob, carol) = await MeetOfThreeAsync();
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await alice.HearsAsync([BobsTone]);
        // Only who began adds.
        await Expect(bob.CallButton(bob.Words.Call.AddPerson)).ToHaveCountAsync(0);
        await alice.AddToCallAsync("Carol");
        await carol.SeesRingAsync("Alice");
        await carol.TakeCallAsync();
        await alice.HearsAsync([BobsTone, CarolsTone]);
        await bob.HearsAsync([AlicesTone, CarolsTone]);
        await carol.HearsAsync([AlicesTone, BobsTone]);
        await Expect(bob.CallScreen.GetByText(bob.Words.Call.WaysOf([alice.Name, "Carol"], []))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Who_declines_is_named_and_the_others_talk()
    {
        var (alice, bob, carol) = await MeetOfThreeAsync();
        await alice.CallSeveralAsync(video: false, "Carol");
        await bob.SeesRingAsync("Alice");
        await carol.SeesRingAsync("Alice");
        await carol.CallButton(carol.Words.Call.Decline).ClickAsync();
        await Expect(alice.CallScreen.GetByText(alice.Words.Call.Gone(CallOutcome.Declined, "Carol"))).ToBeVisibleAsync();
        await bob.TakeCallAsync();
        await alice.HearsAsync([BobsTone]);
        await bob.HearsAsync([AlicesTone]);
    }

    [Fact]
    public async Task People_who_do_not_know_each_other_talk_with_whose_invitation_they_are_there_and_through_a_relay()
    {
        var (alice, bob) = await MeetToCallAsync();
        var carol = await SettleAsync("Carol", browser: Booth);
        await carol.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = carol.Origin });
        await Person.MeetAsync(carol, alice);
        await PrepareAsync(alice, bob, carol);
        await alice.CallSeveralAsync(video: false, "Carol");
        foreach (var person in (Person[])[bob, carol])
        {
            await person.SeesRingAsync("Alice");
            await person.TakeCallAsync();
        }

        await alice.HearsAsync([BobsTone, CarolsTone]);
        await bob.HearsAsync([AlicesTone, CarolsTone], 90);
        await carol.HearsAsync([AlicesTone, BobsTone], 90);
        foreach (var (person, other) in ((Person, string)[])[(bob, "Carol"), (carol, "Bob")])
        {
            await Expect(person.Tile(other).GetByText(person.Words.Call.BroughtIn("Alice"))).ToBeVisibleAsync();
            await Expect(person.Tile(other).GetByText(person.Words.Ways.Name(Dapari.Wire.V1.Route.Relay))).ToBeVisibleAsync();
            await Expect(person.Tile("Alice").GetByText(person.Words.Ways.Name(Dapari.Wire.V1.Route.Direct))).ToBeVisibleAsync();
        }

        // They are no contacts for it.
        await alice.HangUpAsync();
        await bob.HearsAsync([CarolsTone]);
        await bob.HangUpAsync();
        await Expect(carol.CallScreen).ToBeHiddenAsync();
        await Expect(bob.Row("Carol")).ToHaveCountAsync(0);
    }

    private async Task<(Person Alice, Person Bob, Person Carol)> MeetOfThreeAsync()
    {
        var (alice, bob) = await MeetToCallAsync();
        var carol = await SettleAsync("Carol", browser: Booth);
        await carol.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = carol.Origin });
        await Person.MeetAsync(bob, carol);
        await Person.MeetAsync(carol, alice);
        await PrepareAsync(alice, bob, carol);
        return (alice, bob, carol);
    }

    // Each with a tone of their own, and in reach directly.
    private static async Task PrepareAsync(Person alice, Person bob, Person carol)
    {
        foreach (var (person, tone) in ((Person, int)[])[(alice, AlicesTone), (bob, BobsTone), (carol, CarolsTone)])
        {
            await person.SpeakAsAsync(tone);
            await person.GoAsync("/settings");
            await person.ChooseAsync(person.Words.Call.PolicyDefaultTitle, person.Words.Contact.Automatic);
        }

        await alice.OpenAsync("Bob");
        await bob.OpenAsync("Alice");
        await carol.OpenAsync("Alice");
    }
}
