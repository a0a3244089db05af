using Dapari.Peer.Contacts;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Outbox;

/// <summary>Where an outbox entry is at the moment.</summary>
internal enum EntryPhase
{
    /// <summary>No session yet to seal it.</summary>
    Unsealed,

    /// <summary>Sealed, waits for a way.</summary>
    Ready,

    /// <summary>Posted, the server has not answered.</summary>
    Posting,

    /// <summary>On a direct path, no receipt yet.</summary>
    OnPath,

    /// <summary>The server keeps it, no receipt yet.</summary>
    OnServer,
}

/// <summary>One thing on its way out.</summary>
internal sealed class OutboxEntry
{
    public OutboxEntry(Contact contact, OutboxRecord record)
    {
        Contact = contact;
        Record = record;
        Phase = record.Envelope.IsEmpty ? EntryPhase.Unsealed : record.OnServer ? EntryPhase.OnServer : EntryPhase.Ready;
        if (!EnvelopeId.TryRead(record.EnvelopeId, out var id))
            throw new InvalidDataException("An outbox row cannot be read.");
        EnvelopeId = id;
        ContentKind = record.Content.IsEmpty ? Content.KindOneofCase.None : Content.Parser.ParseFrom(record.Content).KindCase;
        RowKey = $"outbox/{contact.Id}/{id}";
    }

    public Contact Contact { get; }

    public OutboxRecord Record { get; }

    public EntryPhase Phase { get; set; }

    public EnvelopeId EnvelopeId { get; }

    public string RowKey { get; }

    /// <summary>When it last went on a direct path (monotonic).</summary>
    public long SentAt { get; set; }

    /// <summary>It had left for a server before this time, and nobody said what became of it.</summary>
    public bool MayHaveArrived { get; set; }

    public MessageRecord? Message => Record.Message;

    public ulong Order => Record.Order;

    /// <summary>Whether it begins or settles the contact; it is gone from the queue when the server has it.</summary>
    public bool MakesContact => ContentKind is Content.KindOneofCase.ContactRequest or Content.KindOneofCase.ContactAccept or Content.KindOneofCase.ContactDecline;

    /// <summary>What it is, where it is no message.</summary>
    public Content.KindOneofCase ContentKind { get; }

    /// <summary>
    /// Whether it goes by the route that the chooser says. Contact set-up goes by mailbox always; receipts in here are for what came by mailbox,
    /// and go back by it, unless nothing of the kind may be posted. Words about files go as their offer does.
    /// </summary>
    public bool FollowsRoute(Policy policy) =>
        Message is not null || ContentKind == Content.KindOneofCase.FileUpdate || (ContentKind is Content.KindOneofCase.Receipts or Content.KindOneofCase.CallNote && policy == Policy.DirectOnly);
}
