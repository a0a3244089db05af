using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Tests.Calls;

/// <summary>People who are no contacts of each other, brought together in a call of several.</summary>
public sealed class BroughtInTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void Who_do_not_know_each_other_hear_each_other_through_a_relay(int count)
    {
        var all = new Gathering(count);
        var id = all.CallAll(5_000);
        foreach (var person in all.People)
        {
            Assert.Equal(id, person.OnlyCall().CallId);
            Assert.Equal(count - 1, all.World.Media.LegsOf(person).Count());
            foreach (var other in all.People.Where(other => other != person))
            {
                var leg = Gathering.Leg(person, other);
                Assert.Equal(LegStage.Connected, leg.Stage);
                Assert.Equal(other.Name, leg.Name);
                var known = person == all[0] || other == all[0];
                Assert.Equal(known ? "" : "Anna", leg.BroughtInBy);
                Assert.Equal(known, !leg.ContactId.IsEmpty);
                Assert.Equal(known ? Route.Direct : Route.Relay, leg.Route);
                Assert.Equal(known ? Reason.DirectPathOpen : Reason.ContactNotVerified, leg.Reason);
            }
        }

        foreach (var person in all.People.Skip(1))
        {
            Assert.Single(person.Snapshot.Contacts);
            person.HangUp(id);
            all.World.Pass(500);
            Assert.DoesNotContain(all.People, other => other != person && Gathering.Sees(other, person));
        }

        all.World.Pass(200_000);
        Assert.All(all.People, person => Assert.DoesNotContain(person.Store.State, row => row.Key.StartsWith("call/", StringComparison.Ordinal)));
        Assert.All(all.People, person => Assert.Empty(all.World.Media.LegsOf(person)));
        Assert.All(all.People.Skip(1), person => Assert.Single(person.Entries(all[0])));
    }

    [Fact]
    public void Nothing_but_a_relays_address_goes_between_them()
    {
        var all = new Gathering(3);
        all.CallAll();
        foreach (var person in all.People.Skip(1))
        {
            var stranger = Gathering.Leg(person, all[3 - all.People.ToList().IndexOf(person)]).Leg;
            Assert.True(Assert.Single(person.Effects.OfType<PeerEffect.OpenLeg>(), open => open.Leg == stranger).RelayOnly);
            var heard = person.Effects.OfType<PeerEffect.AcceptLegSignal>().Where(accept => accept.Leg == stranger).Select(accept => accept.Signal).ToList();
            Assert.Contains(heard, signal => signal.PartCase == Part.Candidate);
            Assert.All(heard.Where(signal => signal.PartCase == Part.Candidate), signal =>
            {
                Assert.Contains("typ relay", signal.Candidate.Candidate_, StringComparison.Ordinal);
                Assert.DoesNotContain("10.0.0.1", signal.Candidate.Candidate_, StringComparison.Ordinal);
            });
        }
    }

    [Fact]
    public void They_stay_hidden_whatever_is_chosen()
    {
        var all = new Gathering(3);
        var id = all.CallAll();
        foreach (var person in all.People)
            Assert.Equal(CommandRefusal.Unspecified, person.Do(new Command { SetCallWay = new SetCallWay { CallId = id, Way = Policy.DirectOnly } }).Refusal);
        all.World.Pass(5_000);
        Assert.Equal(Route.Relay, Gathering.Leg(all[1], all[2]).Route);
        Assert.Equal(Route.Direct, Gathering.Leg(all[1], all[0]).Route);
        Assert.True(all.World.Media.LegOf(all[1], Gathering.Leg(all[1], all[2]).Leg).RelayOnly);
    }

    [Fact]
    public void Without_a_relay_that_pair_is_left_out_and_the_view_says_why()
    {
        var all = new Gathering(4, (one, other) => (one, other) == (1, 2), relay: false);
        all.CallAll(10_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(all[1], all[2]).Stage);
        foreach (var (one, other) in new[] { (1, 3), (3, 1), (2, 3), (3, 2) })
        {
            var leg = Gathering.Leg(all[one], all[other]);
            Assert.Equal((0ul, LegStage.Gone, LegObstacle.NoRelay), (leg.Leg, leg.Stage, leg.Obstacle));
            Assert.Equal("Anna", leg.BroughtInBy);
        }

        Assert.Equal(3, all.World.Media.LegsOf(all[0]).Count());
        Assert.Single(all.World.Media.LegsOf(all[3]));
    }

    [Fact]
    public void A_relay_that_comes_later_connects_them()
    {
        var all = new Gathering(3, relay: false);
        all.CallAll(10_000);
        all.World.Server.RelayAccess = new RelayAccess { Urls = { "turn:home.example:3478" }, Username = "one", Password = "secret", LifetimeSeconds = 86_400 };
        all.World.StopServer();
        all.World.StartServer();
        all.World.Pass(20_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(all[1], all[2]).Stage);
    }

    [Fact]
    public void Whom_one_has_blocked_is_never_connected()
    {
        var all = new Gathering(3, (_, _) => true);
        all[1].Do(new Command { SetBlocked = new SetBlocked { ContactId = all[2].Id.ToByteString(), Blocked = true } });
        all.CallAll(60_000);
        Assert.Equal((LegStage.Gone, LegObstacle.Blocked), (Gathering.Leg(all[1], all[2]).Stage, Gathering.Leg(all[1], all[2]).Obstacle));
        Assert.Single(all.World.Media.LegsOf(all[1]));
        Assert.Single(all.World.Media.LegsOf(all[2]));
        Assert.NotEqual(LegStage.Connected, Gathering.Leg(all[2], all[1]).Stage);
        Assert.Equal(LegStage.Connected, Gathering.Leg(all[2], all[0]).Stage);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Who_is_a_contact_at_one_end_only_is_brought_in_at_both(int keeps, int removed)
    {
        var all = new Gathering(3, (_, _) => true);
        all[removed].Do(new Command { RemoveContact = new RemoveContact { ContactId = all[keeps].Id.ToByteString() } });
        all.World.Pass(1_000);
        Assert.True(all[keeps].Knows(all[removed]));
        all.CallAll(15_000);
        var leg = Gathering.Leg(all[keeps], all[removed]);
        Assert.Equal((LegStage.Connected, Route.Relay), (leg.Stage, leg.Route));
        leg = Gathering.Leg(all[removed], all[keeps]);
        Assert.Equal((LegStage.Connected, Route.Relay, "Anna"), (leg.Stage, leg.Route, leg.BroughtInBy));
    }

    [Fact]
    public void When_who_began_leaves_their_media_goes_on_until_it_is_lost()
    {
        var all = new Gathering(3);
        var id = all.CallAll();
        all[0].HangUp(id);
        all.World.Pass(60_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(all[1], all[2]).Stage);
        Assert.Equal(all[0].Id.ToByteString(), all[1].OnlyCall().ContactId);
        all.World.Media.Interrupt(all.World.Media.LegsOf(all[1]).Single());
        all.World.Pass(5_000);
        Assert.Equal((LegStage.Lost, LegObstacle.BringerGone), (Gathering.Leg(all[1], all[2]).Stage, Gathering.Leg(all[1], all[2]).Obstacle));
        all.World.Pass(6_000);
        Assert.Equal(LegObstacle.BringerGone, Gathering.Leg(all[1], all[2]).Obstacle);
        all.World.Pass(10_000);
        Assert.Empty(all[1].Snapshot.Calls);
        Assert.Empty(all[2].Snapshot.Calls);
    }

    [Fact]
    public void Who_hangs_up_after_who_began_is_still_told_of()
    {
        var all = new Gathering(3);
        var id = all.CallAll();
        all[0].HangUp(id);
        all.World.Pass(1_000);
        all[1].HangUp(id);
        all.World.Pass(1_000);
        Assert.False(Gathering.Sees(all[2], all[1]));
        Assert.Equal(CallOutcome.Answered, all[2].OnlyCall().Outcome);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Whoever_starts_again_is_back(int who)
    {
        var all = new Gathering(4, (one, other) => (one, other) == (2, 3));
        all.CallAll();
        all[who].Stop();
        all.World.Pass(8_000);
        all[who].Restart();
        all.World.Pass(15_000);
        foreach (var person in all.People)
        {
            foreach (var other in all.People.Where(other => other != person))
                Assert.Equal(LegStage.Connected, Gathering.Leg(person, other).Stage);
        }
    }

    [Fact]
    public void Another_certificate_ends_the_pair_and_nothing_else()
    {
        var all = new Gathering(3);
        var id = all.CallAll();
        var leg = Gathering.Leg(all[1], all[2]).Leg;
        all[1].Inputs.Enqueue(new PeerInput.LegFactsChanged(leg, new LegFacts(LegState.Connected, new PathFacts(Network.Relayed, 9), FakeMedia.Certificate("somebody else"))));
        all.World.Settle();
        Assert.Equal(CallOutcome.NotOurs, Gathering.Leg(all[1], all[2]).Outcome);
        Assert.Equal(LegStage.Connected, Gathering.Leg(all[1], all[0]).Stage);
        Assert.Equal(id, all[1].OnlyCall().CallId);
    }

    [Fact]
    public void Names_are_cleaned()
    {
        var all = new Gathering(2);
        var carla = all.World.Join("Carla\u202e \u200b  Rossi");
        Gathering.Acquaint(all[0], carla);
        var id = all.Call(all[1], carla);
        Assert.Equal("Carla Rossi", all[1].OnlyCall().Legs.Single(leg => leg.ContactId.IsEmpty).Name);
        Assert.Equal(LegStage.Ringing, all[1].OnlyCall().Legs.Single(leg => leg.ContactId.IsEmpty).Stage);
        all[1].HangUp(id);
    }

    [Fact]
    public void Who_speaks_is_shown()
    {
        var all = new Gathering(3);
        all.CallAll();
        var leg = Gathering.Leg(all[0], all[2]).Leg;
        var end = all.World.Media.LegOf(all[0], leg);
        var rows = all[0].Store.Commits;
        foreach (var speaks in new[] { true, false })
        {
            all[0].Inputs.Enqueue(new PeerInput.LegFactsChanged(leg, new LegFacts(end.State, end.Path, end.Fingerprint, speaks)));
            all.World.Settle();
            Assert.Equal(speaks, Gathering.Leg(all[0], all[2]).Speaking);
            Assert.False(Gathering.Leg(all[0], all[1]).Speaking);
            Assert.Equal(all[2].Snapshot.Self.IdentityKey, all[0].OnlyCall().Speaker);
        }

        Assert.Equal(rows, all[0].Store.Commits);
    }
}
