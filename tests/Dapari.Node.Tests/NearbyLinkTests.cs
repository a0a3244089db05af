using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using Dapari.Crypto;
using Dapari.Node.Nearby;
using Dapari.Node.Paths;
using Dapari.Peer.Hosting;
using Dapari.Rtc;
using Dapari.Rtc.Mdns;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Wire;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>Finding contacts, on loopback's groups: real sockets, and nobody else hears it.</summary>
public sealed class NearbyLinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Contacts_find_each_other_and_what_one_says_the_other_hears()
    {
        await using var alice = new End();
        await using var bob = new End();
        Acquaint(alice, bob);
        Assert.Equal("found", await alice.HappenedAsync());
        Assert.Equal("found", await bob.HappenedAsync());
        var longest = RandomSource.System.Bytes(WireLimits.EnvelopeBytes + 1);
        alice.Link.Send(alice.Other, longest);
        alice.Link.Send(alice.Other, new byte[] { 7 });
        Assert.Equal(longest, await bob.HeardAsync());
        Assert.Equal([7], await bob.HeardAsync());
        bob.Link.Send(bob.Other, new byte[] { 8 });
        Assert.Equal([8], await alice.HeardAsync());
        bob.Link.Watch([]);
        Assert.Equal("lost", await alice.HappenedAsync());
        Assert.Equal("lost", await bob.HappenedAsync());
    }

    [Fact]
    public async Task A_connection_that_breaks_is_made_anew()
    {
        await using var alice = new End();
        await using var bob = new End();
        Acquaint(alice, bob);
        Assert.Equal("found", await alice.HappenedAsync());
        Assert.Equal("found", await bob.HappenedAsync());
        // A length that no message has ends it, at whichever end.
        alice.Link.Send(alice.Other, new byte[WireLimits.EnvelopeBytes + 2]);
        foreach (var end in (End[])[alice, bob])
        {
            Assert.Equal("lost", await end.HappenedAsync());
            Assert.Equal("found", await end.HappenedAsync());
        }
    }

    [Fact]
    public async Task Who_shares_no_secret_is_not_found_beside_who_does()
    {
        await using var alice = new End();
        await using var bob = new End();
        await using var stranger = new End();
        // Knows one of the two secrets, as if it had once seen one mailbox's key.
        stranger.Link.Watch([new NearbyContact(stranger.Other, RandomSource.System.Bytes(32), bob.Secret)]);
        Acquaint(alice, bob);
        Assert.Equal("found", await alice.HappenedAsync());
        Assert.Equal("found", await bob.HappenedAsync());
        Assert.True(stranger.IsSilent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_repeats_an_announcement_learns_nobodys_name_and_proves_nothing(bool answers)
    {
        await using var alice = new End();
        var (bob, secret) = (ContactId.Random(RandomSource.System), new byte[32]);
        // Alice connects to who has the greater secret. Somebody else tells Bob's announcement of Alice's network, with a port of their own.
        secret.AsSpan().Fill(0xFF);
        using var keys = NearbyKeys.Create(secret, alice.Secret);
        var (nonce, tag) = (RandomSource.System.Bytes(NearbyText.NonceLength), new byte[NearbyText.TagLength]);
        keys.OwnTag(nonce, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 86_400, tag);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        alice.Link.Watch([new NearbyContact(bob, alice.Secret, secret)]);
        await using var port = new MulticastPort(MulticastLink.Loopback);
        var agent = new ServiceAgent(NearbyBeacon.Service, Entropy.System);
        agent.Offer(
            new ServiceInstance("somebody", (ushort)((IPEndPoint)listener.LocalEndpoint).Port, NearbyText.Write(nonce, [tag], RandomSource.System), [Endpoint.V4(0x7F00_0001, 0)]), 0);
        agent.Advance(0);
        Assert.True(agent.TryTake(out var message));
        foreach (var link in port.Links)
            port.Send(link, message);
        using var came = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(came.GetStream());
        using var certificate = PathCertificate.Create(TimeProvider.System);
        await tls.AuthenticateAsServerAsync(NearbyTls.Judge(certificate), TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        var proof = new byte[NearbyKeys.ProofLength];
        await tls.ReadExactlyAsync(proof, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        if (answers)
            await tls.WriteAsync(proof, TestContext.Current.CancellationToken); // Its own proof back: of the other end, so it is none.
        else
            await tls.WriteAsync(new byte[NearbyKeys.ProofLength], TestContext.Current.CancellationToken);
        // Alice closes, and has found nobody.
        Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.True(alice.IsSilent);
    }

    [Fact]
    public async Task Who_knows_a_token_and_no_secret_is_closed_on()
    {
        await using var alice = new End();
        var bob = ContactId.Random(RandomSource.System);
        // Bob connects, and names a token that anybody on the network can read.
        var secret = new byte[32];
        using var keys = NearbyKeys.Create(secret, alice.Secret);
        await using var port = new MulticastPort(MulticastLink.Loopback);
        var told = new TaskCompletionSource<(ServiceInstance Instance, byte[] Nonce)>(TaskCreationOptions.RunContinuationsAsynchronously);
        port.Received += (_, message) =>
        {
            var tag = new byte[NearbyText.TagLength];
            if (!ServiceMessage.TryRead(message.Span, NearbyBeacon.Service, out var instance, out var gone) || gone || !NearbyText.TryRead(instance.Text.Span, out var nonce, out var tags))
                return;
            keys.TheirTag(nonce, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 86_400, tag);
            if (NearbyText.Holds(tags, tag))
                told.TrySetResult((instance, nonce));
        };
        alice.Link.Watch([new NearbyContact(bob, alice.Secret, secret)]);
        var (announced, nonce) = await told.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, announced.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(new NetworkStream(socket));
        using var certificate = PathCertificate.Create(TimeProvider.System);
        await tls.AuthenticateAsClientAsync(
            PathTls.Client(certificate, Convert.ToHexStringLower(keys.Token(nonce)), shown => shown is not null), TestContext.Current.CancellationToken);
        await tls.WriteAsync(new byte[NearbyKeys.ProofLength], TestContext.Current.CancellationToken);
        Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.True(alice.IsSilent);
    }

    [Fact]
    public async Task What_is_no_announcement_of_ours_and_floods_of_it_keep_nobody_from_being_found()
    {
        await using var alice = new End();
        await using var bob = new End();
        await using var port = new MulticastPort(MulticastLink.Loopback);
        var agent = new ServiceAgent(NearbyBeacon.Service, Entropy.System);
        foreach (var text in (byte[][])[[1], new byte[NearbyText.Length], NearbyText.Write(new byte[NearbyText.NonceLength], [], RandomSource.System)])
        {
            agent.Offer(new ServiceInstance("noise", 1, text, [Endpoint.V4(0x7F00_0001, 0)]), 0);
            agent.Advance(0);
            while (agent.TryTake(out var message))
            {
                foreach (var link in port.Links)
                    port.Send(link, message);
            }
        }

        Acquaint(alice, bob);
        Assert.Equal("found", await alice.HappenedAsync());
        Assert.Equal("found", await bob.HappenedAsync());
    }

    private static void Acquaint(End one, End other)
    {
        one.Link.Watch([new NearbyContact(one.Other, one.Secret, other.Secret)]);
        other.Link.Watch([new NearbyContact(other.Other, other.Secret, one.Secret)]);
    }

    private sealed class End : IAsyncDisposable
    {
        private readonly MulticastPort _port = new(MulticastLink.Loopback);
        private readonly TcpPathLink _paths = new([IPAddress.Loopback], 0, RandomSource.System, TimeProvider.System);
        private readonly Channel<string> _happened = Channel.CreateUnbounded<string>();
        private readonly Channel<byte[]> _heard = Channel.CreateUnbounded<byte[]>();

        public End()
        {
            Link = new NearbyLink(_port, _paths, RandomSource.System, TimeProvider.System);
            Link.Found += contact => Happened(contact, "found");
            Link.Lost += contact => Happened(contact, "lost");
            Link.Received += (_, message) => _heard.Writer.TryWrite(message);
        }

        public NearbyLink Link { get; }

        public ContactId Other { get; } = ContactId.Random(RandomSource.System);

        // Not the least or the greatest that there is.
        public byte[] Secret { get; } = [0x80, .. RandomSource.System.Bytes(31)];

        public bool IsSilent => !_happened.Reader.TryPeek(out _);

        public async Task<string> HappenedAsync() => await _happened.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

        public async Task<byte[]> HeardAsync() => await _heard.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

        public async ValueTask DisposeAsync()
        {
            Link.Dispose();
            await _paths.DisposeAsync();
            await _port.DisposeAsync();
        }

        private void Happened(ContactId contact, string what) => _happened.Writer.TryWrite(contact == Other || what == "lost" ? what : "somebody else");
    }
}
