using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Outbox;

/// <summary>Sealing what goes out, and sealing it anew.</summary>
internal sealed partial class OutboxDesk
{
    /// <summary>The recipient could not open it: sealed anew, under a new envelope id.</summary>
    public void SealAnew(Step step, Contact contact, EnvelopeId id)
    {
        if (contact.Queue.Find(id) is not { Phase: not EntryPhase.Unsealed, Message: not null } entry)
            return;
        ContactQueue.MarkOffServer(entry);
        TrySeal(step, entry);
    }

    /// <summary>All that is not known to have been opened is sealed anew; what arrives twice is shown once.</summary>
    public void SealAllAnew(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.All.Where(entry => entry.Phase != EntryPhase.Unsealed).OrderBy(entry => entry.Order).ToList())
        {
            ContactQueue.MarkOffServer(entry);
            TrySeal(step, entry);
        }
    }

    /// <summary>Receipts, profiles and reports of a time that is over.</summary>
    public void DropUntracked(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.All.Where(entry => entry.Record.Untracked).ToList())
            Remove(step, entry);
    }

    /// <summary>What is thought to lie at a server is no longer counted on.</summary>
    public void TakeBack(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.All.Where(entry => entry.Phase == EntryPhase.OnServer).ToList())
        {
            ContactQueue.MarkOffServer(entry);
            contact.Queue.Move(entry, EntryPhase.Ready);
            step.Changed(entry);
        }
    }

    /// <summary>Nothing sealed so far may leave any more: this device is an old copy of itself, or the address changed.</summary>
    public void Unseal(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.All.Where(entry => entry.Phase is not (EntryPhase.OnServer or EntryPhase.Unsealed)).ToList())
        {
            if (entry.ContentKind == Content.KindOneofCase.ContactRequest)
            {
                Remove(step, entry);
                continue;
            }

            entry.Record.Envelope = ByteString.Empty;
            contact.Queue.Move(entry, EntryPhase.Unsealed);
            step.Changed(entry);
        }
    }

    private void TrySeal(Step step, OutboxEntry entry)
    {
        var contact = entry.Contact;
        var content = entry.Message is { } message && entry.Record.Content.IsEmpty
            ? Conversations.ChatDesk.ContentOf(message)
            : Content.Parser.ParseFrom(entry.Record.Content);
        if (!parts.Seals.TrySeal(step, contact, content, Lane.Durable, out var id, out var envelope))
        {
            if (entry.Phase != EntryPhase.Unsealed)
            {
                entry.Record.Envelope = ByteString.Empty;
                contact.Queue.Move(entry, EntryPhase.Unsealed);
                step.Changed(entry);
            }

            return;
        }

        contact.Queue.Remove(entry);
        step.Deleted(entry);
        var record = entry.Record;
        record.EnvelopeId = id.ToByteString();
        record.Envelope = UnsafeByteOperations.UnsafeWrap(envelope);
        if (record.Message is { } kept)
        {
            kept.EnvelopeId = record.EnvelopeId;
            step.Put(kept);
        }

        var resealed = new OutboxEntry(contact, record);
        contact.Queue.Add(resealed);
        _backlog.Add(contact);
        step.Changed(resealed);
    }
}
