using System.Net;
using Dapari.Node.Paths;
using Dapari.Node.Paths.Rtc;
using Dapari.Peer.Hosting;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;
using Endpoint = Dapari.Rtc.Endpoint;

namespace Dapari.Node.Tests;

/// <summary>Paths by WebRTC between two ends of this kind, and the choice between them and TCP. What browsers do is seen in the end-to-end tests.</summary>
public sealed class RtcPathTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Both_ends_open_and_messages_arrive_in_order()
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        await pair.OpenAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.True(pair.One.Link.TrySend(1, new byte[] { (byte)i, 1 }));
            Assert.True(pair.Other.Link.TrySend(1, new byte[] { (byte)i, 2 }));
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal([(byte)i, 2], await pair.One.ReceiveAsync());
            Assert.Equal([(byte)i, 1], await pair.Other.ReceiveAsync());
        }

        pair.One.Link.Close(1);
        await pair.Other.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.False(pair.Other.Link.TrySend(1, new byte[] { 1 }));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_path_outlives_a_new_search_by_either_end_or_both(bool one, bool other)
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        await pair.OpenAsync();
        var (before, answers) = (pair.One.Descriptions + pair.Other.Descriptions, (one ? 1 : 0) + (other ? 1 : 0));
        if (one)
            pair.One.Link.Restart(1);
        if (other)
            pair.Other.Link.Restart(1);
        // An offer and its answer; of two offers at once only one is answered.
        await UntilAsync("the new descriptions", () => pair.One.Descriptions + pair.Other.Descriptions >= before + answers + 1);
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 1 }));
        Assert.True(pair.Other.Link.TrySend(1, new byte[] { 2 }));
        Assert.Equal([2], await pair.One.ReceiveAsync());
        Assert.Equal([1], await pair.Other.ReceiveAsync());
        Assert.False(pair.One.Closed.Task.IsCompleted || pair.Other.Closed.Task.IsCompleted);
    }

    [Fact]
    public async Task A_certificate_that_was_not_told_opens_nothing()
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        // Somebody in the middle has put a fingerprint of their own in.
        pair.Swap = signal =>
        {
            if (signal.PartCase == Signal.PartOneofCase.AnswerSdp)
                signal.AnswerSdp = string.Join("\r\n", signal.AnswerSdp.Split("\r\n").Select(line => line.StartsWith("a=fingerprint:", StringComparison.Ordinal) ? "a=fingerprint:sha-256 " + string.Join(':', Enumerable.Repeat("AB", 32)) : line));
        };
        pair.Begin();
        await pair.One.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.False(pair.One.Opened.Task.IsCompleted);
        Assert.False(pair.Other.Opened.Task.IsCompleted);
    }

    [Fact]
    public async Task Who_does_not_read_costs_bounded_memory()
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        await pair.OpenAsync();
        using var blocked = new ManualResetEventSlim();
        pair.Other.Blocked = blocked;
        var message = new byte[WireLimits.EnvelopeBytes];
        var sent = 0;
        while (pair.One.Link.TrySend(1, message))
            Assert.True(++sent < 10_000, "Nothing ever refused.");
        blocked.Set();
    }

    [Fact]
    public async Task Malformed_signals_change_nothing()
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        pair.Servers = [new IceServer { Urls = { "turn:", "stun:a b:1", "http://x", "turn:127.0.0.1:99999", "turns:127.0.0.1:1" } }];
        pair.Begin();
        foreach (var link in (IPathLink[])[pair.One.Link, pair.Other.Link])
        {
            foreach (var signal in (Signal[])[new() { OfferSdp = "v=0\r\nm=audio 9 RTP/AVP 0\r\n" }, new() { AnswerSdp = new string('a', 100_000) }, new() { Candidate = new Candidate { Candidate_ = "candidate:x" } }, new()])
                link.Accept(1, signal);
        }

        await pair.OpenedAsync();
    }

    [Fact]
    public async Task Between_nodes_the_path_goes_by_tcp_and_what_was_under_way_arrives()
    {
        await using var pair = new LinkPair(Both, Both);
        await pair.OpenAsync();
        var (one, other) = ((NodePathLink)pair.One.Link, (NodePathLink)pair.Other.Link);
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 7 }));
        Assert.Equal([7], await pair.Other.ReceiveAsync());
        await UntilAsync("both by TCP", () => one.GoesByTcp(1) is true && other.GoesByTcp(1) is true);
        // WebRTC is left; the path is not.
        await UntilAsync("WebRTC left", () => one.Rtc.Find(1) is null && other.Rtc.Find(1) is null);
        Assert.True(pair.Other.Link.TrySend(1, new byte[] { 8 }));
        Assert.Equal([8], await pair.One.ReceiveAsync());
        Assert.False(pair.One.Closed.Task.IsCompleted || pair.Other.Closed.Task.IsCompleted);
        pair.One.Link.Close(1);
        await pair.Other.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Towards_who_has_no_tcp_the_path_goes_by_webrtc()
    {
        await using var pair = new LinkPair(Both, Rtc);
        await pair.OpenAsync();
        Assert.False(((NodePathLink)pair.One.Link).GoesByTcp(1));
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 7 }));
        Assert.Equal([7], await pair.Other.ReceiveAsync());
        pair.Other.Link.Close(1);
        await pair.One.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.False(pair.One.Link.TrySend(1, new byte[] { 1 }));
    }

    [Theory]
    [InlineData("stun:192.0.2.1", false, "192.0.2.1", 3478, TurnTransport.Udp)]
    [InlineData("turn:[2001:db8::1]:5000?transport=udp", true, "2001:db8::1", 5000, TurnTransport.Udp)]
    [InlineData("turn:relay.example.org?transport=udp", true, "relay.example.org", 3478, TurnTransport.Udp)]
    [InlineData("turn:relay.example.org:1?transport=tcp", true, "relay.example.org", 1, TurnTransport.Tcp)]
    [InlineData("turns:relay.example.org", true, "relay.example.org", 5349, TurnTransport.Tls)]
    [InlineData("turns:relay.example.org:443?transport=tcp", true, "relay.example.org", 443, TurnTransport.Tls)]
    [InlineData("turns:relay.example.org?transport=udp", null, "", 0, TurnTransport.Udp)]
    [InlineData("stun:relay.example.org?transport=tcp", null, "", 0, TurnTransport.Udp)]
    [InlineData("turn:relay.example.org:0", null, "", 0, TurnTransport.Udp)]
    [InlineData("turn:", null, "", 0, TurnTransport.Udp)]
    [InlineData("turn", null, "", 0, TurnTransport.Udp)]
    [InlineData("https://relay.example.org", null, "", 0, TurnTransport.Udp)]
    public void Servers_are_read_as_browsers_write_them(string url, bool? lends, string host, int port, TurnTransport transport)
    {
        var read = IceServerAddresses.TryParse(url, out var isTurn, out var name, out var number, out var by);
        Assert.Equal(lends is not null, read);
        if (read)
            Assert.Equal((lends, host, port, transport), (isTurn, name, number, by));
    }

    [Theory]
    [InlineData("192.168.1.2", CandidateType.Host, "192.168.1.3", CandidateType.Host, Network.Same)]
    [InlineData("192.168.1.2", CandidateType.Host, "192.168.1.3", CandidateType.PeerReflexive, Network.Same)]
    [InlineData("192.168.1.2", CandidateType.Host, "203.0.113.9", CandidateType.Host, Network.Internet)]
    [InlineData("203.0.113.7", CandidateType.Host, "203.0.113.9", CandidateType.Host, Network.Same)]
    [InlineData("192.168.1.2", CandidateType.ServerReflexive, "203.0.113.9", CandidateType.Host, Network.Internet)]
    [InlineData("192.168.1.2", CandidateType.Relayed, "203.0.113.9", CandidateType.Host, Network.Relayed)]
    [InlineData("192.168.1.2", CandidateType.Host, "203.0.113.9", CandidateType.Relayed, Network.Relayed)]
    [InlineData("2001:db8::1", CandidateType.Host, "2001:db8::2", CandidateType.Host, Network.Same)]
    [InlineData("2001:db8::1", CandidateType.Host, "2001:db8:0:1::2", CandidateType.Host, Network.Internet)]
    public void The_settled_pair_tells_how_far_the_other_is(string local, CandidateType localType, string remote, CandidateType remoteType, Network network) =>
        Assert.Equal(network, RtcFacts.NetworkOf(new SelectedPair(Endpoint.From(IPAddress.Parse(local), 1), Endpoint.From(IPAddress.Parse(remote), 2), localType, remoteType, 1)));

    private static Task UntilAsync(string what, Func<bool> holds) => Waiting.UntilAsync(what, () => Task.FromResult(holds()));

    private static RtcPathLink Rtc() => new(new RtcPathParts([IPAddress.Loopback], null, null, (_, _, _, _) => false, TimeProvider.System));

    private static NodePathLink Both() => new(new TcpPathLink([IPAddress.Loopback], 0, RandomSource.System, TimeProvider.System), Rtc(), TimeProvider.System);
}
