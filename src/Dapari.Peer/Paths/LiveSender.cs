using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Wire.V1;

namespace Dapari.Peer.Paths;

/// <summary>Sends what is worth something only now: on the open path, or to a device on the same network, through the server, or not at all.</summary>
internal sealed class LiveSender(Parts parts)
{
    public bool TrySend(Step step, Contact contact, Content content)
    {
        if (!contact.IsAccepted || !contact.HasSealingSession || contact.Box is not { MaySeal: true })
            return false;
        // What may be gone carries nothing that only counts now, as long as there is another way.
        var onPath = contact.Path.Standing == PathStanding.Open && (contact.Path.RestartedAt is null || !(MayLeaveAt(contact) <= step.Now.MonotonicMs));
        if (!onPath && !MayLeave(step, contact))
            return false;
        if (!parts.Seals.TrySeal(step, contact, content, Lane.Live, out _, out var envelope))
            return false;
        if (!onPath && contact.Path.IsNear && !(contact.Path.NearDoubted && ServerMayAt(contact) <= step.Now.MonotonicMs))
            return NearbyDesk.Send(step, contact, envelope);
        if (!onPath)
            return parts.Servers.TrySendLive(step, contact, envelope);
        parts.Paths.Send(step, contact, envelope);
        return true;
    }

    /// <summary>Whether something live may leave through the server now; the connection for it is asked for.</summary>
    public bool MayLeave(Step step, Contact contact)
    {
        if (contact.Path is { IsNear: true, NearDoubted: false })
            return true;
        if (contact.Address is { } address)
            parts.Servers.Want(step, address.Server);
        return MayLeaveAt(contact) <= step.Now.MonotonicMs;
    }

    /// <summary>
    /// When something live may leave through the server (monotonic; it may be past); null: not before the server is online, or knows the mailbox,
    /// and then <see cref="PathDesk.Ready"/> is said.
    /// </summary>
    public long? MayLeaveAt(Contact contact) => contact.Path.IsNear ? long.MinValue / 2 : ServerMayAt(contact);

    private long? ServerMayAt(Contact contact) => contact.Address is { } address && !contact.Queue.DoorGone
        && parts.Servers.Find(address.Server) is { IsOnline: true } connection ? connection.PatienceUntil : null;

    /// <summary>On the path, whatever it is suspected of.</summary>
    public void SendOnPath(Step step, Contact contact, Content content)
    {
        if (contact.Path.IsLive && parts.Seals.TrySeal(step, contact, content, Lane.Live, out _, out var envelope))
            parts.Paths.Send(step, contact, envelope);
    }
}
