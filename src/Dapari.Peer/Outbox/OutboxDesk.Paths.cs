using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;

namespace Dapari.Peer.Outbox;

/// <summary>What goes by direct paths, and comes back from them.</summary>
internal sealed partial class OutboxDesk
{
    /// <summary>A path carries (again). What lies at a server that is out of reach goes by it too.</summary>
    public void PathReady(Step step, Contact contact)
    {
        if (contact.Address is { } address && parts.Servers.Find(address.Server) is not { IsOnline: true })
        {
            foreach (var entry in contact.Queue.All.Where(entry => entry.Phase == EntryPhase.OnServer).ToList())
                contact.Queue.Move(entry, EntryPhase.Ready);
        }

        Dispatch(step, contact);
    }

    /// <summary>The path does not carry: what it took without a receipt goes another way.</summary>
    public void PathLost(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.OnPath.ToList())
            contact.Queue.Move(entry, EntryPhase.Ready);
        Dispatch(step, contact);
    }

    /// <summary>The path answered a probe that was sent then: what went before it has arrived.</summary>
    public void PathConfirmed(Step step, Contact contact, long probedAt)
    {
        foreach (var entry in contact.Queue.OnPath.Where(entry => entry.Record.Untracked && entry.SentAt <= probedAt).ToList())
            Remove(step, entry);
    }

    private void SendOnPath(Step step, OutboxEntry entry)
    {
        parts.Paths.Send(step, entry.Contact, entry.Record.Envelope.ToByteArray());
        entry.SentAt = step.Now.MonotonicMs;
        entry.Contact.Queue.Move(entry, EntryPhase.OnPath);
        // No receipt will come for it: a probe behind it says that it arrived.
        if (entry.Record.Untracked)
            parts.Paths.Probe(step, entry.Contact);
    }
}
