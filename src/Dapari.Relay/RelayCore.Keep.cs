using Dapari.Relay.Peers;
using Dapari.Rtc;
using Dapari.Relay.State;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay;

// Requests about an allocation that is there: RFC 8656 §8 (Refresh), §10 (CreatePermission), §12 (ChannelBind).
public sealed partial class RelayCore
{
    // RFC 8656 §5: the 5-tuple must have an allocation, and the user name must be the one that made it.
    private int FindOwned(in Proven request, out Allocation? allocation)
    {
        allocation = Find(request.Client);
        if (allocation is null)
            return 437;
        if (request.Username.SequenceEqual(allocation.Username))
            return 0;
        allocation = null;
        return 441;
    }

    private int Refresh(in Proven request)
    {
        var fault = FindOwned(request, out var allocation);
        if (allocation is null)
            return Refuse(request, fault);
        var family = RequestedFamily.None;
        if (request.Message.Has(RequestedAddressFamily.Type))
        {
            if (!RequestedAddressFamily.TryRead(request.Message, out family))
                return Refuse(request, 400);
            // RFC 8656 §8.2: an address of that family is what it is about.
            if (family is not (RequestedFamily.V4 or RequestedFamily.V6) || allocation.For(family == RequestedFamily.V4 ? 4 : 6) is null)
                return Refuse(request, 443);
        }

        if (request.Message.Has(Lifetime.Type) && !Lifetime.TryRead(request.Message, out _))
            return Refuse(request, 400);
        uint lifetime = 0;
        if (Lifetime.TryRead(request.Message, out var wanted) && wanted == 0)
            GiveBack(allocation, family);
        else
            Prolong(allocation, lifetime = LifetimeFor(request));
        var writer = Begin(request.Message, StunClass.Success);
        Lifetime.Write(ref writer, lifetime);
        return Succeed(request, ref writer);
    }

    private void GiveBack(Allocation allocation, RequestedFamily family)
    {
        if (family == RequestedFamily.None || allocation.Sockets == 1)
            Delete(allocation);
        else
            Close(allocation, family == RequestedFamily.V4 ? 4 : 6);
    }

    private void Prolong(Allocation allocation, uint seconds)
    {
        _deadlines.Remove(new Deadline(allocation.ExpiresMs, allocation.Serial, allocation));
        allocation.ExpiresMs = _now.MonotonicMs + (1000L * seconds);
        _deadlines.Add(new Deadline(allocation.ExpiresMs, allocation.Serial, allocation));
    }

    // All addresses are judged before the first permission is made: the request is done whole or not at all.
    private int CreatePermission(in Proven request)
    {
        var fault = FindOwned(request, out var allocation);
        if (allocation is null)
            return Refuse(request, fault);
        var now = _now.MonotonicMs;
        var wanted = 0;
        var added = 0;
        foreach (var attribute in request.Message.Attributes)
        {
            if (attribute.Type != XorPeerAddress.Type)
                continue;
            if (!XorPeerAddress.TryRead(request.Message, attribute.Value, out var peer))
                return Refuse(request, 400);
            fault = JudgePeer(allocation, peer, out _);
            if (fault != 0)
                return Refuse(request, fault);
            wanted++;
            added += allocation.Peers.FindPermission(peer, now) < 0 ? 1 : 0;
        }

        if (wanted == 0)
            return Refuse(request, 400);
        // An address that is named twice is counted twice here; who fills the table to the brim may not repeat itself.
        if (added > allocation.Peers.FreePermissions(now))
            return Refuse(request, 508);
        foreach (var attribute in request.Message.Attributes)
        {
            if (attribute.Type == XorPeerAddress.Type && XorPeerAddress.TryRead(request.Message, attribute.Value, out var peer)
                && JudgePeer(allocation, peer, out var ownRelay) == 0)
                allocation.Peers.Permit(peer, ownRelay, now);
        }

        var writer = Begin(request.Message, StunClass.Success);
        return Succeed(request, ref writer);
    }

    private int BindChannel(in Proven request)
    {
        var fault = FindOwned(request, out var allocation);
        if (allocation is null)
            return Refuse(request, fault);
        if (!ChannelNumber.TryRead(request.Message, out var number) || !ChannelData.IsChannel(number)
            || !XorPeerAddress.TryRead(request.Message, out var peer) || peer.Port == 0)
            return Refuse(request, 400);
        fault = JudgePeer(allocation, peer, out var ownRelay);
        if (fault != 0)
            return Refuse(request, fault);

        // RFC 8656 §12.2: a number has one peer and a peer one number.
        var now = _now.MonotonicMs;
        var byNumber = allocation.Peers.FindChannel(number, now);
        var byPeer = allocation.Peers.FindChannel(peer, now);
        if (byNumber != byPeer)
            return Refuse(request, 400);
        if ((byNumber < 0 && !allocation.Peers.HasFreeChannel(now))
            || (allocation.Peers.FindPermission(peer, now) < 0 && allocation.Peers.FreePermissions(now) == 0))
            return Refuse(request, 508);
        allocation.Peers.Bind(number, peer, allocation.Peers.Permit(peer, ownRelay, now), now);
        var writer = Begin(request.Message, StunClass.Success);
        return Succeed(request, ref writer);
    }

    /// <summary>Whether an allocation may exchange datagrams with a peer: 0, 443 or 403.</summary>
    /// <param name="allocation">Whose wish it is.</param>
    /// <param name="peer">The peer; its port does not matter.</param>
    /// <param name="ownRelay">It is one of the relay's own addresses: each datagram is judged by its port as well.</param>
    private int JudgePeer(Allocation allocation, in Endpoint peer, out bool ownRelay)
    {
        ownRelay = false;
        if (allocation.For(peer.Family) is null)
            return 443;
        var policy = _shared.Policy;
        if (policy.Judge(peer) == PeerVerdict.Allowed && (policy.IsConfigured(peer) || !_shared.Relayed.IsAdvertised(peer)))
            return 0;
        ownRelay = _shared.Relayed.IsAdvertised(peer) && policy.Judge(peer) != PeerVerdict.Configured;
        return ownRelay ? 0 : 403;
    }
}
