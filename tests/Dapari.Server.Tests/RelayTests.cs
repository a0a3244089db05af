using System.Net;
using System.Net.Sockets;
using Dapari.Relay.Peers;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;
using Dapari.Wire.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>The gatehouse inside the server: who gets in, by which doors, and what happens when a door cannot be opened.</summary>
public sealed class RelayTests
{
    private static readonly RelayServing Open = new() { Port = 0, Addresses = [IPAddress.Loopback], Allowed = [IpRange.Parse("127.0.0.0/8")] };
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 1199).Select(i => (byte)(i % 251))];

    [Fact]
    public async Task Access_is_given_only_to_who_owns_a_mailbox()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(Refusal.NotOpen, (await TakeAsync(client)).Refused.Refusal);
        var foreign = new TestMailbox();
        await client.CreateAsync(foreign);
        await using var other = await server.ConnectAsync();
        await other.OpenSenderAsync(foreign);
        Assert.Equal(Refusal.NotOpen, (await TakeAsync(other)).Refused.Refusal); // Writing to a mailbox is not owning one.
        var access = (await TakeAsync(client)).RelayAccess;
        var port = server.Host.Relay.Ports!.Udp;
        Assert.Equal([$"turn:127.0.0.1:{port}?transport=udp", $"turn:127.0.0.1:{port}?transport=tcp"], access.Urls);
        Assert.Equal(12u * 3600, access.LifetimeSeconds);
        Assert.Equal(access.Username, (await TakeAsync(client)).RelayAccess.Username); // Asking again gives no second quota.
        await client.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = foreign.Id.ToByteString() } });
        Assert.Equal(Refusal.NotOpen, (await TakeAsync(client)).Refused.Refusal);
    }

    [Fact]
    public async Task Access_is_limited_in_rate_for_each_address()
    {
        await using var server = await StartAsync(o => o with { Rates = RateOptions.Unlimited with { RelayAccess = new Rate(1, 1) } });
        await using var client = await OwnerAsync(server);
        Assert.NotNull((await TakeAsync(client)).RelayAccess);
        var refused = (await TakeAsync(client)).Refused;
        Assert.Equal((Refusal.Rate, 60_000u), (refused.Refusal, refused.RetryAfterMs));
    }

    [Theory]
    [InlineData("udp", "udp")]
    [InlineData("tcp", "udp")]
    [InlineData("tls", "tcp")]
    [InlineData("alpn", "tls")]
    public async Task Two_devices_meet_by_every_door(string one, string other)
    {
        await using var server = await StartAsync(Https);
        await using var owner = await OwnerAsync(server);
        var access = (await TakeAsync(owner)).RelayAccess;
        await using var alice = (await ByAsync(server, one)).With(access);
        await using var bob = (await ByAsync(server, other)).With(access);
        Assert.Equal(0, await alice.AllocateAsync());
        Assert.Equal(0, await bob.AllocateAsync());
        Assert.Equal(0, await alice.BindAsync(0x4000, bob.Relayed));
        Assert.Equal(0, await bob.BindAsync(0x7ABC, alice.Relayed));
        await alice.SendAsync(0x4000, Payload);
        Assert.Equal(Payload, await bob.ReceiveAsync());
        await bob.SendAsync(0x7ABC, Payload[..3]);
        Assert.Equal(Payload[..3], await alice.ReceiveAsync());
    }

    [Fact]
    public async Task The_HTTPS_port_goes_on_serving_the_web_and_names_turns()
    {
        await using var server = await StartAsync(Https);
        await using (var turn = await RelayClient.TlsAsync(server.Uri.Port))
            Assert.Equal(401, await turn.AllocateAsync());
        await using var web = await RelayClient.TlsAsync(server.Uri.Port, "http/1.1");
        var answer = System.Text.Encoding.ASCII.GetString(await web.SayAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray()));
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        await using var client = await TestClient.ConnectAsync(server.Uri, configure: o => o.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null);
        await client.HelloAsync();
        await client.CreateAsync(new TestMailbox());
        Assert.Contains($"turns:127.0.0.1:{server.Uri.Port}?transport=tcp", (await TakeAsync(client)).RelayAccess.Urls);
    }

    [Fact]
    public async Task Nothing_is_relayed_without_credentials_with_wrong_or_with_old_ones()
    {
        await using var server = await StartAsync();
        await using var owner = await OwnerAsync(server);
        var access = (await TakeAsync(owner)).RelayAccess;
        var port = server.Host.Relay.Ports!.Udp;
        await using var stranger = await RelayClient.UdpAsync(port);
        Assert.Equal(401, await stranger.AllocateAsync());
        await using var liar = (await RelayClient.UdpAsync(port)).With(access);
        liar.Username = liar.Username.Replace(":", "0:", StringComparison.Ordinal);
        Assert.Equal(401, await liar.AllocateAsync());
        server.Time.Advance(TimeSpan.FromHours(12) + TimeSpan.FromSeconds(1));
        await using var late = (await RelayClient.UdpAsync(port)).With(access);
        Assert.Equal(401, await late.AllocateAsync());
    }

    [Fact]
    public async Task The_machine_itself_is_no_peer_unless_allowed()
    {
        await using var server = await StartAsync(o => o with { Relay = Open with { Allowed = [] } });
        await using var owner = await OwnerAsync(server);
        await using var client = (await RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp)).With((await TakeAsync(owner)).RelayAccess);
        Assert.Equal(0, await client.AllocateAsync());
        Assert.Equal(403, await client.BindAsync(0x4000, Rtc.Endpoint.V4(0x7F000002, 22)));
        Assert.Equal(403, await client.BindAsync(0x4000, Rtc.Endpoint.V4(0x0A000001, 22)));
    }

    [Fact]
    public async Task The_secret_is_made_once_for_the_owner_alone_and_outlives_the_server()
    {
        await using var server = await StartAsync();
        await using var owner = await OwnerAsync(server);
        var access = (await TakeAsync(owner)).RelayAccess;
        var file = Path.Combine(server.Data, "relay.secret");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        await server.RestartAsync();
        await using (var client = (await RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp)).With(access))
            Assert.Equal(0, await client.AllocateAsync());

        // A new key in front: it issues, and the old one is still taken.
        await File.WriteAllLinesAsync(file, [Convert.ToBase64String(new byte[32]), .. await File.ReadAllLinesAsync(file, Token)], Token);
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await server.Host.Relay.LookAsync();
        await using (var client = (await RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp)).With(access))
            Assert.Equal(0, await client.AllocateAsync());
        await using var again = await OwnerAsync(server);
        await using (var client = (await RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp)).With((await TakeAsync(again)).RelayAccess))
            Assert.Equal(0, await client.AllocateAsync());

        // A damaged file changes nothing while it runs.
        await File.WriteAllTextAsync(file, "???", Token);
        await server.Host.Relay.LookAsync();
        await using (var client = (await RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp)).With(access))
            Assert.Equal(0, await client.AllocateAsync());
    }

    [Fact]
    public async Task A_taken_port_costs_the_relay_and_nothing_else()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var taken = ((IPEndPoint)other.LocalEndPoint!).Port;
        await using var server = await StartAsync(o => o with { Relay = Open with { Port = taken } });
        Assert.Null(server.Host.Relay.Ports);
        Assert.Contains($"{taken} cannot be had (another program has it)", server.Host.Relay.Fault, StringComparison.Ordinal);
        await using var owner = await OwnerAsync(server);
        Assert.Equal(Refusal.NoRelay, (await TakeAsync(owner)).Refused.Refusal);
        var said = new StringWriter();
        Hosting.Greeting.Write(said, server.Host);
        Assert.Contains("Without a relay:", said.ToString(), StringComparison.Ordinal);
        // The TCP port was given back.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, taken));
    }

    [Fact]
    public async Task Without_its_TCP_port_it_serves_UDP_and_says_so()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await using var server = await StartAsync(o => o with { Relay = Open with { Port = ((IPEndPoint)other.LocalEndPoint!).Port } });
        Assert.Contains("UDP only", server.Host.Relay.Fault, StringComparison.Ordinal);
        await using var owner = await OwnerAsync(server);
        Assert.Single((await TakeAsync(owner)).RelayAccess.Urls);
    }

    [Fact]
    public async Task A_relay_elsewhere_is_told_with_credentials_of_the_shared_secret()
    {
        await using var relay = await StartAsync();
        var file = Path.Combine(relay.Data, "relay.secret");
        await using var server = await StartAsync(o => o with { Relay = new RelayServing { On = false, SecretFile = file, Urls = ["turn:relay.example:3478?transport=udp"] } });
        await using var owner = await OwnerAsync(server);
        var access = (await TakeAsync(owner)).RelayAccess;
        Assert.Equal(["turn:relay.example:3478?transport=udp"], access.Urls);
        await using var client = (await RelayClient.UdpAsync(relay.Host.Relay.Ports!.Udp)).With(access);
        Assert.Equal(0, await client.AllocateAsync());
    }

    [Fact]
    public async Task Addresses_that_come_are_listened_at_and_those_that_go_are_left()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-relay-").FullName;
        IPAddress[] addresses = [IPAddress.Loopback];
        await using var relay = RelayHost.Start(
            Open with { Addresses = [] }, RelaySecretFile.Open(folder, null), new FakeTimeProvider(), NullLogger.Instance, () => addresses);
        var later = IPAddress.Parse("127.0.0.77");
        Assert.Single(relay.Listening);
        addresses = [IPAddress.Loopback, later];
        await relay.LookAsync();
        Assert.Equal([(IPAddress.Loopback, relay.Ports!.Udp), (later, relay.Ports.Udp)], relay.Listening.Select(e => (e.ToIPAddress(), (int)e.Port)));
        addresses = [IPAddress.Loopback];
        await relay.LookAsync();
        Assert.Single(relay.Listening);
        using var free = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        free.Bind(new IPEndPoint(later, relay.Ports.Udp));
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task A_bug_in_the_relay_ends_the_relay_alone()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-relay-").FullName;
        var time = new StoppableTime();
        await using (var relay = RelayHost.Start(Open, RelaySecretFile.Open(folder, null), time, NullLogger.Instance))
        {
            var port = relay.Ports!.Udp;
            time.IsBroken = true;
            await using var client = await RelayClient.UdpAsync(port);
            await client.PokeAsync(); // Wakes a thread, which asks for the time.
            await relay.Broken.WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Null(relay.Ports);
            Assert.Contains("fault of its own", relay.Fault, StringComparison.Ordinal);
            using var free = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            free.Bind(new IPEndPoint(IPAddress.Loopback, port)); // Its sockets are closed.
        }

        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task It_runs_alone_with_TLS_of_its_own()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-relay-").FullName;
        var options = new ServerOptions { Data = folder, Https = true, Relay = Open with { TlsPort = 0 } };
        var said = new LineWriter();
        using var stop = new CancellationTokenSource();
        var running = RelayCommand.RunAsync(options, TimeProvider.System, said, stop.Token);
        var line = await said.Line.WaitAsync(TimeSpan.FromSeconds(30), Token);
        var printed = new StringWriter();
        Assert.Equal(0, RelayCommand.Credential(options, TimeProvider.System, printed));
        var credential = printed.ToString().Split('\n');
        var tls = int.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        await using (var client = await RelayClient.TlsAsync(tls))
        {
            (client.Username, client.Password) = (credential[0].Trim(), credential[1].Trim());
            Assert.Equal(0, await client.AllocateAsync());
        }

        await using (var plain = await RelayClient.TcpAsync(tls))
            Assert.Empty(await plain.SayAsync([0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).ContinueWith(t => t.IsFaulted ? [] : t.Result.Where(b => b == 0x42).ToArray(), Token, TaskContinuationOptions.None, TaskScheduler.Default));
        await stop.CancelAsync();
        Assert.Equal(0, await running.WaitAsync(TimeSpan.FromSeconds(30), Token));
        Directory.Delete(folder, true);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? change = null) =>
        TestServer.StartAsync(o => (change ?? (same => same))(o with { Relay = Open }));

    private static ServerOptions Https(ServerOptions options) => options with { Https = true, TrustListen = new IPEndPoint(IPAddress.Loopback, 0) };

    private static async Task<TestClient> OwnerAsync(TestServer server)
    {
        var client = await TestClient.ConnectAsync(server.Uri, configure: o => o.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null);
        await client.HelloAsync();
        await client.CreateAsync(new TestMailbox());
        return client;
    }

    private static Task<ServerFrame> TakeAsync(TestClient client) => client.AskAsync(new ClientFrame { TakeRelayAccess = new TakeRelayAccess() });

    private static Task<RelayClient> ByAsync(TestServer server, string door) => door switch
    {
        "udp" => RelayClient.UdpAsync(server.Host.Relay.Ports!.Udp),
        "tcp" => RelayClient.TcpAsync(server.Host.Relay.Ports!.Tcp),
        "tls" => RelayClient.TlsAsync(server.Uri.Port),
        _ => RelayClient.TlsAsync(server.Uri.Port, "stun.turn"),
    };

    /// <summary>A clock that can be made to throw: a bug to order.</summary>
    private sealed class StoppableTime : TimeProvider
    {
        private volatile bool _broken;

        public bool IsBroken { set => _broken = value; }

        public override DateTimeOffset GetUtcNow() => _broken ? throw new InvalidOperationException("A bug.") : base.GetUtcNow();
    }

    /// <summary>Gives the first line that is written.</summary>
    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public override void Flush() => _line.TrySetResult(ToString().Split('\n')[0].TrimEnd());
    }
}
