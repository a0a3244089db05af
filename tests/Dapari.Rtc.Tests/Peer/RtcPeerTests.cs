using System.Security.Cryptography;
using System.Text;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Peer;

public sealed class RtcPeerTests
{
    [Fact]
    public void Two_peers_meet_and_talk_both_ways()
    {
        var network = new SimulatedNetwork(1);
        var (a, b) = Connected(network);
        var ours = a.Peer.OpenChannel("talk", "dapari", ChannelReliability.Reliable, ordered: true);
        Assert.Equal(SendResult.Accepted, a.Peer.Send(ours, "hello"u8, text: true, a.Now));
        Assert.True(PeerHost.Run(network, () => b.Messages.Count == 1, 5_000, a, b));
        var (theirs, text, bytes) = b.Messages[0];
        Assert.Equal(("talk", "dapari", true, false), (theirs.Label, theirs.Protocol, theirs.IsOrdered, theirs.IsOurs));
        Assert.True(text);
        Assert.Equal("hello", Encoding.UTF8.GetString(bytes));
        Assert.Equal(SendResult.Accepted, b.Peer.Send(theirs, [], text: false, b.Now));
        Assert.Equal(SendResult.Accepted, b.Peer.Send(theirs, [1, 2, 3], text: false, b.Now));
        Assert.True(PeerHost.Run(network, () => a.Messages.Count == 2, 5_000, a, b));
        Assert.Equal([(ours, false, 0), (ours, false, 3)], a.Messages.Select(message => (message.Channel, message.Text, message.Bytes.Length)));
    }

    [Theory]
    [InlineData(Router.PortRestricted, Router.PortRestricted)]
    [InlineData(Router.Restricted, Router.Symmetric)]
    public void Through_routers_too(Router a, Router b)
    {
        var network = new SimulatedNetwork(2);
        Connected(network, a, b);
    }

    [Fact]
    public void Large_messages_arrive_whole_over_a_lossy_network()
    {
        for (var seed = 1ul; seed <= 5; seed++)
        {
            var network = new SimulatedNetwork(seed) { LossPercent = 5, RepeatPercent = 3, JitterMs = 20 };
            var (a, b) = Connected(network, seed: seed);
            var channel = a.Peer.OpenChannel("bulk", "", ChannelReliability.Reliable, ordered: true);
            var (sent, next) = (new List<byte[]>(), 0);
            a.Each = () =>
            {
                while (next < 30)
                {
                    var message = new byte[1 + (next * 7_919 % 200_000)];
                    new SeededEntropy((ulong)next).Fill(message);
                    if (a.Peer.Send(channel, message, text: false, a.Now) != SendResult.Accepted)
                        return;
                    sent.Add(message);
                    next++;
                }
            };
            a.Flush();
            Assert.True(PeerHost.Run(network, () => b.Messages.Count == 30, 300_000, a, b), $"seed {seed}: {b.Messages.Count} came");
            for (var i = 0; i < 30; i++)
                Assert.True(sent[i].AsSpan().SequenceEqual(b.Messages[i].Bytes), $"seed {seed}: message {i}");
        }
    }

    [Fact]
    public void Who_shows_another_certificate_than_was_told_is_refused()
    {
        var network = new SimulatedNetwork(3);
        var (a, b) = PeerHost.Pair(network);
        a.Begin();
        b.Begin();
        Assert.True(b.Peer.SetRemote(a.Peer.LocalDescription, b.Now));
        // What was told is the certificate of somebody else.
        Assert.True(a.Peer.SetRemote(b.Peer.LocalDescription with { Fingerprint = Certificates.First.Fingerprint }, a.Now));
        a.Peer.OpenChannel("talk", "", ChannelReliability.Reliable, true);
        Assert.True(PeerHost.Run(network, () => a.Has(RtcEventKind.Closed), 60_000, a, b));
        Assert.Equal(RtcEnd.WrongCertificate, a.Peer.End);
        Assert.DoesNotContain(a.Events.Concat(b.Events), told => told.Kind is RtcEventKind.Connected or RtcEventKind.ChannelOpened);
    }

