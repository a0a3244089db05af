using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Peer;

/// <summary>The whole stack (ICE, DTLS, SCTP, channels) on a network that loses, repeats, and disorders, in virtual time; each network repeats from its seed.</summary>
public sealed class PeerStormTests(ITestOutputHelper output)
{
    private const int Seeds = 200;
    private const long LongestStallMs = 5_000;
    private const long MostBuffered = 12 << 20;

    [Fact]
    public void Each_message_comes_once_whole_and_in_its_order_in_every_storm()
    {
        long worst = 0;
        for (var seed = 1ul; seed <= Seeds; seed++)
        {
            try
            {
                worst = Math.Max(worst, Storm(seed));
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The storm of seed {seed}", error);
            }
        }

        output.WriteLine($"{Seeds} storms, longest stall {worst} ms");
    }

    [Theory]
    [InlineData(64, 1ul)]
    public void At_one_loss_in_twenty_with_repeats_and_disorder_a_large_transfer_never_stands_still(int megabytes, ulong seed) => Transfer(megabytes, seed);

    [Theory(Explicit = true)]
    [InlineData(1_024, 2ul)]
    public void A_gigabyte_never_stands_still_either(int megabytes, ulong seed) => Transfer(megabytes, seed);

    public static TheoryData<Router, Router, bool> Matrix()
    {
        var matrix = new TheoryData<Router, Router, bool>();
        foreach (var a in Enum.GetValues<Router>())
        {
            foreach (var b in Enum.GetValues<Router>())
                matrix.Add(a, b, IsDirect(a, b));
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Messages_go_directly_where_the_routers_allow_it_and_by_a_relay_elsewhere(Router a, Router b, bool direct)
    {
        var network = new SimulatedNetwork(7);
        var (alice, bob) = Connected(network, a, b, seed: 7);
        var (there, back) = (new Flow(alice, "there", 50, Size), new Flow(bob, "back", 50, Size));
        Assert.True(PeerHost.Run(network, () => there.IsDone && back.IsDone && IsRelayed(alice) == !direct && IsRelayed(bob) == !direct, 60_000, alice, bob), $"{there}, {back}, {alice.Peer.SelectedPair}");

        static int Size(int number) => 1 + (number * 977);
    }

    [Theory]
    [InlineData(Router.FullCone, Router.FullCone)]
    [InlineData(Router.Restricted, Router.PortRestricted)]
    [InlineData(Router.PortRestricted, Router.PortRestricted)]
    [InlineData(Router.Symmetric, Router.FullCone)]
    [InlineData(Router.Symmetric, Router.Symmetric)]
    public void A_router_that_forgets_its_mappings_in_the_middle_of_a_transfer_costs_no_message(Router a, Router b)
    {
        for (var seed = 1ul; seed <= 6; seed++)
        {
            var network = new SimulatedNetwork(seed) { LossPercent = 1, JitterMs = 10 };
            var (alice, bob) = Connected(network, a, b, seed);
            alice.RestartsWhenSilent = bob.RestartsWhenSilent = true;
            var flow = new Flow(alice, "bulk", 400, _ => 50_000);
            Assert.True(PeerHost.Run(network, () => flow.Came > 20, 60_000, alice, bob), $"seed {seed}: {flow}");
            // Odd: at the sender's home.
            network.HomeOf((seed % 2 == 1 ? alice : bob).Address).Forget();
            Assert.True(PeerHost.Run(network, () => flow.IsDone, 300_000, alice, bob), $"seed {seed}: {flow}, {alice.Peer.IceState}, {alice.Peer.End}");
            Assert.Single(alice.Events, told => told.Kind == RtcEventKind.Connected);
        }
    }

    [Fact]
    public void A_relay_that_starts_anew_in_the_middle_of_a_transfer_is_missed_at_both_ends()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var network = new SimulatedNetwork(seed) { LossPercent = 1, JitterMs = 10 };
            var (alice, bob) = Connected(network, seed % 3 == 0 ? Router.Blocked : Router.Symmetric, Router.Symmetric, seed);
            var flow = new Flow(alice, "bulk", 4_000, _ => 50_000);
            Assert.True(PeerHost.Run(network, () => flow.Came > 20 && IsRelayed(alice) && IsRelayed(bob), 60_000, alice, bob), $"seed {seed}: {flow}");
            Assert.Equal(2, network.Relay.Lent);
            network.Relay.Restart();
            var began = network.Now;
            Assert.True(PeerHost.Run(network, () => HasFailed(alice) && HasFailed(bob), 60_000, alice, bob), $"seed {seed}: {alice.Peer.IceState}, {bob.Peer.IceState}");
            output.WriteLine($"seed {seed}: {network.Now - began} ms");
        }

        static bool HasFailed(PeerHost host) => host.Events.Any(told => told.Kind == RtcEventKind.Failed);
    }

