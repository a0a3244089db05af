using Dapari.Relay.Driving;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>
/// Two people who both have only an address at this relay reach each other through it, and nothing else of this machine is opened by that:
/// neither by permissions for its address nor from it.
/// </summary>
public sealed class OwnRelayTests
{
    private static readonly byte[] Payload = [1, 2, 3, 4, 5, 6, 7];

    public static TheoryData<bool, bool> Ways => new() { { false, false }, { true, false }, { false, true }, { true, true } };

    [Theory, MemberData(nameof(Ways))]
    public void Relay_to_relay_works_by_channel_and_by_indication(bool external, bool twoCores)
    {
        var world = new World(external ? new RelayOptions { ExternalV4 = World.At("203.0.113.9:0") } : null, twoCores ? 2 : 1);
        var alice = world.Client().Allocate();
        var bob = world.Client("192.0.2.20:4000", world.Credential("bob"), twoCores ? 1 : 0).Allocate();
        Assert.Equal(0, alice.Bind(0x4001, bob.Relayed).Code);
        Assert.Equal(0, bob.Bind(0x4002, alice.Relayed).Code);
        var arrived = Carry(world, alice, alice.SendOn(0x4001, Payload));
        Assert.Equal(bob.Key, arrived!.Client);
        Assert.Equal("4002000701020304050607", Convert.ToHexString(arrived.Bytes));

        var carol = world.Client("192.0.2.30:4000", world.Credential("carol")).Allocate();
        Assert.Equal(0, carol.Permit(bob.Relayed).Code);
        Assert.Equal(0, bob.Permit(carol.Relayed).Code);
        arrived = Carry(world, carol, carol.SendTo(bob.Relayed, Payload));
        Assert.Equal(bob.Key, arrived!.Client);
        Assert.Equal(0, arrived.Bytes[0]);
    }

    [Fact]
    public void On_a_home_network_it_works_by_the_servers_private_address()
    {
        var world = new World();
        var home = World.At("192.168.1.2:3478");
        var local = world.Core.AddLocal(home, RelayTransport.Udp);
        var alice = new TestClient(world, 0, local, World.At("192.168.1.50:4000"), world.Credential()).Allocate();
        var bob = new TestClient(world, 0, local, World.At("192.168.1.51:4000"), world.Credential("bob")).Allocate();
        Assert.True(bob.Relayed.HasSameAddress(home));
        Assert.Equal(403, alice.Permit(bob.Endpoint).Code);
        Assert.Equal(0, alice.Permit(bob.Relayed).Code);
        Assert.Equal(0, bob.Permit(alice.Relayed).Code);
        Assert.Equal(bob.Key, alice.SendTo(bob.Relayed, Payload)!.Client);
    }

    [Fact]
    public void Other_ports_of_the_relays_address_stay_closed_by_channel_and_by_indication()
    {
        var world = new World();
        var alice = world.Client().Allocate();
        var ssh = World.Server.WithPort(22);
        Assert.Equal(0, alice.Permit(ssh).Code);
        Assert.Null(alice.SendTo(ssh, Payload));
        Assert.Null(alice.SendTo(World.Server, Payload));
        Assert.Equal(0, alice.Bind(0x4000, ssh).Code);
        Assert.Null(alice.SendOn(0x4000, Payload));
        // And nothing of this machine but lent ports gets in.
        Assert.Null(world.FromPeer(alice.Relayed, ssh, Payload));
        Assert.Null(world.FromPeer(alice.Relayed, World.Server, Payload));
    }

    [Fact]
    public void A_port_that_was_given_back_is_closed_from_then_on()
    {
        var world = new World(cores: 2);
        var alice = world.Client().Allocate();
        var bob = world.Client("192.0.2.20:4000", world.Credential("bob"), 1).Allocate();
        alice.Bind(0x4001, bob.Relayed);
        Assert.NotNull(alice.SendOn(0x4001, Payload));
        bob.Refresh(0);
        Assert.Null(alice.SendOn(0x4001, Payload));
    }

    [Fact]
    public void The_bound_address_behind_an_external_one_is_no_peer()
    {
        var world = new World(new RelayOptions { ExternalV4 = World.At("203.0.113.9:0") });
        var alice = world.Client().Allocate();
        Assert.Equal(403, alice.Permit(World.Server).Code);
        Assert.Equal(403, alice.Bind(0x4000, World.Server).Code);
        Assert.Equal(0, alice.Permit(alice.Relayed).Code);
    }

    [Fact]
    public void Other_addresses_of_this_machine_are_refused()
    {
        var world = new World(new RelayOptions { OwnAddresses = [World.At("9.9.9.9:0")] });
        var alice = world.Client().Allocate();
        Assert.Equal(403, alice.Permit(World.At("9.9.9.9:53")).Code);
        world.Core.AddLocal(World.At("9.9.9.10:3478"), RelayTransport.Udp);
        Assert.Equal(403, alice.Permit(World.At("9.9.9.10:53")).Code);
        Assert.Equal(0, alice.Permit(World.At("9.9.9.11:53")).Code);
    }

    [Fact]
    public void An_address_that_became_ours_is_refused_to_indications_at_once()
    {
        var world = new World();
        var alice = world.Client().Allocate();
        var peer = World.At("9.9.9.10:53");
        alice.Permit(peer);
        Assert.NotNull(alice.SendTo(peer, Payload));
        world.Core.AddLocal(peer.WithPort(3478), Driving.RelayTransport.Udp);
        Assert.Null(alice.SendTo(peer, Payload));
    }

    [Fact]
    public void Refused_by_configuration_goes_before_the_exception_for_the_relays_own_ports()
    {
        var world = new World(new RelayOptions { RefusedPeers = World.Ranges("198.51.100.0/24") });
        var alice = world.Client().Allocate();
        Assert.Equal(403, alice.Permit(alice.Relayed).Code);
    }

    // What the kernel would do with a datagram from one relayed socket to another.
    private static Sent? Carry(World world, TestClient from, Sent? sent)
    {
        if (sent is not { Action: RelayAction.ToPeer })
            return sent;
        var source = world.Bound.Single(bound => bound.Value.Port == sent.Port && bound.Key.Port == from.Relayed.Port).Key;
        return world.FromPeer(sent.Peer, source, sent.Bytes);
    }
}
