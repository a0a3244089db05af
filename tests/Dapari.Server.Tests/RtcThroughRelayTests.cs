using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
        await UntilNothingIsLentAsync(server);
    }

    [Fact]
    public async Task Two_peers_talk_through_coturn()
    {
        var port = FreePort();
        using var coturn = Coturn($"-p {port} --no-tls --no-dtls");
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

    [Theory]
    [InlineData(TurnTransport.Tcp)]
    [InlineData(TurnTransport.Tls)]
    public async Task Two_peers_talk_through_this_relay_over_a_stream_and_give_their_addresses_back(TurnTransport transport)
    {
        await using var server = await StartWithTlsAsync();
        var (turn, judge) = await StreamServerAsync(server, transport);
        await TalkAsync(turn, () => Assert.Equal(2, Lent(server)), judge);
        await UntilNothingIsLentAsync(server);
    }

    [Theory]
    [InlineData(TurnTransport.Tcp)]
    [InlineData(TurnTransport.Tls)]
    public async Task Two_peers_talk_through_coturn_over_a_stream(TurnTransport transport)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-coturn-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=relay.test", key, HashAlgorithmName.SHA256);
        using var own = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        await File.WriteAllTextAsync($"{folder}/cert.pem", own.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync($"{folder}/key.pem", key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        var (plain, tls) = (FreePort(), FreePort());
        using var coturn = Coturn($"-p {plain} --tls-listening-port {tls} --no-dtls --cert {folder}/cert.pem --pkey {folder}/key.pem");
        try
        {
            await UntilItListensAsync(plain);
            await UntilItListensAsync(tls);
            await TalkAsync(
                new TurnServer(Endpoint.From(IPAddress.Loopback, transport == TurnTransport.Tcp ? plain : tls), "test", "secret", transport, "relay.test"), () => { },
                (_, certificate, _, _) => certificate?.GetCertHashString() == own.GetCertHashString());
        }
        finally
        {
            coturn.Kill();
            await coturn.WaitForExitAsync(TestContext.Current.CancellationToken);
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public async Task Where_UDP_is_answered_by_nobody_the_stream_lends()
    {
        await using var server = await StartWithTlsAsync();
        var (turn, judge) = await StreamServerAsync(server, TurnTransport.Tls);
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        var blocked = turn with { Address = Endpoint.From(IPAddress.Loopback, (ushort)((IPEndPoint)silent.Client.LocalEndPoint!).Port), Transport = TurnTransport.Udp };
        await using var end = new End(certificate, true, [blocked, turn], judge);
        end.Start();
        await end.UntilAsync(RtcEventKind.CandidateFound);
        Assert.Equal(CandidateType.Relayed, Assert.Single(end.Candidates).Type);
        Assert.Equal(1, Lent(server));
    }

    [Fact]
    public async Task Where_UDP_lends_nobody_connects()
    {
        await using var server = await StartWithTlsAsync();
        var (turn, _) = await StreamServerAsync(server, TurnTransport.Tcp);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using var end = new End(certificate, true, [turn with { Address = Endpoint.From(IPAddress.Loopback, (ushort)((IPEndPoint)listener.LocalEndpoint).Port) }, turn with { Transport = TurnTransport.Udp }]);
        end.Start();
        await end.UntilAsync(RtcEventKind.GatheringDone);
        Assert.Single(end.Candidates);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_server_whose_certificate_is_refused_lends_nothing()
    {
        await using var server = await StartWithTlsAsync();
        var (turn, _) = await StreamServerAsync(server, TurnTransport.Tls);
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        var judged = "";
        foreach (var judge in (RemoteCertificateValidationCallback?[])[null, (sender, _, _, _) => (judged = ((SslStream)sender).TargetHostName) == ""])
        {
            await using var end = new End(certificate, true, [turn with { Name = "other.test" }], judge);
            end.Start();
            await end.UntilAsync(RtcEventKind.GatheringDone);
            Assert.Empty(end.Candidates);
        }

        Assert.Equal("other.test", judged);
        Assert.Equal(0, Lent(server));
    }

    [Fact]
    public async Task When_the_connection_breaks_what_it_lent_is_no_longer_an_address()
    {
        await using var server = await StartWithTlsAsync();
        var (turn, judge) = await StreamServerAsync(server, TurnTransport.Tls);
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using var first = new End(certificate, true, [turn], judge);
        await using var second = new End(certificate, false, [turn], judge);
        await End.MeetAsync(first, second);
        await server.Host.DisposeAsync();
        await first.UntilAsync(RtcEventKind.Failed);
    }

    [Fact]
    public async Task With_a_wrong_password_gathering_ends_without_an_address()
    {
        await using var server = await TestServer.StartAsync(o => o with { Relay = new RelayServing { Port = 0, Addresses = [IPAddress.Loopback] } });
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using var end = new End(certificate, true, [new TurnServer(Endpoint.From(IPAddress.Loopback, (ushort)server.Host.Relay.Ports!.Udp), "1:nobody", "guess")]);
        end.Start();
        await end.UntilAsync(RtcEventKind.GatheringDone);
        Assert.Empty(end.Candidates);
    }

    private static Process Coturn(string arguments)
    {
        var coturn = Process.Start(new ProcessStartInfo("turnserver",
            $"-n {arguments} -L 127.0.0.1 -E 127.0.0.1 --lt-cred-mech --user test:secret --realm test --allow-loopback-peers --no-cli --log-file /dev/null --simple-log --pidfile /dev/null")
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = coturn.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = coturn.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        return coturn;
    }

    // What is sent over UDP is sent again; a connection is refused once.
    private static async Task UntilItListensAsync(ushort port)
    {
        for (var since = Stopwatch.StartNew(); ; await Task.Yield())
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException)
            {
                Assert.True(since.Elapsed < Patience, "coturn does not listen");
            }
        }
    }

    private static Task<TestServer> StartWithTlsAsync() => TestServer.StartAsync(o => o with
    {
        Https = true, TrustListen = new IPEndPoint(IPAddress.Loopback, 0),
        Relay = new RelayServing { Port = 0, Addresses = [IPAddress.Loopback], Allowed = [IpRange.Parse("127.0.0.0/8")] },
    });

    /// <summary>The relay by one of its streams; over TLS only this server's own certificate is taken, which names the address.</summary>
    private static async Task<(TurnServer Turn, RemoteCertificateValidationCallback Judge)> StreamServerAsync(TestServer server, TurnTransport transport)
    {
        await using var client = await TestClient.ConnectAsync(server.Uri, configure: o => o.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null);
        await client.HelloAsync();
        await client.CreateAsync(new TestMailbox());
        var access = (await client.AskAsync(new ClientFrame { TakeRelayAccess = new TakeRelayAccess() })).RelayAccess;
        var port = transport == TurnTransport.Tls ? server.Uri.Port : server.Host.Relay.Ports!.Tcp;
        return (new TurnServer(Endpoint.From(IPAddress.Loopback, (ushort)port), access.Username, access.Password, transport, server.Uri.Host),
            (_, _, _, errors) => errors == SslPolicyErrors.RemoteCertificateChainErrors);
    }

    private static async Task UntilNothingIsLentAsync(TestServer server)
    {
        for (var since = Stopwatch.StartNew(); Lent(server) > 0; await Task.Yield())
            Assert.True(since.Elapsed < Patience, "addresses are still lent");
    }

    private static async Task TalkAsync(TurnServer turn, Action whileLent, RemoteCertificateValidationCallback? judge = null)
    {
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using (var first = new End(certificate, true, [turn], judge))
        await using (var second = new End(certificate, false, [turn], judge))
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

        public End(DtlsCertificate certificate, bool offerer, IReadOnlyList<TurnServer> turn, RemoteCertificateValidationCallback? judge = null) => _driver = new RtcDriver(
            new RtcDriverOptions
            {
                Peer = new RtcPeerOptions { Offerer = offerer, Certificate = certificate, Ice = new IceOptions { RelayOnly = true } },
                Addresses = [IPAddress.Loopback],
                TurnServers = turn,
                Judge = judge,
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
