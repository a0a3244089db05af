using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

public sealed class HostileTests
{
    private static readonly Endpoint Peer = World.At("9.9.9.9:7000");

    [Fact]
    public void Every_changed_byte_of_a_signed_request_is_refused_or_dropped()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 100_000 });
        var client = world.Client();
        client.Greet();
        var request = client.Build(StunMethod.Allocate, TestClient.Transport);
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            var changed = request.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            client.Send(changed);
            Assert.Equal(0, world.Core.Allocations);
        }

        Assert.Equal(0, new Answer(client.Send(request)).Code);
    }

    [Fact]
    public void Every_prefix_of_every_kind_is_survived()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 100_000 });
        var client = world.Client().Allocate();
        client.Bind(0x4000, Peer);
        byte[][] all =
        [
            client.Build(StunMethod.Allocate, TestClient.Transport), client.Build(StunMethod.Refresh, null), client.Build(StunMethod.ChannelBind, null),
            client.Build(StunMethod.Send, static (ref writer) => XorPeerAddress.Write(ref writer, Peer), sign: false, kind: StunClass.Indication),
            [0x40, 0, 0, 4, 1, 2, 3, 4],
        ];
        foreach (var whole in all)
        {
            for (var length = 0; length < whole.Length; length++)
                Assert.Null(client.Send(whole[..length]));
        }
    }

    [Theory]
    [InlineData(StunClass.Success)]
    [InlineData(StunClass.Error)]
    public void Answers_are_never_answered(StunClass kind)
    {
        var client = new World().Client();
        Assert.Null(client.Send(client.Build(StunMethod.Binding, null, sign: false, kind: kind)));
        Assert.Null(client.Send(client.Build(StunMethod.Allocate, null, sign: false, kind: kind)));
    }

    [Fact]
    public void Unknown_methods_and_wrong_fingerprints_are_dropped()
    {
        var client = new World().Client();
        Assert.Null(client.Send(client.Build((StunMethod)0x0AA, null, sign: false)));
        Assert.Null(client.Send(client.Build(StunMethod.Send, null, sign: false)));
        var changed = client.Build(StunMethod.Binding, null, sign: false, fingerprint: true);
        changed[^1] ^= 1;
        Assert.Null(client.Send(changed));
    }

    [Fact]
    public void A_thief_of_the_5_tuple_without_the_password_changes_nothing()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Bind(0x4000, Peer);
        var thief = world.Client(credential: client.Credential with { Password = "guess" });
        Assert.Equal(401, thief.Refresh(0).Code);
        Assert.Equal(401, thief.Permit(World.At("8.8.8.8:1")).Code);
        Assert.Equal(1, world.Core.Allocations);
        Assert.Null(client.SendTo(World.At("8.8.8.8:1"), [1]));
    }

    [Fact]
    public void A_request_that_is_repeated_from_elsewhere_is_stale_there()
    {
        var world = new World();
        var client = world.Client().Allocate();
        var request = client.Build(StunMethod.Refresh, static (ref writer) => Lifetime.Write(ref writer, 0));
        Assert.Equal(438, new Answer(world.Client("192.0.2.99:4000").Send(request)).Code);
        Assert.Equal(1, world.Core.Allocations);
    }

    [Fact]
    public void Datagrams_of_any_size_pass_or_are_dropped()
    {
        var world = new World(new RelayOptions { BytesPerSecond = 0 });
        var client = world.Client().Allocate();
        client.Permit(Peer);
        Assert.NotNull(world.FromPeer(client.Relayed, Peer, new byte[65_000]));
        Assert.Null(world.FromPeer(client.Relayed, Peer, new byte[65_507]));
        client.Bind(0x4000, Peer);
        Assert.NotNull(client.SendOn(0x4000, new byte[65_503]));
    }

    [Fact]
    public void A_datagram_for_a_socket_that_was_closed_is_dropped()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Permit(Peer);
        var port = world.Bound[client.Relayed].Port;
        client.Refresh(0);
        Assert.Equal(RelayAction.Drop, world.Core.FromPeer(port, Peer, World.Buffer([1]), RelayCore.HeadRoom, 1, out _));
        Assert.Equal(RelayAction.Drop, world.Core.FromPeer(12_345, Peer, World.Buffer([1]), RelayCore.HeadRoom, 1, out _));
        Assert.Equal(RelayAction.Drop, world.Core.FromPeer(-1, Peer, World.Buffer([1]), RelayCore.HeadRoom, 1, out _));
    }

    [Fact]
    public void A_driver_without_room_around_the_datagram_is_told()
    {
        var world = new World();
        Assert.Throws<ArgumentException>(() => world.Core.FromClient(world.Client().Key, new byte[2048], 0, 20, out _));
        Assert.Throws<ArgumentException>(() => world.Core.FromPeer(0, Peer, new byte[1024], 64, 960, out _));
        Assert.Throws<ArgumentException>(() => world.Core.AddLocal(default, RelayTransport.Udp));
    }
}