    [Fact]
    public void A_closed_channel_closes_at_both_ends_after_all_that_was_sent()
    {
        var network = new SimulatedNetwork(4) { LossPercent = 10 };
        var (a, b) = Connected(network);
        b.Reads = false;
        var channel = a.Peer.OpenChannel("short", "", ChannelReliability.Reliable, true);
        for (var i = 0; i < 20; i++)
            Assert.Equal(SendResult.Accepted, a.Peer.Send(channel, SHA256.HashData([(byte)i]), false, a.Now));
        a.Peer.CloseChannel(channel, a.Now);
        Assert.Equal(SendResult.NotOpen, a.Peer.Send(channel, [1], false, a.Now));
        Assert.True(PeerHost.Run(network, () => a.Peer.BufferedBytes(channel) == 0, 60_000, a, b));
        PeerHost.Run(network, () => false, 5_000, a, b);
        // Unread messages keep it from being over at the reader.
        Assert.False(b.Has(RtcEventKind.ChannelClosed));
        b.Reads = true;
        Assert.True(PeerHost.Run(network, () => a.Has(RtcEventKind.ChannelClosed) && b.Has(RtcEventKind.ChannelClosed), 60_000, a, b));
        Assert.Equal(20, b.Messages.Count);
        Assert.Equal(ChannelState.Closed, channel.State);
        // Its stream serves again.
        var next = a.Peer.OpenChannel("next", "", ChannelReliability.Reliable, true);
        Assert.Equal(channel.Id, next.Id);
        a.Peer.Send(next, [9], false, a.Now);
        Assert.True(PeerHost.Run(network, () => b.Messages.Count == 21, 60_000, a, b));
        Assert.Equal("next", b.Messages[20].Channel.Label);
    }

    [Fact]
    public void Closing_is_heard_at_once_and_what_came_before_may_still_be_read()
    {
        var network = new SimulatedNetwork(5);
        var (a, b) = Connected(network);
        b.Reads = false;
        var channel = a.Peer.OpenChannel("last words", "", ChannelReliability.Reliable, true);
        a.Peer.Send(channel, [1], false, a.Now);
        Assert.True(PeerHost.Run(network, () => b.Has(RtcEventKind.MessageWaiting), 5_000, a, b));
        a.Peer.Close(a.Now);
        a.Flush();
        Assert.True(PeerHost.Run(network, () => b.Has(RtcEventKind.Closed), 1_000, a, b));
        Assert.Equal((RtcEnd.Closed, RtcEnd.ClosedByPeer), (a.Peer.End, b.Peer.End));
        b.Reads = true;
        b.Flush();
        Assert.Single(b.Messages);
        Assert.Equal(long.MaxValue, a.Peer.NextDeadlineUs);
    }

    [Fact]
    public void Any_single_datagram_of_the_beginning_may_be_lost()
    {
        for (var lost = 0; lost < 16; lost++)
        {
            foreach (var fromA in new[] { true, false })
            {
                var network = new SimulatedNetwork((ulong)lost);
                var (a, b) = PeerHost.Pair(network);
                var seen = 0;
                // STUN is ICE's own business.
                (fromA ? a : b).Filter = bytes => bytes[0] is < 20 or > 63 || seen++ != lost;
                PeerHost.Connect(a, b);
                Assert.True(PeerHost.Run(network, () => a.Peer.IsConnected && b.Peer.IsConnected, 20_000, a, b), $"datagram {lost} of {(fromA ? "A" : "B")}");
            }
        }
    }

    [Fact]
    public void Who_is_in_the_network_but_not_on_a_proved_pair_is_not_listened_to()
    {
        var network = new SimulatedNetwork(6);
        var (a, b) = PeerHost.Pair(network);
        List<byte[]> hellos = [];
        b.Filter = bytes =>
        {
            if (bytes[0] == 22)
                hellos.Add(bytes);
            return true;
        };
        PeerHost.Connect(a, b);
        Assert.True(PeerHost.Run(network, () => hellos.Count > 0, 20_000, a, b));
        var (fresh, _) = PeerHost.Pair(network, seed: 9);
        fresh.Begin();
        fresh.Peer.SetRemote(b.Peer.LocalDescription with { Setup = Dapari.Rtc.Sdp.SetupRole.Active }, fresh.Now);
        var stranger = Endpoint.V4(0x0808_0808, 53);
        var buffer = new byte[2048];
        while (fresh.Peer.TryTakeDatagram(buffer, out _, out _, out _))
        {
        }

        fresh.Peer.Receive(0, stranger, hellos[0], fresh.Now);
        Assert.False(fresh.Peer.TryTakeDatagram(buffer, out _, out _, out _));
    }

