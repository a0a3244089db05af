using Dapari.Server.Storage.Journal;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Storage.Operations;

/// <summary>The quota of one mailbox.</summary>
internal readonly record struct MailboxQuota(long Bytes, int Envelopes);

/// <summary>Stores one envelope; its completion answers the sender and hands the envelope to a connected owner, unless the owner had it before.</summary>
/// <remarks>
/// An owner who is connected and has taken all before gets the envelope at once (<see cref="HandOver"/>). Then two things race: the writer, who comes to it when
/// the batch before is on the disk, and the owner's acknowledgement. Whichever is first decides (<see cref="_fate"/>): acknowledged, it need not be written.
/// </remarks>
internal sealed class PostOperation(long number, ByteString envelopeId, ByteString envelope, MailboxQuota quota, Action<PostOperation, bool> completed)
    : MailboxOperation
{
    /// <summary>Sequences that are reserved at a time: one more row is written for so many envelopes.</summary>
    private const int Reservation = 8192;

    private const int Open = 0, Written = 1, Acknowledged = 2;
    private int _fate;
    private MailboxState? _storedIn;
    private long _beginBy;

    public long Number => number;

    public ByteString EnvelopeId => envelopeId;

    public ByteString Envelope => envelope;

    public required ulong Request { get; init; }

    /// <summary>The owner is connected: sequences to hand over are reserved on the way.</summary>
    public bool IsOwnerThere { get; set; }

    /// <summary>Another machine took it, and answered; nothing of it is to be told to anybody here but its sender.</summary>
    public bool WasForwarded { get; set; }

    /// <summary>The owner is connected to another machine.</summary>
    public bool IsOwnerElsewhere { get; set; }

    /// <summary>The mailbox holds it, as somebody found out before.</summary>
    public bool IsKnown { get; set; }

    /// <summary>After it was answered.</summary>
    public Action? Ended { get; set; }

    public Refusal Refusal { get; set; }

    /// <summary>0 when the mailbox held this envelope already.</summary>
    public long Sequence { get; private set; }

    public long PostedMs { get; private set; }

    /// <summary>The mailbox's state, once it is known.</summary>
    public MailboxState? Mailbox { get; private set; }

    /// <summary>Who had it before it was written; null: nobody.</summary>
    public object? Holder { get; private set; }

    /// <summary>When it was handed over, by <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</summary>
    public long HandedOverAt { get; private set; }

    /// <summary>The owner's acknowledgement came, in time or not.</summary>
    public bool IsAcknowledged { get; set; }

    public override long BeginBy => _beginBy;

    public override bool Keeps => true;

    public override int Bytes => envelope.Length + 64;

    public override bool IsSettled => Volatile.Read(ref _fate) == Acknowledged;

    /// <summary>It goes to the owner now, under this sequence; the writer leaves it alone for so long (in the stopwatch's ticks).</summary>
    public void HandOver(MailboxState mailbox, object holder, long sequence, long nowMs, long patience)
    {
        (Mailbox, Holder, Sequence, PostedMs) = (mailbox, holder, sequence, nowMs);
        HandedOverAt = System.Diagnostics.Stopwatch.GetTimestamp();
        _beginBy = patience > 0 ? HandedOverAt + patience : 0;
    }

    /// <summary>The owner keeps it. False: too late, the writer has it, and removes it by and by. True only once, and then the issuer is answered here.</summary>
    public bool TryAcknowledge()
    {
        if (Interlocked.CompareExchange(ref _fate, Acknowledged, Open) != Open)
            return false;
        Mailbox!.Acknowledged(Sequence);
        Complete(true);
        return true;
    }

    /// <summary>The writer takes it. False: its owner was first.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _fate, Written, Open) == Open;

    /// <summary>It has this sequence; 0: the mailbox held the envelope already.</summary>
    public void Take(MailboxState mailbox, long sequence, long postedMs) => (Mailbox, Sequence, PostedMs) = (mailbox, sequence, postedMs);

    public bool IsFull(MailboxState mailbox) => mailbox.StoredEnvelopes >= quota.Envelopes || mailbox.StoredBytes + envelope.Length > quota.Bytes;

    public override bool TryBegin(MailboxStore store)
    {
        if (TryBegin())
            return true;
        store.MarkLater(Mailbox!);
        return false;
    }

    public override void Apply(MailboxStore store)
    {
        if (store.Mailbox(number) is not { } mailbox)
        {
            Refusal = Refusal.UnknownMailbox;
            return;
        }

        // Idempotence goes before the quota: what lies here was posted.
        if (store.Holds(mailbox, envelopeId))
            return;
        if (IsFull(mailbox) && mailbox.Removals > 0)
            store.RemoveAll(mailbox);
        if (IsFull(mailbox))
        {
            Refusal = Refusal.MailboxFull;
            return;
        }

        store.MakeRoom(envelope.Length);
        if (Holder is not null)
        {
            store.Store(mailbox, Sequence, envelopeId, PostedMs, envelope);
            _storedIn = mailbox;
            return;
        }

        PostedMs = store.Clock.NowMs;
        if (IsOwnerThere && mailbox.ReservedThrough - mailbox.NextSequence < Reservation / 2)
            store.Reserve(mailbox, mailbox.NextSequence + Reservation);
        (Sequence, Mailbox) = (mailbox.TakeSequence(), mailbox);
        store.Store(mailbox, Sequence, envelopeId, PostedMs, envelope);
        _storedIn = mailbox;
    }

    public override void Undo(MailboxStore store)
    {
        if (_storedIn is not null)
            store.Unstore(_storedIn, Sequence);
    }

    public override void Publish(MailboxStore store)
    {
        if (_storedIn is not null)
            store.PublishStored(_storedIn, Sequence);
    }

    public override void Complete(bool stored)
    {
        completed(this, stored);
        Ended?.Invoke();
    }
}

/// <summary>Removes what the owner's store has committed.</summary>
internal sealed class AcknowledgeOperation(long number, IReadOnlyList<ulong> sequences, Action<AcknowledgeOperation, bool> completed) : MailboxOperation
{
    public IReadOnlyList<ulong> Sequences => sequences;

    public required ulong Request { get; init; }

    public Refusal Refusal { get; set; }

    public long Number => number;

    /// <summary>After it was answered.</summary>
    public Action? Ended { get; set; }

    private MailboxState? _mailbox;
    private List<uint> _removed = [];

    public override int Bytes => 8 + 4 * sequences.Count;

    public override void Apply(MailboxStore store)
    {
        _mailbox = store.Mailbox(number);
        if (_mailbox is null)
            Refusal = Refusal.UnknownMailbox;
        else
            _removed = store.Remove(RecordKind.Acknowledged, _mailbox, sequences);
    }

    public override void Publish(MailboxStore store)
    {
        if (_mailbox is not null)
            store.PublishRemoved(RecordKind.Acknowledged, _mailbox, _removed);
    }

    public override void Complete(bool stored)
    {
        completed(this, stored);
        Ended?.Invoke();
    }
}

/// <summary>Once a second, when something is left over: marks of envelopes that were never written go to the journal, removals to the database.</summary>
internal sealed class LeftoversOperation : MailboxOperation<bool>
{
    public override bool IsQuestion => true;

    public override void Publish(MailboxStore store) => store.Tick();
}
