using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Dapari.Node.Paths;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>TLS over TCP between two ends: who is let in, and that what goes in comes out.</summary>
public sealed class PathTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Both_ends_open_and_messages_arrive_in_order()
    {
        await using var one = new End();
        await using var other = new End();
        await ConnectAsync(one, other);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(one.Link.TrySend(1, new byte[] { (byte)i, 1 }));
            Assert.True(other.Link.TrySend(1, new byte[] { (byte)i, 2 }));
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal([(byte)i, 2], await one.ReceiveAsync());
            Assert.Equal([(byte)i, 1], await other.ReceiveAsync());
        }

        one.Link.Close(1);
        await other.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.False(other.Link.TrySend(1, new byte[] { 1 }));
    }

    [Fact]
    public async Task A_path_ends_with_the_address_that_it_goes_from_and_not_with_another()
    {
        await using var one = new End();
        await using var other = new End();
        await ConnectAsync(one, other);
        List<string> told = [];
        one.Link.NetworkChanged += () => told.Add("changed");
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        one.Link.Closed += _ =>
        {
            told.Add("closed");
            closed.TrySetResult();
        };
        one.Link.AddressesChanged(address => IPAddress.IsLoopback(address));
        Assert.True(one.Link.TrySend(1, new byte[] { 1 }));
        Assert.Equal([1], await other.ReceiveAsync());
        one.Link.AddressesChanged(_ => false);
        await closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        Assert.Equal(["changed", "changed", "closed"], told);
    }

    [Fact]
    public async Task A_certificate_that_was_not_told_opens_nothing()
    {
        await using var one = new End();
        await using var other = new End();
        var told = other.Open(offerer: false);
        var offer = one.Open(offerer: true);
        // Somebody in the middle has put fingerprints of their own in.
        told.Tcp.Fingerprint = ByteString.CopyFrom(new byte[32]);
        one.Link.Accept(1, told);
        other.Link.Accept(1, offer);
        // The other way is tried too, and refused by the end that was told another fingerprint. Nothing announces that nothing happens: a path after it does.
        await using var third = new End();
        await using var fourth = new End();
        await ConnectAsync(third, fourth);
        Assert.False(one.Opened.Task.IsCompleted);
        Assert.False(other.Opened.Task.IsCompleted);
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.org")]
    [InlineData("00000000000000000000000000000000.dapari.invalid")]
    public async Task A_stranger_sees_no_certificate(string name)
    {
        await using var one = new End();
        var port = (int)one.Open(offerer: true).Tcp.Addresses[0].Port;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        var seen = false;
        await using var tls = new SslStream(new NetworkStream(socket), false, (_, certificate, _, _) =>
        {
            seen = certificate is not null;
            return seen;
        });
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = name, EnabledSslProtocols = SslProtocols.Tls13 }, TestContext.Current.CancellationToken));
        Assert.False(seen);
    }

    [Fact]
    public async Task A_message_of_a_length_that_none_has_ends_the_path()
    {
        await using var one = new End();
        await using var other = new End();
        await ConnectAsync(one, other);
        Assert.True(one.Link.TrySend(1, new byte[WireLimits.EnvelopeBytes + 1]));
        await other.Closed.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_does_not_read_costs_bounded_memory()
    {
        await using var one = new End();
        await using var other = new End { Blocked = new ManualResetEventSlim() };
        await ConnectAsync(one, other);
        var message = new byte[WireLimits.EnvelopeBytes];
        var sent = 0;
        // Until buffers of the system and the queue are full: both have an end.
        while (one.Link.TrySend(1, message))
            Assert.True(++sent < 10_000, "Nothing ever refused.");
        other.Blocked.Set();
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("ff02::1", false)]
    [InlineData("::ffff:224.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("192.168.1.2", true)]
    [InlineData("203.0.113.7", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("::ffff:192.168.1.2", true)]
    public void Only_addresses_that_a_peer_can_have_are_tried(string address, bool tried)
    {
        var ways = new TcpWays();
        ways.Addresses.Add(new TcpAddress { Ip = ByteString.CopyFrom(IPAddress.Parse(address).GetAddressBytes()), Port = 443 });
        Assert.Equal(tried ? 1 : 0, TcpAddresses.Tried(ways, loopback: false).Count);
    }

    private static async Task ConnectAsync(End one, End other)
    {
        var offer = one.Open(offerer: true);
        var answer = other.Open(offerer: false);
        one.Link.Accept(1, answer);
        other.Link.Accept(1, offer);
        await one.Opened.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
        await other.Opened.Task.WaitAsync(_patience, TestContext.Current.CancellationToken);
    }

    private sealed class End : IAsyncDisposable
    {
        private readonly System.Threading.Channels.Channel<byte[]> _received = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        private readonly ConcurrentQueue<Signal> _signals = new();

        public End()
        {
            Link.SignalMade += (_, signal) => _signals.Enqueue(signal);
            Link.Opened += (_, facts) => Opened.TrySetResult(facts);
            Link.Closed += _ => Closed.TrySetResult();
            Link.Received += (_, message) =>
            {
                Blocked?.Wait();
                _received.Writer.TryWrite(message);
            };
        }

        public TcpPathLink Link { get; } = new([IPAddress.Loopback], 0, RandomSource.System, TimeProvider.System);

        public TaskCompletionSource<PathFacts> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim? Blocked { get; init; }

        public Signal Open(bool offerer)
        {
            Link.Open(1, offerer, polite: !offerer, []);
            Assert.True(_signals.TryDequeue(out var signal));
            return signal.Clone();
        }

        public async Task<byte[]> ReceiveAsync() => await _received.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(_patience);

        public async ValueTask DisposeAsync()
        {
            Blocked?.Set();
            await Link.DisposeAsync();
        }
    }
}
