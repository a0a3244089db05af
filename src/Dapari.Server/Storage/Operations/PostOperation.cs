using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Storage.Operations;

/// <summary>The quota of one mailbox.</summary>
internal readonly record struct MailboxQuota(long Bytes, int Envelopes);

/// <summary>Stores one envelope; its completion answers the sender and hands the envelope to a connected owner.</summary>
internal sealed class PostOperation(long number, ByteString envelopeId, ByteString envelope, MailboxQuota quota, Action<PostOperation, bool> completed)
    : WriteOperation
{
    public long Number => number;

    public ByteString Envelope => envelope;

    public required ulong Request { get; init; }

    public Refusal Refusal { get; private set; }

    /// <summary>0 when the mailbox held this envelope already.</summary>
    public long Sequence { get; private set; }

    public long PostedMs { get; private set; }

    public override void Apply(WriteSession session)
    {
        if (session.Mailbox(number) is not { } mailbox)
        {
            Refusal = Refusal.UnknownMailbox;
            return;
        }

        var full = mailbox.StoredEnvelopes >= quota.Envelopes || mailbox.StoredBytes + envelope.Length > quota.Bytes;
        if (full)
        {
            // Idempotence goes before the quota: what lies here was posted.
            Refusal = session.HoldsEnvelope(mailbox, envelopeId.Span) ? Refusal.Unspecified : Refusal.MailboxFull;
            return;
        }

        PostedMs = session.Clock.NowMs;
        var sequence = mailbox.NextSequence;
        if (session.InsertEnvelope(mailbox, envelopeId.Span, PostedMs, envelope.Span))
            Sequence = sequence;
    }

    public override void Complete(bool stored) => completed(this, stored);
}

/// <summary>Removes what the owner's store has committed.</summary>
internal sealed class AcknowledgeOperation(long number, IReadOnlyList<ulong> sequences, Action<AcknowledgeOperation, bool> completed) : WriteOperation
{
    public IReadOnlyList<ulong> Sequences => sequences;

    public required ulong Request { get; init; }

    public Refusal Refusal { get; private set; }

    public override void Apply(WriteSession session)
    {
        if (session.Mailbox(number) is not { } mailbox)
        {
            Refusal = Refusal.UnknownMailbox;
            return;
        }

        foreach (var sequence in sequences)
        {
            if (sequence <= uint.MaxValue)
                session.Acknowledge(mailbox, (long)sequence);
        }
    }

    public override void Complete(bool stored) => completed(this, stored);
}