    [Fact]
    public void A_reader_that_does_not_read_holds_the_sender_back()
    {
        var network = new SimulatedNetwork(7);
        var (a, b) = Connected(network);
        b.Reads = false;
        var channel = a.Peer.OpenChannel("flood", "", ChannelReliability.Reliable, true);
        var (accepted, message) = (0L, new byte[64 << 10]);
        a.Each = () =>
        {
            while (accepted < 40 << 20 && a.Peer.Send(channel, message, false, a.Now) == SendResult.Accepted)
                accepted += message.Length;
        };
        a.Flush();
        PeerHost.Run(network, () => false, 20_000, a, b);
        Assert.InRange(accepted, 4 << 20, 10 << 20);
        b.Reads = true;
        Assert.True(PeerHost.Run(network, () => b.Messages.Sum(got => (long)got.Bytes.Length) == 40 << 20, 120_000, a, b));
        Assert.True(a.Has(RtcEventKind.BufferedLow));
    }

    [Fact]
    public void A_change_of_address_in_the_middle_of_a_transfer_loses_nothing()
    {
        var network = new SimulatedNetwork(8) { LossPercent = 1 };
        var (a, b) = Connected(network, Router.PortRestricted, Router.Restricted);
        var channel = a.Peer.OpenChannel("bulk", "", ChannelReliability.Reliable, true);
        var next = 0;
        a.Each = () =>
        {
            while (next < 200 && a.Peer.Send(channel, [.. BitConverter.GetBytes(next), .. new byte[50_000]], false, a.Now) == SendResult.Accepted)
                next++;
        };
        a.Flush();
        Assert.True(PeerHost.Run(network, () => b.Messages.Count > 20, 60_000, a, b));
        a.Move(network.AddHome(Router.Symmetric), Endpoint.V4(0xC0A8_0777, 5_000));
        Assert.True(PeerHost.Run(network, () => b.Messages.Count == 200, 120_000, a, b), $"{b.Messages.Count} came, {a.Peer.IceState}, {a.Peer.End}");
        Assert.Equal(Enumerable.Range(0, 200), b.Messages.Select(message => BitConverter.ToInt32(message.Bytes)));
        Assert.True(a.Events.Count(told => told.Kind == RtcEventKind.PairSelected) >= 2);
        Assert.Single(a.Events, told => told.Kind == RtcEventKind.Connected);
    }

    [Fact]
    public void Who_vanishes_is_missed_and_given_up()
    {
        var network = new SimulatedNetwork(9);
        var (a, b) = Connected(network);
        b.IsGone = true;
        Assert.True(PeerHost.Run(network, () => a.Has(RtcEventKind.Disconnected), 15_000, a));
        Assert.True(PeerHost.Run(network, () => a.Has(RtcEventKind.Failed), 60_000, a));
        Assert.Equal(RtcEnd.None, a.Peer.End);
        // Until a restart hardly anything is sent: no data without consent.
        PeerHost.Run(network, () => false, 40_000, a);
        var sent = network.Sent;
        PeerHost.Run(network, () => false, 60_000, a);
        Assert.InRange(network.Sent - sent, 0, 5);
    }

    [Fact]
    public void An_address_with_a_name_is_not_told_and_found_by_its_name()
    {
        var network = new SimulatedNetwork(10);
        var (a, b) = PeerHost.Pair(network, Router.FullCone, Router.FullCone);
        a.Name = "4fb3f1b2-0d2c-4a8e-9d0b-3c1b2a0d1e2f.local";
        PeerHost.Connect(a, b);
        Assert.True(PeerHost.Run(network, () => b.Has(RtcEventKind.NameToResolve) && a.Peer.IsConnected, 30_000, a, b));
        var address = a.Address.ToIPAddress().ToString();
        Assert.DoesNotContain(a.Events, told => told.Kind == RtcEventKind.CandidateFound && told.Candidate!.ToString().Contains(address, StringComparison.Ordinal));
        Assert.Contains(b.Events, told => told.Kind == RtcEventKind.NameToResolve && told.Candidate!.Name == a.Name && told.Candidate.NamePort == a.Address.Port);
    }

    [Fact]
    public void In_steady_state_nothing_is_allocated()
    {
        using var pair = new DirectPair(mtu: 1_500);
        pair.Pump(16 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        pair.Pump(16 << 20);
        // 16 MB in 12,000 packets; ICE asks for consent now and then.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40_000);
        Assert.InRange(pair.LargestDatagram, 1_400, 1_472);
    }

    private static (PeerHost A, PeerHost B) Connected(SimulatedNetwork network, Router a = Router.None, Router b = Router.None, ulong seed = 1)
    {
        var (first, second) = PeerHost.Pair(network, a, b, seed);
        PeerHost.Connect(first, second);
        Assert.True(PeerHost.Run(network, () => first.Peer.IsConnected && second.Peer.IsConnected, 30_000, first, second), $"{first.Peer.IceState}, {second.Peer.IceState}, {first.Peer.End}, {second.Peer.End}");
        return (first, second);
    }
}
