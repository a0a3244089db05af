using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Wire.V1;

namespace Dapari.Peer.Paths;

/// <summary>Sends what is worth something only now: on the open path, or through the server, or not at all.</summary>
internal sealed class LiveSender(Parts parts)
{
    public bool TrySend(Step step, Contact contact, Content content)
    {
        if (!contact.IsAccepted || !contact.HasSealingSession || contact.Box is not { Checked: true })
            return false;
        var onPath = contact.Path.Standing == PathStanding.Open;
        if (!onPath && (contact.Address is not { } address || parts.Servers.Want(step, address.Server) is not { } connection
            || !connection.IsOnline || step.Now.MonotonicMs < connection.PatienceUntil || contact.Queue.DoorGone))
            return false;
        if (!parts.Seals.TrySeal(step, contact, content, Lane.Live, out _, out var envelope))
            return false;
        if (!onPath)
            return parts.Servers.TrySendLive(step, contact, envelope);
        parts.Paths.Send(step, contact, envelope);
        return true;
    }

    /// <summary>On the path, whatever it is suspected of.</summary>
    public void SendOnPath(Step step, Contact contact, Content content)
    {
        if (contact.Path.IsLive && parts.Seals.TrySeal(step, contact, content, Lane.Live, out _, out var envelope))
            parts.Paths.Send(step, contact, envelope);
    }
}
