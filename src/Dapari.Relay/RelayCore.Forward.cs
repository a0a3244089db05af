using System.Buffers.Binary;
using Dapari.Relay.Driving;
using Dapari.Relay.Limits;
using Dapari.Relay.Peers;
using Dapari.Relay.State;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay;

// The way of most datagrams: nothing here allocates.
public sealed partial class RelayCore
{
    // What fits the length fields together with the largest header.
    private const int LongestPayload = 65_000;

    /// <summary>Takes a datagram that arrived at a relayed socket.</summary>
    /// <param name="port">The relayed socket's number.</param>
    /// <param name="peer">Whom it came from; IPv4 as IPv4.</param>
    /// <param name="buffer">Has <see cref="HeadRoom"/> and <see cref="TailRoom"/> around the datagram.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="packet">What to send, a slice of the buffer.</param>
    public RelayAction FromPeer(int port, in Endpoint peer, Span<byte> buffer, int offset, int length, out RelayPacket packet)
    {
        Check(buffer, offset, length);
        var socket = port >= 0 && port < _sockets.Count ? _sockets[port] : null;
        if (socket?.Owner is not { } owner)
        {
            packet = default;
            return Drop(RelayCount.DroppedUnknown);
        }

        // From this machine itself only another lent port is known to peers, and by the address that it was lent out as.
        return _shared.Relayed.IsLocal(peer) && _shared.Relayed.TryFindAdvertised(peer, out var advertised)
            ? Deliver(owner, advertised, true, buffer, offset, length, out packet)
            : Deliver(owner, peer, false, buffer, offset, length, out packet);
    }

    /// <summary>The network answered with ICMP to what was sent to a peer (RFC 8656 §11.5).</summary>
    /// <param name="port">The relayed socket's number.</param>
    /// <param name="peer">Whom the datagram was for.</param>
    /// <param name="icmpType">ICMP's type, of the peer's family.</param>
    /// <param name="icmpCode">ICMP's code.</param>
    /// <param name="icmpData">The MTU for "too big", else 0.</param>
    /// <param name="buffer">At least <see cref="LeastBuffer"/> bytes.</param>
    /// <param name="packet">What to send.</param>
    public RelayAction PeerUnreachable(int port, in Endpoint peer, byte icmpType, byte icmpCode, uint icmpData, Span<byte> buffer, out RelayPacket packet)
    {
        packet = default;
        var socket = port >= 0 && port < _sockets.Count ? _sockets[port] : null;
        if (socket?.Owner is not { } owner || owner.ExpiresMs <= _now.MonotonicMs || owner.Peers.FindPermission(peer, _now.MonotonicMs) < 0)
            return Drop(RelayCount.DroppedForbidden);
        Span<byte> transactionId = stackalloc byte[StunMessage.TransactionIdLength];
        NextIndication(transactionId);
        var writer = new StunWriter(buffer, StunClass.Indication, StunMethod.Data, transactionId);
        XorPeerAddress.Write(ref writer, peer);
        Icmp.Write(ref writer, icmpType, icmpCode, icmpData);
        packet.Client = owner.Client;
        packet.Length = writer.Length;
        return RelayAction.ToClient;
    }

    // 1. Whose channel is it?  2. Has its peer a permission still?  3. Are there bytes left?  4. The payload goes out as it lies.
    private RelayAction FromChannel(in ClientKey client, Span<byte> buffer, int offset, int length, out RelayPacket packet)
    {
        packet = default;
        var now = _now.MonotonicMs;
        if (!ChannelData.TryRead(buffer.Slice(offset, length), out var number, out var bytes))
            return Drop(RelayCount.DroppedMalformed);

        // Step 1.
        if (_clients.Find(client) is not { } allocation || allocation.ExpiresMs <= now)
            return Drop(RelayCount.DroppedUnknown);
        var index = allocation.Peers.FindChannel(number, now);
        if (index < 0)
            return Drop(RelayCount.DroppedUnknown);

        // Step 2.
        ref readonly var channel = ref allocation.Peers.Channel(index);
        var permission = allocation.Peers.FindPermission(in channel, now);
        if (permission < 0)
            return Drop(RelayCount.DroppedForbidden);
        return ToPeer(allocation, channel.Peer, allocation.Peers.Permission(permission).OwnRelay, buffer, offset + ChannelData.HeaderLength, bytes, ref packet);
    }