    private static long Storm(ulong seed)
    {
        var random = new SeededEntropy(seed * 7_919);
        var network = new SimulatedNetwork(seed) { LossPercent = random.Below(6), RepeatPercent = random.Below(10), DelayMs = 1 + random.Below(100), JitterMs = random.Below(60) };
        var (a, b) = Connected(network, (Router)random.Below(6), (Router)random.Below(6), seed);
        var flows = new List<Flow>();
        for (var i = 0; i < 4; i++)
        {
            var (ordered, most, kind) = (random.Below(2) == 0, 1 << random.Below(16), random.Below(4));
            var reliability = kind switch
            {
                0 => new ChannelReliability(MaxRetransmits: random.Below(3)),
                1 => new ChannelReliability(LifetimeMs: 1 + random.Below(300)),
                _ => ChannelReliability.Reliable,
            };
            flows.Add(new Flow(i % 2 == 0 ? a : b, $"flow {i}", 10 + random.Below(40), number => number * 7_919 % (most + 1), ordered, reliability));
        }

        Assert.True(PeerHost.Run(network, () => flows.TrueForAll(flow => flow.IsDone), 300_000, a, b), string.Join("; ", flows));
        // What was repeated on the way may still come.
        PeerHost.Run(network, () => false, 1_000, a, b);
        foreach (var flow in flows)
        {
            Assert.True(flow.IsDone, flow.ToString());
            Assert.InRange(flow.MostBuffered, 0, MostBuffered);
        }

        return flows.Max(flow => flow.LongestStall);
    }

    private void Transfer(int megabytes, ulong seed)
    {
        var network = new SimulatedNetwork(seed) { LossPercent = 5, RepeatPercent = 2, DelayMs = 20, JitterMs = 15 };
        var (a, b) = Connected(network, Router.PortRestricted, Router.Restricted, seed);
        var flow = new Flow(a, "bulk", megabytes << 6, _ => 16 << 10);
        var began = network.Now;
        Assert.True(PeerHost.Run(network, () => flow.IsDone, megabytes * 30_000L, a, b), $"seed {seed}: {flow}");
        output.WriteLine($"seed {seed}: {flow}; {(network.Now - began) / 1_000} s of virtual time, {network.Sent} datagrams, at most {flow.MostBuffered >> 10} KiB kept");
        Assert.InRange(flow.LongestStall, 0, LongestStallMs);
        Assert.InRange(flow.MostBuffered, 0, MostBuffered);
    }

    private static (PeerHost A, PeerHost B) Connected(SimulatedNetwork network, Router a, Router b, ulong seed)
    {
        var (first, second) = PeerHost.Pair(network, a, b, seed);
        first.HasRelay = second.HasRelay = true;
        PeerHost.Connect(first, second);
        Assert.True(PeerHost.Run(network, () => first.Peer.IsConnected && second.Peer.IsConnected, 60_000, first, second), $"{a} and {b}: {first.Peer.IceState}, {second.Peer.IceState}, {first.Peer.End}, {second.Peer.End}");
        return (first, second);
    }

    private static bool IsRelayed(PeerHost host) =>
        host.Peer.SelectedPair is { } pair && (pair.LocalType == CandidateType.Relayed || pair.RemoteType == CandidateType.Relayed);

    // Through two symmetric routers, or one and a port-restricted one, there is no way; where UDP is blocked neither.
    private static bool IsDirect(Router a, Router b) =>
        a != Router.Blocked && b != Router.Blocked
        && !(a == Router.Symmetric && b is (Router.Symmetric or Router.PortRestricted))
        && !(b == Router.Symmetric && a == Router.PortRestricted);
}
