using Dapari.Rtc.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Ice;

public sealed class IceAgentTests
{
    private static readonly byte[] Hello = [20, 1, 2, 3];

    public static TheoryData<Router, Router, CandidateType?> Matrix()
    {
        var matrix = new TheoryData<Router, Router, CandidateType?>();
        foreach (var a in Enum.GetValues<Router>())
        {
            foreach (var b in Enum.GetValues<Router>())
                matrix.Add(a, b, Expected(a, b));
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Two_homes_meet_directly_where_their_routers_allow_it_and_by_a_relay_elsewhere(Router a, Router b, CandidateType? direct)
    {
        var network = new SimulatedNetwork(7);
        var (alice, bob) = Meet(network, a, b, relay: true);
        Assert.Equal((IceState.Connected, IceState.Connected), (alice.Agent.State, bob.Agent.State));
        Assert.Equal(direct is null, IsRelayed(alice));
        Assert.Equal(direct is null, IsRelayed(bob));
        DataFlows(network, alice, bob);
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Without_a_relay_they_meet_directly_or_say_that_there_is_no_way(Router a, Router b, CandidateType? direct)
    {
        var network = new SimulatedNetwork(8);
        var (alice, bob) = Meet(network, a, b, relay: false, forMs: 60_000);
        var expected = direct is null ? IceState.Failed : IceState.Connected;
        // Who has no address to try never begins.
        Assert.Equal(expected, alice.Agent.State);
        Assert.Equal(expected, bob.Agent.State);
        if (direct is not null)
            DataFlows(network, alice, bob);
    }

    [Fact]
    public void What_a_router_maps_is_a_candidate_and_is_told_again_after_a_restart()
    {
        var agent = new IceAgent(new IceOptions { Controlling = true }, new SeededEntropy(1));
        var (home, outside) = (Endpoint.V4(0xC0A8_0102, 4_000), Endpoint.V4(0xCB00_7107, 5_000));
        agent.AddBase(home, CandidateType.Host, 65535, 0);
        Assert.True(agent.AddMapped(home, outside, 0));
        Assert.False(agent.AddMapped(home, outside, 0));
        Assert.False(agent.AddMapped(home, Endpoint.V4(0x7F00_0001, 0), 0));
        Assert.False(agent.AddMapped(outside, outside, 0));
        Assert.False(agent.AddMapped(home, Endpoint.V6(0x2001_0DB8_0000_0000, 1, 1), 0));
        Assert.Equal([outside], Mapped());
        agent.Restart(1);
        Assert.Equal([outside], Mapped());
        agent.RemoveMapped(home, outside);
        agent.Restart(2);
        Assert.Empty(Mapped());

        List<Endpoint> Mapped()
        {
            var found = new List<Endpoint>();
            while (agent.TryTake(out IceEvent? told))
            {
                if (told is IceEvent.CandidateFound { Candidate: { Type: CandidateType.ServerReflexive } candidate })
                {
                    Assert.Equal((home, agent.Local.Fragment), (candidate.Related, candidate.Fragment));
                    found.Add(candidate.Address);
                }
            }

            return found;
        }
    }

    [Fact]
    public void In_one_home_they_use_their_own_addresses()
    {
        var network = new SimulatedNetwork(9);
        var home = network.AddHome(Router.PortRestricted);
        var alice = new IcePeer(network, home, new IceOptions { Controlling = true }, 1, relay: true);
        var bob = new IcePeer(network, home, new IceOptions(), 2, relay: true, 0xC0A8_0103);
        (alice.Other, bob.Other) = (bob, alice);
        alice.Start();
        bob.Start();
        IcePeer.Run(network, 1_000, alice, bob);
        Assert.Equal((CandidateType.Host, CandidateType.Host), (alice.Agent.Selected!.Value.LocalType, alice.Agent.Selected.Value.RemoteType));
        Assert.Equal((bob.Address, alice.Address), (alice.Agent.Selected.Value.Remote, bob.Agent.Selected!.Value.Remote));
        DataFlows(network, alice, bob);
    }

    [Fact]
    public void On_a_bad_network_both_ends_agree_in_the_end()
    {
        for (var seed = 1ul; seed <= 150; seed++)
        {
            var network = new SimulatedNetwork(seed) { LossPercent = 20, RepeatPercent = 10, JitterMs = 120 };
            var (a, b) = ((Router)(seed % 5), (Router)(seed / 5 % 5));
            var (alice, bob) = Meet(network, a, b, relay: true, forMs: 20_000, seed: seed);
            // A path may be held for broken for a moment: so bad is the network.
            for (var i = 0; i < 60 && !IsSettled(alice, bob, Expected(a, b) is not null); i++)
                IcePeer.Run(network, 1_000, alice, bob);
            Assert.True(alice.Agent.State == IceState.Connected && bob.Agent.State == IceState.Connected, $"seed {seed}: {alice.Agent.State}, {bob.Agent.State}");
            Assert.True(IsRelayed(alice) == IsRelayed(bob), $"seed {seed}");
            Assert.False(Expected(a, b) is not null && IsRelayed(alice), $"seed {seed}: a relay where direct works:\n{alice.Agent.Describe()}\n{bob.Agent.Describe()}");
            network.LossPercent = 0;
            DataFlows(network, alice, bob);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_that_have_the_same_role_settle_it(bool controlling)
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var network = new SimulatedNetwork(seed);
            var options = new IceOptions { Controlling = controlling };
            var (alice, bob) = IcePeer.Pair(network, Router.PortRestricted, Router.FullCone, true, options, options, seed);
            alice.Start();
            bob.Start();
            IcePeer.Run(network, 5_000, alice, bob);
            Assert.NotEqual(alice.Agent.IsControlling, bob.Agent.IsControlling);
            Assert.Equal((IceState.Connected, IceState.Connected), (alice.Agent.State, bob.Agent.State));
            DataFlows(network, alice, bob);
        }
    }

    [Fact]
    public void Who_hides_the_address_tells_and_uses_the_relay_only()
    {
        var network = new SimulatedNetwork(10);
        var (alice, bob) = IcePeer.Pair(network, Router.FullCone, Router.None, true, new IceOptions { Controlling = true, RelayOnly = true });
        alice.Start();
        bob.Start();
        IcePeer.Run(network, 5_000, alice, bob);
        Assert.All(alice.Told, candidate => Assert.Equal(CandidateType.Relayed, candidate.Type));
        Assert.Equal(CandidateType.Relayed, alice.Agent.Selected!.Value.LocalType);
        Assert.Equal(SimulatedNetwork.RelayAddress, bob.Agent.Selected!.Value.Remote.V4Bits);
        DataFlows(network, alice, bob);
    }

    [Fact]
    public void A_restart_keeps_data_flowing_and_settles_again()
    {
        var network = new SimulatedNetwork(11);
        var (alice, bob) = Meet(network, Router.PortRestricted, Router.PortRestricted, relay: true);
        alice.Restart();
        for (var i = 0; i < 20; i++)
        {
            DataFlows(network, alice, bob, 100);
            Assert.Equal(IceState.Connected, alice.Agent.State);
        }

        Assert.True(alice.Events.Count(told => told is IceEvent.Selected) >= 2);
        Assert.False(IsRelayed(alice));
    }

    [Fact]
    public void A_device_that_changes_its_network_is_found_again()
    {
        var network = new SimulatedNetwork(12);
        var (alice, bob) = Meet(network, Router.PortRestricted, Router.PortRestricted, relay: true);
        alice.Move(network.AddHome(Router.FullCone), Endpoint.V4(0xC0A8_0905, 4_100));
        IcePeer.Run(network, 5_000, alice, bob);
        Assert.Equal((IceState.Connected, IceState.Connected), (alice.Agent.State, bob.Agent.State));
        Assert.False(IsRelayed(alice));
        DataFlows(network, alice, bob);
    }

    [Fact]
    public void A_router_that_forgets_is_found_out_and_the_relay_takes_over()
    {
        var network = new SimulatedNetwork(13);
        var first = network.AddHome(Router.PortRestricted);
        var alice = new IcePeer(network, first, new IceOptions { Controlling = true }, 3, relay: true);
        var bob = new IcePeer(network, network.AddHome(Router.PortRestricted), new IceOptions(), 4, relay: true, 0xC0A8_0203);
        (alice.Other, bob.Other) = (bob, alice);
        alice.Start();
        bob.Start();
        IcePeer.Run(network, 3_000, alice, bob);
        Assert.False(IsRelayed(alice));
        first.Kind = Router.Symmetric;
        first.Forget();
        IcePeer.Run(network, 16_000, alice, bob);
        Assert.Equal((IceState.Connected, IceState.Connected), (alice.Agent.State, bob.Agent.State));
        Assert.True(IsRelayed(alice) && IsRelayed(bob));
        DataFlows(network, alice, bob);
    }

    [Fact]
    public void Who_vanishes_is_missed_soon_and_nothing_is_sent_after_consent_ended()
    {
        var network = new SimulatedNetwork(14);
        var (alice, bob) = Meet(network, Router.None, Router.FullCone, relay: false);
        bob.IsGone = true;
        IcePeer.Run(network, 15_000, alice, bob);
        Assert.Equal(IceState.Disconnected, alice.Agent.State);
        IcePeer.Run(network, 30_000, alice, bob);
        Assert.Equal(IceState.Failed, alice.Agent.State);
        Assert.Null(alice.Agent.Selected);
        // RFC 7675 §5.1: what is under way may still be repeated for a while; then there is silence.
        IcePeer.Run(network, 60_000, alice, bob);
        var sent = network.Sent;
        IcePeer.Run(network, 60_000, alice, bob);
        Assert.Equal(sent, network.Sent);
    }

    [Fact]
    public void The_same_seed_plays_the_same()
    {
        static string Play()
        {
            var network = new SimulatedNetwork(15) { LossPercent = 10, JitterMs = 50 };
            var (alice, bob) = Meet(network, Router.Symmetric, Router.Restricted, relay: true, forMs: 20_000);
            return $"{network.Sent} {alice.Agent.Selected} {bob.Agent.Selected}";
        }

        Assert.Equal(Play(), Play());
    }

    // RFC 5128 §3.4 and what follows from RFC 4787: null is a relay.
    private static CandidateType? Expected(Router a, Router b)
    {
        if (a == Router.Blocked || b == Router.Blocked)
            return null;
        if (a == Router.Symmetric && b is Router.PortRestricted or Router.Symmetric && a is Router.Symmetric)
            return null;
        if (b == Router.Symmetric && a is Router.PortRestricted or Router.Symmetric && b is Router.Symmetric)
            return null;
        return CandidateType.ServerReflexive;
    }

    private static (IcePeer Alice, IcePeer Bob) Meet(SimulatedNetwork network, Router a, Router b, bool relay, int forMs = 5_000, ulong seed = 1)
    {
        var (alice, bob) = IcePeer.Pair(network, a, b, relay, seed: seed);
        alice.Start();
        bob.Start();
        IcePeer.Run(network, forMs, alice, bob);
        return (alice, bob);
    }

    private static bool IsSettled(IcePeer alice, IcePeer bob, bool direct) =>
        alice.Agent.State == IceState.Connected && bob.Agent.State == IceState.Connected && IsRelayed(alice) == !direct && IsRelayed(bob) == !direct;

    private static bool IsRelayed(IcePeer peer) => peer.Agent.Selected is { } pair && (pair.LocalType == CandidateType.Relayed || pair.Remote.V4Bits == SimulatedNetwork.RelayAddress);

    private static void DataFlows(SimulatedNetwork network, IcePeer alice, IcePeer bob, int forMs = 500)
    {
        var (hers, his) = (alice.Data.Count, bob.Data.Count);
        alice.SendData(Hello);
        bob.SendData(Hello);
        IcePeer.Run(network, forMs, alice, bob);
        Assert.Contains(alice.Data.Skip(hers), data => data.May && data.Bytes.SequenceEqual(Hello));
        Assert.Contains(bob.Data.Skip(his), data => data.May && data.Bytes.SequenceEqual(Hello));
    }
}
