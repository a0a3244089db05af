using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>Each message goes the way that suits it, and both ends say the same of it.</summary>
public sealed class WayTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task A_direct_path_opens_behind_the_first_messages_and_both_ends_tell_it_alike()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await bob.SeesDirectPathAsync();
        await alice.WriteAsync("straight to you");
        await bob.SeesAsync("straight to you");
        await alice.SeesStepAsync("straight to you", Step.Read);
        await alice.SeesWayAsync("straight to you", Route.Direct);
        await bob.SeesWayAsync("straight to you", Route.Direct);

        foreach (var person in (Person[])[alice, bob])
        {
            await person.OpenDetailsAsync("straight to you");
            await Expect(person.Page.GetByText(person.Words.Ways.Where(Network.Same)).First).ToBeVisibleAsync();
            await Expect(person.Page.GetByText(person.Words.Message.EncryptionText)).ToBeVisibleAsync();
        }

        await Expect(alice.Page.GetByText(alice.Words.Ways.Because(Route.Direct, Reason.DirectPathOpen, true, "Bob"))).ToBeVisibleAsync();
        await Expect(bob.Page.GetByText(bob.Words.Ways.Because(Route.Direct, Reason.DirectPathOpen, false, "Alice"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_was_sent_to_somebody_away_lies_at_the_server_and_arrives_when_they_are_back()
    {
        var (alice, bob) = await MeetAsync();
        await alice.WriteAsync("are you there");
        await alice.SeesStepAsync("are you there", Step.Read);
        await bob.LeaveAsync();
        await alice.WriteAsync("for later");
        await alice.SeesStepAsync("for later", Step.OnServer, 20);

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("for later");
        await alice.SeesStepAsync("for later", Step.Read);
        foreach (var person in (Person[])[alice, bob])
        {
            await person.SeesWayAsync("for later", Route.Mailbox);
            await person.OpenDetailsAsync("for later");
            await Expect(person.Page.GetByText(person.Words.Message.LayFor)).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task When_the_server_is_killed_two_with_a_direct_path_go_on_and_the_screen_says_so()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await alice.SeesDirectPathAsync();
        await bob.SeesDirectPathAsync();

        await server.KillAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.ServerAwayDirect("Bob"))).ToBeVisibleAsync();
        await Expect(bob.Page.GetByText(bob.Words.Chat.ServerAwayDirect("Alice"))).ToBeVisibleAsync();
        await alice.WriteAsync("no server");
        await bob.SeesAsync("no server");
        await bob.WriteAsync("none needed");
        await alice.SeesAsync("none needed");
        await alice.SeesWayAsync("no server", Route.Direct);
        await alice.SeesStepAsync("no server", Step.Read);

        await server.StartAgainAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.ServerAwayDirect("Bob"))).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await alice.WriteAsync("and on");
        await bob.SeesAsync("and on");
        await alice.SeesStepAsync("and on", Step.Read);
    }

    [Fact]
    public async Task What_the_server_acknowledged_survives_its_death()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await bob.LeaveAsync();
        for (var i = 0; i < 5; i++) await alice.WriteAsync($"number {i}");
        await alice.SeesStepAsync("number 4", Step.OnServer, 20);
        await server.KillAsync();
        await alice.WriteAsync("written without a server");
        await alice.SeesStepAsync("written without a server", Step.Queued);
        await server.StartAgainAsync();

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        for (var i = 0; i < 5; i++) await bob.SeesAsync($"number {i}");
        await bob.SeesAsync("written without a server", seconds: 60);
        await alice.SeesStepAsync("written without a server", Step.Read);
    }

    [Fact]
    public async Task When_the_direct_path_dies_in_silence_the_server_takes_over_and_the_path_comes_back()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await bob.SeesDirectPathAsync();

        await alice.SwallowDirectAsync(true);
        await bob.SwallowDirectAsync(true);
        await alice.WriteAsync("into the void");
        await bob.SeesAsync("into the void", seconds: 60);
        await alice.SeesWayAsync("into the void", Route.Mailbox);
        await bob.SeesWayAsync("into the void", Route.Mailbox);
        await bob.WriteAsync("by the server then");
        await alice.SeesAsync("by the server then");

        await alice.SwallowDirectAsync(false);
        await bob.SwallowDirectAsync(false);
        await alice.SeesDirectPathAsync(60);
        await bob.SeesDirectPathAsync(60);
        await alice.WriteAsync("straight again");
        await bob.SeesAsync("straight again");
        await alice.SeesWayAsync("straight again", Route.Direct);
    }

    [Fact]
    public async Task When_the_direct_path_breaks_messages_go_on_and_a_new_path_opens()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await bob.SeesDirectPathAsync();
        await alice.BreakDirectAsync();
        await alice.WriteAsync("after the break");
        await bob.SeesAsync("after the break", seconds: 60);
        await bob.WriteAsync("I have it");
        await alice.SeesAsync("I have it", seconds: 60);
        await alice.SeesDirectPathAsync(60);
        await bob.SeesDirectPathAsync(60);
        await bob.WriteAsync("straight again");
        await alice.SeesAsync("straight again");
        await bob.SeesWayAsync("straight again", Route.Direct);
    }

    [Fact]
    public async Task A_network_that_goes_and_comes_loses_and_repeats_nothing()
    {
        var network = Keep(new CuttableProxy(Stage.Server.Port));
        var (alice, bob) = await MeetAsync(origin: network.Origin);
        await alice.ChooseWayAsync(alice.Words.Contact.ServerOnly);
        for (var round = 0; round < 3; round++)
        {
            network.Cut();
            await Expect(alice.Page.GetByText(alice.Words.Chat.ServerAway).First).ToBeVisibleAsync();
            await alice.WriteAsync($"out {round}");
            await alice.SeesStepAsync($"out {round}", Step.Queued);
            network.Mend();
            await bob.SeesAsync($"out {round}", seconds: 60);
            await alice.SeesStepAsync($"out {round}", Step.Read, 40);
        }

        for (var round = 0; round < 3; round++) await Expect(bob.Message($"out {round}")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task The_page_on_ways_is_fed_by_the_persons_own_messages()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await alice.WriteAsync("look how it went");
        await alice.SeesStepAsync("look how it went", Step.Read);
        await alice.GoAsync("/ways");
        await Expect(alice.Page.GetByText(alice.Words.Journey.Example("Bob")).First).ToBeVisibleAsync();
        await bob.GoAsync("/ways");
        await Expect(bob.Page.GetByText(bob.Words.Journey.Example("Alice")).First).ToBeVisibleAsync();
    }
}
