using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Dapari.Relay;
using Dapari.Relay.Peers;
using Dapari.Rtc;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Server.Relays;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Two native peers that meet at this server's relay and nowhere else.</summary>
public sealed class RtcThroughRelayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Two_peers_with_relayed_addresses_alone_talk_and_give_them_back()
    {
        await using var server = await TestServer.StartAsync(o => o with
        {
            Relay = new RelayServing { Port = 0, Addresses = [IPAddress.Loopback], Allowed = [IpRange.Parse("127.0.0.0/8")] },
        });
        await using var owner = await server.ConnectAsync();
        await owner.CreateAsync(new TestMailbox());
        var access = (await owner.AskAsync(new ClientFrame { TakeRelayAccess = new TakeRelayAccess() })).RelayAccess;
        var turn = new TurnServer(Endpoint.From(IPAddress.Loopback, (ushort)server.Host.Relay.Ports!.Udp), access.Username, access.Password);
        await TalkAsync(turn, () => Assert.Equal(2, Lent(server)));
        for (var since = Stopwatch.StartNew(); Lent(server) > 0;)
        {
            Assert.True(since.Elapsed < Patience, "addresses are still lent");
            await owner.AskAsync(new ClientFrame { Ping = new Ping() });
        }
    }

    [Fact]
    public async Task Two_peers_talk_through_coturn()
    {
        var port = FreePort();
        using var coturn = Process.Start(new ProcessStartInfo("turnserver",
            $"-n -p {port} -L 127.0.0.1 -E 127.0.0.1 --no-tls --no-dtls --lt-cred-mech --user test:secret --realm test --allow-loopback-peers --no-cli --log-file /dev/null --simple-log --pidfile /dev/null")
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = coturn.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = coturn.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await TalkAsync(new TurnServer(Endpoint.From(IPAddress.Loopback, port), "test", "secret"), () => { });
        }
        finally
        {
            coturn.Kill();
            await coturn.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task With_a_wrong_password_gathering_ends_without_an_address()
    {
        await using var server = await TestServer.StartAsync(o => o with { Relay = new RelayServing { Port = 0, Addresses = [IPAddress.Loopback] } });
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using var end = new End(certificate, true, new TurnServer(Endpoint.From(IPAddress.Loopback, (ushort)server.Host.Relay.Ports!.Udp), "1:nobody", "guess"));
        end.Start();
        await end.UntilAsync(RtcEventKind.GatheringDone);
        Assert.Empty(end.Candidates);
    }

    private static async Task TalkAsync(TurnServer turn, Action whileLent)
    {
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using (var first = new End(certificate, true, turn))
        await using (var second = new End(certificate, false, turn))
        {
            (first.Other, second.Other) = (second, first);
            await End.MeetAsync(first, second);
            Assert.Equal(CandidateType.Relayed, (await first.AskAsync((peer, _) => peer.SelectedPair))?.LocalType);
            var channel = await first.AskAsync((peer, _) => peer.OpenChannel("test", "", ChannelReliability.Reliable, ordered: true));
            await first.UntilAsync(RtcEventKind.ChannelOpened);
            var message = new byte[100_000];
            Random.Shared.NextBytes(message);
            for (var i = 0; i < 20; i++)
                Assert.Equal(SendResult.Accepted, await first.SendAsync(channel, message));
            for (var i = 0; i < 20; i++)
                Assert.Equal(message, await second.NextAsync());
            whileLent();
        }

    }

    /// <summary>Both over UDP and over TCP: coturn listens at both.</summary>
    private static ushort FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return (ushort)((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static long Lent(TestServer server) => server.Host.Relay.Shared!.Read(RelayCount.Allocated) - server.Host.Relay.Shared.Read(RelayCount.Ended);

    private sealed class End : IRtcListener, IAsyncDisposable
    {
        private readonly Channel<RtcEventKind> _events = Channel.CreateUnbounded<RtcEventKind>();
        private readonly Channel<byte[]> _messages = Channel.CreateUnbounded<byte[]>();
        private readonly RtcDriver _driver;

        public End(DtlsCertificate certificate, bool offerer, TurnServer turn) => _driver = new RtcDriver(
            new RtcDriverOptions
            {
                Peer = new RtcPeerOptions { Offerer = offerer, Certificate = certificate, Ice = new IceOptions { RelayOnly = true } },
                Addresses = [IPAddress.Loopback],
                TurnServers = [turn],
            },
            this, Entropy.System);

        public End Other { get; set; } = null!;

        public List<IceCandidate> Candidates { get; } = [];

        public static async Task MeetAsync(End first, End second)
        {
            first.Start();
            second.Start();
            await first.UntilAsync(RtcEventKind.GatheringDone);
            await second.UntilAsync(RtcEventKind.GatheringDone);
            var offer = await first.AskAsync((peer, _) => peer.LocalDescription with { Candidates = [.. first.Candidates], EndOfCandidates = true });
            Assert.All(offer.Candidates, candidate => Assert.Equal(CandidateType.Relayed, candidate.Type));
            Assert.True(await second.AskAsync((peer, now) => peer.SetRemote(offer, now)));
            var answer = await second.AskAsync((peer, _) => peer.LocalDescription with { Candidates = [.. second.Candidates], EndOfCandidates = true });
            Assert.True(await first.AskAsync((peer, now) => peer.SetRemote(answer, now)));
            await first.UntilAsync(RtcEventKind.Connected);
            await second.UntilAsync(RtcEventKind.Connected);
        }

        public void Start() => _driver.Start();

        public Task<TAnswer> AskAsync<TAnswer>(Func<RtcPeer, long, TAnswer> ask) => _driver.AskAsync(ask).WaitAsync(Patience);

        public Task<SendResult> SendAsync(RtcChannel channel, byte[] message) => _driver.SendAsync(channel, message, text: false).WaitAsync(Patience);

        public Task<byte[]> NextAsync() => _messages.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public async Task UntilAsync(RtcEventKind kind)
        {
            while (await _events.Reader.ReadAsync().AsTask().WaitAsync(Patience) != kind)
            {
            }
        }

        public void Happened(RtcPeer peer, in RtcEvent told, long nowUs)
        {
            if (told.Kind == RtcEventKind.CandidateFound)
                Candidates.Add(told.Candidate!);
            _events.Writer.TryWrite(told.Kind);
        }

        public void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs) => _messages.Writer.TryWrite(message.ToArray());

        public void Failed(Exception fault) => _events.Writer.TryComplete(fault);

        public ValueTask DisposeAsync() => _driver.DisposeAsync();
    }
}