    // RFC 8656 §11.2: without a permission, with an address of the other family or with anything not understood it is dropped without a word.
    private RelayAction Send(in ClientKey client, in StunMessage message, Span<byte> buffer, out RelayPacket packet)
    {
        packet = default;
        if (Find(client) is not { } allocation)
            return Drop(RelayCount.DroppedUnknown);
        if (!XorPeerAddress.TryRead(message, out var peer) || !Data.TryRead(message, out var data) || FindUnknown(message, []) > 0
            || !buffer.Overlaps(data, out var offset) && !data.IsEmpty)
            return Drop(RelayCount.DroppedMalformed);
        var permission = peer.Port == 0 ? -1 : allocation.Peers.FindPermission(peer, _now.MonotonicMs);
        if (permission < 0)
            return Drop(RelayCount.DroppedForbidden);
        var own = allocation.Peers.Permission(permission).OwnRelay;
        if (!own && _shared.Policy.Judge(peer) != PeerVerdict.Allowed)
            return Drop(RelayCount.DroppedForbidden);
        return ToPeer(allocation, peer, own, buffer, data.IsEmpty ? HeadRoom : offset, data.Length, ref packet);
    }

    private RelayAction ToPeer(Allocation allocation, in Endpoint peer, bool ownRelay, Span<byte> buffer, int offset, int length, ref RelayPacket packet)
    {
        if (allocation.For(peer.Family) is not { } socket)
            return Drop(RelayCount.DroppedForbidden);

        // Behind the relay's own address are only the ports that are lent out at this moment.
        var destination = peer;
        if (ownRelay && !_shared.Relayed.TryFindLocal(peer, out destination))
            return Drop(RelayCount.DroppedForbidden);
        if (_limitsBytes && !allocation.Up.TrySpend(allocation.Account, Direction.Up, length, _portion, _now.MonotonicMs))
            return Drop(RelayCount.DroppedBandwidth);
        Count(RelayCount.PacketsUp, RelayCount.BytesUp, length);

        // A port of this very core: no detour through the kernel.
        if (ownRelay && _socketsByLocal.TryGetValue(destination, out var other) && other.Owner is { } owner)
            return Deliver(owner, socket.Advertised, true, buffer, offset, length, out packet);
        packet.Offset = offset;
        packet.Length = length;
        packet.Port = socket.Port;
        packet.Peer = destination;
        return RelayAction.ToPeer;
    }

    private RelayAction Deliver(Allocation owner, in Endpoint from, bool isRelayed, Span<byte> buffer, int offset, int length, out RelayPacket packet)
    {
        packet = default;
        var now = _now.MonotonicMs;
        if (owner.ExpiresMs <= now)
            return Drop(RelayCount.DroppedUnknown);
        if (length > LongestPayload)
            return Drop(RelayCount.DroppedMalformed);
        var index = owner.Peers.FindChannel(from, now);
        var permission = index >= 0 ? owner.Peers.FindPermission(in owner.Peers.Channel(index), now) : owner.Peers.FindPermission(from, now);
        if (permission < 0 || (owner.Peers.Permission(permission).OwnRelay && !isRelayed))
            return Drop(RelayCount.DroppedForbidden);
        if (_limitsBytes && !owner.Down.TrySpend(owner.Account, Direction.Down, length, _portion, now))
            return Drop(RelayCount.DroppedBandwidth);
        Count(RelayCount.PacketsDown, RelayCount.BytesDown, length);
        packet.Client = owner.Client;
        if (index < 0)
        {
            Span<byte> transactionId = stackalloc byte[StunMessage.TransactionIdLength];
            NextIndication(transactionId);
            packet.Offset = DataIndication.Write(buffer, offset, length, from, transactionId, out var whole);
            packet.Length = whole;
            return RelayAction.ToClient;
        }

        packet.Offset = offset - ChannelData.HeaderLength;
        ChannelData.WriteHeader(buffer[packet.Offset..], owner.Peers.Channel(index).Number, length);
        packet.Length = ChannelData.HeaderLength + length;
        if (owner.IsStream && (length & 3) != 0)
        {
            // RFC 8656 §12.5: over a stream it is padded.
            var padding = 4 - (length & 3);
            buffer.Slice(offset + length, padding).Clear();
            packet.Length += padding;
        }

        return RelayAction.ToClient;
    }

    // Nobody answers an indication: its id must differ from others, not be hard to guess.
    private void NextIndication(Span<byte> transactionId)
    {
        unchecked
        {
            _indications += 0x9E37_79B9_7F4A_7C15;
            var mixed = (_indications ^ (_indications >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            BinaryPrimitives.WriteUInt64LittleEndian(transactionId, mixed ^ (mixed >> 31));
            BinaryPrimitives.WriteUInt32LittleEndian(transactionId[8..], (uint)_indications);
        }
    }
}
