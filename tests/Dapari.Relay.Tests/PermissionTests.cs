using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>Refresh, CreatePermission and ChannelBind (RFC 8656 §8, §10, §12), and what goes through by them.</summary>
public sealed class PermissionTests
{
    private static readonly Endpoint Peer = World.At("9.9.9.9:7000");
    private static readonly Endpoint Other = World.At("8.8.8.8:7000");
    private static readonly byte[] Payload = [1, 2, 3, 4, 5];

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public void Without_an_allocation_it_is_a_mismatch(StunMethod method)
    {
        var client = new World().Client();
        Assert.Equal(437, client.Request(method, (ref writer) => XorPeerAddress.Write(ref writer, Peer)).Code);
    }

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public void Another_persons_credential_is_the_wrong_one(StunMethod method)
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Credential = world.Credential("mallory");
        Assert.Equal(441, client.Request(method, (ref writer) => XorPeerAddress.Write(ref writer, Peer)).Code);
        Assert.Equal(1, world.Core.Allocations);
    }

    [Fact]
    public void A_refresh_prolongs_and_one_of_zero_ends()
    {
        var world = new World();
        var client = world.Client().Allocate();
        world.Advance(TimeSpan.FromSeconds(599));
        Assert.Equal(900u, client.Refresh(900).Seconds);
        world.Advance(TimeSpan.FromSeconds(899));
        Assert.Equal(1, world.Core.Allocations);
        Assert.Equal(0u, client.Refresh(0).Seconds);
        Assert.Equal(0, world.Core.Allocations);
        Assert.Empty(world.Bound);
        Assert.Equal(0, world.Shared.Live);
        Assert.Equal(long.MaxValue, world.Core.NextDeadline);
        Assert.Equal(437, client.Refresh(600).Code);
    }

    [Fact]
    public void Of_two_families_one_may_be_given_back()
    {
        var world = new World(new RelayOptions { BindV6 = World.At("[2001:db8::1]:0") });
        var client = world.Client().Allocate(static (ref writer) => AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6));
        Assert.Equal(0, client.Refresh(0, static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V6)).Code);
        Assert.Equal(4, Assert.Single(world.Bound).Key.Family);
        Assert.Equal(443, client.Refresh(600, static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V6)).Code);
        Assert.Equal(443, client.Permit(World.At("[2a00::1]:1")).Code);
        Assert.Equal(0, client.Refresh(600, static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V4)).Code);
        Assert.Equal(0, client.Refresh(0, static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V4)).Code);
        Assert.Equal(0, world.Core.Allocations);
    }

    [Fact]
    public void Expired_allocations_close_their_sockets_at_the_deadline()
    {
        var world = new World();
        _ = world.Client().Allocate();
        Assert.Equal(world.Now.MonotonicMs + 600_000, world.Core.NextDeadline);
        world.Advance(TimeSpan.FromSeconds(600));
        Assert.Empty(world.Bound);
        Assert.Equal(1, world.Shared.Read(RelayCount.Ended));
    }

    [Fact]
    public void Without_a_permission_nothing_passes_in_either_direction()
    {
        var world = new World();
        var client = world.Client().Allocate();
        Assert.Null(client.SendTo(Peer, Payload));
        Assert.Null(world.FromPeer(client.Relayed, Peer, Payload));
        Assert.Equal(2, world.Shared.Read(RelayCount.DroppedForbidden));
    }

    [Fact]
    public void A_permission_lets_indications_through_from_any_port_of_the_address()
    {
        var world = new World();
        var client = world.Client().Allocate();
        Assert.Equal(0, client.Permit(Peer).Code);
        var sent = client.SendTo(Peer, Payload);
        Assert.Equal((RelayAction.ToPeer, Peer), (sent!.Action, sent.Peer));
        Assert.Equal(Payload, sent.Bytes);
        Assert.Equal(client.Relayed, world.Ports[0].Open[sent.Port]);

        var received = world.FromPeer(client.Relayed, Peer.WithPort(1), Payload)!;
        Assert.Equal((RelayAction.ToClient, client.Key), (received.Action, received.Client));
        Assert.True(StunMessage.TryRead(received.Bytes, out var message, out _));
        Assert.Equal((StunClass.Indication, StunMethod.Data), (message.Class, message.Method));
        Assert.True(XorPeerAddress.TryRead(message, out var from));
        Assert.Equal(Peer.WithPort(1), from);
        Assert.True(Data.TryRead(message, out var data));
        Assert.Equal(Payload, data.ToArray());
        Assert.Null(world.FromPeer(client.Relayed, Other, Payload));
    }

    [Fact]
    public void An_empty_datagram_passes_too()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Permit(Peer);
        Assert.Empty(client.SendTo(Peer, [])!.Bytes);
        Assert.NotNull(world.FromPeer(client.Relayed, Peer, []));
        client.Bind(0x4000, Peer);
        Assert.Empty(client.SendOn(0x4000, [])!.Bytes);
        Assert.Equal([0x40, 0, 0, 0], world.FromPeer(client.Relayed, Peer, [])!.Bytes);
    }

    [Fact]
    public void A_permission_ends_after_five_minutes_and_sending_does_not_prolong_it()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Permit(Peer);
        world.Advance(TimeSpan.FromSeconds(299));
        Assert.NotNull(client.SendTo(Peer, Payload));
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(client.SendTo(Peer, Payload));
        Assert.Null(world.FromPeer(client.Relayed, Peer, Payload));
        client.Permit(Peer);
        Assert.NotNull(client.SendTo(Peer, Payload));
    }

    [Fact]
    public void A_request_for_permissions_is_done_whole_or_not_at_all()
    {
        var world = new World();
        var client = world.Client().Allocate();
        Assert.Equal(403, client.Permit(Peer, World.At("127.0.0.1:1")).Code);
        Assert.Null(client.SendTo(Peer, Payload));
        Assert.Equal(443, client.Permit(Peer, World.At("[2a00::1]:1")).Code);
        Assert.Null(client.SendTo(Peer, Payload));
        Assert.Equal(400, client.Permit().Code);
        Assert.Equal(400, client.Request(StunMethod.CreatePermission, static (ref writer) => writer.Add(XorPeerAddress.Type, [0, 1, 2])).Code);
        Assert.Equal(0, client.Permit(Peer, Other).Code);
        Assert.NotNull(client.SendTo(Other, Payload));
    }

    [Fact]
    public void A_channel_carries_both_ways_in_short_frames()
    {
        var world = new World();
        var client = world.Client().Allocate();
        Assert.Equal(0, client.Bind(0x4FFF, Peer).Code);
        var sent = client.SendOn(0x4FFF, Payload)!;
        Assert.Equal((RelayAction.ToPeer, Peer), (sent.Action, sent.Peer));
        Assert.Equal(Payload, sent.Bytes);
        var received = world.FromPeer(client.Relayed, Peer, Payload)!;
        Assert.Equal("4FFF00050102030405", Convert.ToHexString(received.Bytes));
        // Another port of the same address has the permission, not the channel.
        Assert.Equal(0, world.FromPeer(client.Relayed, Peer.WithPort(1), Payload)!.Bytes[0]);
        Assert.Null(client.SendOn(0x4000, Payload));
    }

    [Theory]
    [InlineData(0x3FFF)]
    [InlineData(0x8000)]
    [InlineData(0)]
    public void Only_numbers_of_the_range_name_channels(int number) => Assert.Equal(400, new World().Client().Allocate().Bind((ushort)number, Peer).Code);

    [Fact]
    public void A_channel_needs_number_and_peer_with_a_port()
    {
        var client = new World().Client().Allocate();
        Assert.Equal(400, client.Request(StunMethod.ChannelBind, static (ref writer) => ChannelNumber.Write(ref writer, 0x4000)).Code);
        Assert.Equal(400, client.Request(StunMethod.ChannelBind, (ref writer) => XorPeerAddress.Write(ref writer, Peer)).Code);
        Assert.Equal(400, client.Bind(0x4000, Peer.WithPort(0)).Code);
        Assert.Equal(403, client.Bind(0x4000, World.At("10.0.0.1:5")).Code);
        Assert.Equal(443, client.Bind(0x4000, World.At("[2a00::1]:5")).Code);
    }

    [Fact]
    public void A_number_has_one_peer_and_a_peer_one_number()
    {
        var client = new World().Client().Allocate();
        Assert.Equal(0, client.Bind(0x4000, Peer).Code);
        Assert.Equal(400, client.Bind(0x4000, Other).Code);
        Assert.Equal(400, client.Bind(0x4001, Peer).Code);
        Assert.Equal(0, client.Bind(0x4000, Peer).Code);
        Assert.Equal(0, client.Bind(0x4001, Other).Code);
        Assert.Equal(400, client.Bind(0x4000, Other).Code);
    }

    [Fact]
    public void A_channel_lives_ten_minutes_its_permission_five()
    {
        var world = new World();
        var client = world.Client().Allocate(static (ref writer) => Lifetime.Write(ref writer, 3600));
        client.Bind(0x4000, Peer);
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(client.SendOn(0x4000, Payload));
        Assert.Null(world.FromPeer(client.Relayed, Peer, Payload));
        client.Permit(Peer);
        Assert.NotNull(client.SendOn(0x4000, Payload));
        Assert.Equal(0x40, world.FromPeer(client.Relayed, Peer, Payload)!.Bytes[0]);
        Assert.Equal(400, client.Bind(0x4001, Peer).Code);
        world.Advance(TimeSpan.FromMinutes(5));
        client.Permit(Peer);
        Assert.Null(client.SendOn(0x4000, Payload));
        Assert.Equal(0, world.FromPeer(client.Relayed, Peer, Payload)!.Bytes[0]);
        Assert.Equal(0, client.Bind(0x4001, Peer).Code);
    }

    [Fact]
    public void A_stream_gets_padded_frames_and_its_end_ends_the_allocation()
    {
        var world = new World();
        var client = world.StreamClient().Allocate();
        client.Bind(0x4000, Peer);
        Assert.Equal("400000050102030405000000", Convert.ToHexString(world.FromPeer(client.Relayed, Peer, Payload)!.Bytes));
        world.Core.RemoveLocal(client.Local);
        Assert.Empty(world.Bound);
        Assert.Equal(0, world.Shared.Live);
        // The number is used again, for somebody else.
        var next = world.StreamClient("192.0.2.12:1").Allocate();
        Assert.Equal(client.Local, next.Local);
        Assert.Null(next.SendOn(0x4000, Payload));
    }

    [Fact]
    public void An_address_that_is_ours_no_more_ends_what_came_by_it()
    {
        var world = new World();
        _ = world.Client().Allocate();
        var local = world.Core.AddLocal(World.At("198.51.100.2:3478"), RelayTransport.Udp);
        var other = new TestClient(world, 0, local, World.At("192.0.2.10:1"), world.Credential()).Allocate();
        world.Core.RemoveLocal(world.UdpLocals[0]);
        Assert.Equal(other.Relayed, Assert.Single(world.Bound).Key);
    }

    [Fact]
    public void Two_clients_of_one_address_and_port_by_two_local_sides_are_two()
    {
        var world = new World();
        var local = world.Core.AddLocal(World.At("198.51.100.2:3478"), RelayTransport.Udp);
        var first = world.Client().Allocate();
        var second = new TestClient(world, 0, local, first.Endpoint, world.Credential()).Allocate();
        Assert.NotEqual(first.Relayed, second.Relayed);
        first.Permit(Peer);
        Assert.Null(world.FromPeer(second.Relayed, Peer, Payload));
    }

    [Fact]
    public void Indications_with_what_must_be_understood_and_is_not_are_dropped()
    {
        var client = new World().Client().Allocate();
        client.Permit(Peer);
        Assert.Null(client.SendTo(Peer, Payload, static (ref writer) => DontFragment.Write(ref writer)));
        Assert.Null(client.SendTo(Peer, Payload, static (ref writer) => writer.Add(0x7F00, [1])));
        Assert.NotNull(client.SendTo(Peer, Payload, static (ref writer) => writer.Add(0xFF00, [1])));
        Assert.Null(client.SendTo(Peer.WithPort(0), Payload));
    }

    [Fact]
    public void What_the_network_answers_is_told_to_the_client()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Permit(Peer);
        var port = world.Bound[client.Relayed].Port;
        var buffer = new byte[RelayCore.LeastBuffer];
        Assert.Equal(RelayAction.Drop, world.Core.PeerUnreachable(port, Other, 3, 3, 0, buffer, out _));
        Assert.Equal(RelayAction.ToClient, world.Core.PeerUnreachable(port, Peer, 3, 4, 1400, buffer, out var packet));
        Assert.True(StunMessage.TryRead(buffer.AsSpan(packet.Offset, packet.Length), out var message, out _));
        Assert.True(Icmp.TryRead(message, out var type, out var code, out var data));
        Assert.Equal((3, 4, 1400u), (type, code, data));
        Assert.Equal(client.Key, packet.Client);
    }

    [Fact]
    public void Binding_tells_where_one_is_seen_from()
    {
        var client = new World().Client("[2001:db8::77]:1234");
        var answer = new Answer(client.Send(client.Build(StunMethod.Binding, null, sign: false, fingerprint: true)));
        Assert.Equal(client.Endpoint, answer.Mapped);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        Assert.True(Fingerprint.Check(message));
        Assert.Equal(420, new Answer(client.Send(client.Build(StunMethod.Binding, static (ref writer) => writer.Add(0x7F00, [1]), sign: false))).Code);
        Assert.Null(client.Send(client.Build(StunMethod.Binding, null, sign: false, kind: StunClass.Indication)));
    }
}
