using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Which way the media may go, that it keeps to it, and that both ends say the same of it.</summary>
public sealed class WayTests
{
    private readonly World _world = new();

    public WayTests() => _world.Server.IceServers.Add(new IceServer { Urls = { "stun:home.example", "turn:home.example" }, Username = "u", Credential = "c" });

    private (Person Alice, Person Bob) Connected(bool verified, Policy caller = Policy.Unspecified, Policy callee = Policy.Unspecified)
    {
        var (alice, bob) = verified ? _world.Verified() : _world.Acquainted();
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(alice.Call(bob, way: caller), way: callee));
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);
        return (alice, bob);
    }

    private static Reason WayOf(Person person, Route route)
    {
        var leg = person.OnlyCall().Legs.Single();
        Assert.Equal(route, leg.Route);
        return leg.Reason;
    }

    private static IEnumerable<string> CandidatesFor(World world, Person person) => world.Media.Only(person).Accepted
        .Where(signal => signal.PartCase == Signal.PartOneofCase.Candidate).Select(signal => signal.Candidate.Candidate_);

    [Fact]
    public void Who_is_not_verified_goes_through_the_server_and_sees_no_address()
    {
        var (alice, bob) = Connected(verified: false);
        Assert.Equal(Reason.ContactNotVerified, WayOf(alice, Route.Relay));
        Assert.Equal(Reason.ContactNotVerified, WayOf(bob, Route.Relay));
        Assert.Equal(Reason.ContactNotVerified, alice.See(bob).CallReason);
        foreach (var person in new[] { alice, bob })
        {
            Assert.True(_world.Media.Only(person).RelayOnly);
            var candidate = Assert.Single(CandidatesFor(_world, person));
            Assert.Contains("typ relay raddr 0.0.0.0 rport 0", candidate, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_talk_whose_pair_was_told_once_keeps_its_way_whoever_hangs_up(bool byCaller)
    {
        var (alice, bob) = Connected(verified: true);
        _world.Pass(3_000);
        (byCaller ? alice : bob).HangUp(alice.OnlyCall().CallId);
        _world.Settle();
        foreach (var (person, other) in new[] { (alice, bob), (bob, alice) })
        {
            var entry = person.Entry(other).Call;
            Assert.Equal((CallOutcome.Answered, Route.Direct), (entry.Outcome, entry.Way?.Route));
        }
    }

    [Fact]
    public void Without_a_relay_who_is_not_verified_is_called_only_by_decision()
    {
        _world.Server.IceServers.Clear();
        var (alice, bob) = _world.Acquainted();
        Assert.Equal(CommandRefusal.NoRelay, alice.TryCall(bob).Refusal);
        var id = alice.Call(bob, way: Policy.Automatic);
        Assert.Equal(CommandRefusal.NoRelay, bob.Answer(id));
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(id, way: Policy.Automatic));
        Assert.Equal(Reason.DirectPathOpen, WayOf(alice, Route.Direct));
    }

    [Fact]
    public void One_end_chose_the_server_and_both_say_so()
    {
        var (alice, bob) = Connected(verified: true, callee: Policy.ServerOnly);
        Assert.Equal(Reason.TheyChoseServer, WayOf(alice, Route.Relay));
        Assert.Equal(Reason.YouChoseServer, WayOf(bob, Route.Relay));
        Assert.False(_world.Media.Only(alice).RelayOnly);
        _world.Pass(2_000);
        bob.HangUp(bob.OnlyCall().CallId);
        Assert.Equal(alice.Entry(bob).Call, bob.Entry(alice).Call);
        Assert.Equal(Reason.TheyChoseServer, alice.Entry(bob).Call.Way.Reason);
        Assert.Equal(Network.Relayed, alice.Entry(bob).Call.Way.Network);
    }

    [Fact]
    public void Direct_only_gives_no_relay_to_either_driver()
    {
        var (alice, bob) = Connected(verified: true, caller: Policy.DirectOnly);
        Assert.Equal(Reason.YouChoseDirect, WayOf(alice, Route.Direct));
        foreach (var person in new[] { alice, bob })
            Assert.Equal(["stun:home.example"], _world.Media.Only(person).Servers.SelectMany(server => server.Urls));
        Assert.DoesNotContain(CandidatesFor(_world, alice), candidate => candidate.Contains("relay", StringComparison.Ordinal));
    }

    [Fact]
    public void Ways_that_exclude_each_other_are_no_call()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob, way: Policy.DirectOnly);
        Assert.Equal(CommandRefusal.NoWay, bob.Answer(id, way: Policy.ServerOnly));
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(id));
        Assert.Equal(CommandRefusal.NoWay, bob.Do(new Command { SetCallWay = new SetCallWay { CallId = id, Way = Policy.ServerOnly } }).Refusal);
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);
    }

    [Fact]
    public void The_way_is_switched_during_the_call_without_a_new_leg()
    {
        var (alice, bob) = Connected(verified: true);
        var id = alice.OnlyCall().CallId;
        _world.Pass(4_000);
        Assert.Equal(CommandRefusal.Unspecified, alice.Do(new Command { SetCallWay = new SetCallWay { CallId = id, Way = Policy.ServerOnly } }).Refusal);
        Assert.Equal(1, _world.Media.Only(alice).Restarts);
        Assert.True(_world.Media.Only(alice).RelayOnly);
        Assert.Equal(Reason.YouChoseServer, WayOf(alice, Route.Relay));
        Assert.Equal(Reason.TheyChoseServer, WayOf(bob, Route.Relay));
        _world.Pass(6_000);
        alice.HangUp(id);
        var record = alice.Entry(bob).Call;
        Assert.Equal(10_000u, record.TalkedMs);
        Assert.Equal([(Route.Direct, 4_000UL), (Route.Relay, 6_000UL)], record.Shares.Select(share => (share.Route, share.TalkedMs)));
        Assert.Equal(record, bob.Entry(alice).Call);
    }

    [Fact]
    public void Verifying_during_a_call_lets_it_go_directly()
    {
        var (alice, bob) = Connected(verified: false);
        alice.Verify(bob);
        bob.Verify(alice);
        Assert.Equal(Reason.DirectPathOpen, WayOf(alice, Route.Direct));
    }

    [Fact]
    public void Policies_of_a_contact_and_by_default()
    {
        var (alice, bob) = _world.Verified();
        Assert.Equal(Policy.Automatic, alice.See(bob).EffectiveCallPolicy);
        alice.Do(new Command { SetCallPolicy = new SetCallPolicy { Policy = Policy.ServerOnly } });
        Assert.Equal(Policy.ServerOnly, alice.See(bob).EffectiveCallPolicy);
        Assert.Equal(Reason.YouChoseServer, alice.See(bob).CallReason);
        Assert.Equal(Policy.ServerOnly, alice.Snapshot.Self.DefaultCallPolicy);
        alice.Do(new Command { SetCallPolicy = new SetCallPolicy { ContactId = bob.Id.ToByteString(), Policy = Policy.DirectOnly } });
        Assert.Equal(Policy.DirectOnly, alice.See(bob).EffectiveCallPolicy);
        Assert.Equal(Policy.DirectOnly, alice.See(bob).CallPolicy);
        alice.Restart();
        Assert.Equal(Policy.DirectOnly, alice.See(bob).EffectiveCallPolicy);
    }

    [Fact]
    public void No_way_is_found_and_the_call_ends_after_half_a_minute()
    {
        var (alice, bob) = _world.Verified();
        _world.Media.Blocked = true;
        bob.Answer(alice.Call(bob));
        _world.Pass(29_000);
        Assert.Equal(CallStage.Connecting, alice.OnlyCall().Stage);
        _world.Pass(2_000);
        Assert.Equal(CallOutcome.NoWay, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.NoWay, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void A_certificate_that_was_not_sealed_ends_the_call_at_once()
    {
        var (alice, bob) = _world.Verified();
        _world.Media.Shown[bob] = FakeMedia.Certificate("somebody in between");
        bob.Answer(alice.Call(bob));
        Assert.Equal(CallOutcome.NotOurs, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.NotOurs, bob.Entry(alice).Call.Outcome);
        Assert.Empty(_world.Media.LegsOf(alice));
        Assert.Empty(_world.Media.LegsOf(bob));
    }

    [Fact]
    public void Connected_without_a_certificate_is_not_connected()
    {
        var (alice, bob) = _world.Verified();
        _world.Media.Blocked = true;
        bob.Answer(alice.Call(bob));
        alice.Inputs.Enqueue(new PeerInput.LegFactsChanged(_world.Media.LegsOf(alice).Single(), new LegFacts(LegState.Connected, new PathFacts(Network.Same, 1), default)));
        _world.Settle();
        Assert.Equal(CallStage.Connecting, alice.OnlyCall().Stage);
    }

    [Fact]
    public void The_farther_network_of_the_two_ends_counts()
    {
        var (alice, bob) = Connected(verified: true);
        var leg = _world.Media.LegsOf(bob).Single();
        bob.Inputs.Enqueue(new PeerInput.LegFactsChanged(leg, new LegFacts(LegState.Connected, new PathFacts(Network.Internet, 30), FakeMedia.Certificate("Alice"))));
        _world.Settle();
        Assert.Equal(Network.Internet, alice.OnlyCall().Legs.Single().Network);
        Assert.Equal(Network.Internet, bob.OnlyCall().Legs.Single().Network);
    }
}
