using System.Collections.Concurrent;
using Dapari.Server.Storage.Journal;
using Google.Protobuf;

namespace Dapari.Server.Storage;

/// <summary>What bounds the store.</summary>
/// <param name="SegmentBytes">Of one of the journal's files.</param>
/// <param name="CalmSegments">With more of them, the oldest is settled in the database when there is nothing else to do.</param>
/// <param name="MostSegments">With so many, settling goes before everything else.</param>
/// <param name="CalmEnvelopes">As <paramref name="CalmSegments"/>, for envelopes in memory's index.</param>
/// <param name="MostEnvelopes">As <paramref name="MostSegments"/>; 100 bytes of memory for each at most.</param>
/// <param name="Mailboxes">Remembered beside those the journal holds something for.</param>
/// <param name="DataBytes">Of envelopes and database together; 0: as the disk allows.</param>
internal sealed record StoreLimits(
    int SegmentBytes = 16 * 1024 * 1024, int CalmSegments = 12, int MostSegments = 24, int CalmEnvelopes = 500_000, int MostEnvelopes = 1_000_000, int Mailboxes = 100_000, long DataBytes = 0)
{
    /// <summary>For a database that may only grow so far, the journal is smaller too.</summary>
    public static StoreLimits For(long dataBytes) =>
        dataBytes == 0 ? new StoreLimits() : new StoreLimits(SegmentBytes: (int)Math.Clamp(dataBytes / 16, 256 * 1024, 16 * 1024 * 1024), DataBytes: dataBytes);
}

/// <summary>
/// The mailboxes. A post goes to the journal, and memory knows where; much later, if nobody has fetched it, it goes to the database with many others. Posts that are fetched
/// soon never see the database at all.
/// </summary>
/// <remarks>
/// 1. <see cref="Run"/>: each operation decides and adds its records to the frame; the frame is made durable; each operation is published, in order. Until then nobody reads
///    what it stored; if the frame could not be written, what the operations did is undone.
/// 2. <see cref="Step"/>: a slice of settling (see the partial file about it), between two batches.
/// 3. At the start the journal is replayed over the database (see the partial file about recovery). Records of mailboxes that the database does not know are of deleted ones.
/// Of the writer's thread, but for <see cref="AfterAsync"/>.
/// </remarks>
internal sealed partial class MailboxStore : IDisposable
{
    private readonly ConcurrentDictionary<long, MailboxState> _states = [];
    private readonly HashSet<MailboxState> _marked = [];
    private readonly MailboxJournal _journal;
    private readonly StoreLimits _limits;
    private int _fresh;
    private long _freshBytes;
    private JournalSegment? _committedTo;
    private long _committedAt;

    /// <summary>Opens the journal and replays it.</summary>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public MailboxStore(MailboxJournal journal, WriteSession session, StoreLimits limits)
    {
        _journal = journal;
        _limits = limits;
        Session = session;
        Recover();
    }

    /// <summary>The database; the writer puts a fresh one here after a fault.</summary>
    public WriteSession Session { get; set; }

    public ServerClock Clock => Session.Clock;

    /// <summary>The disk failed in a way that only a new start can mend.</summary>
    public bool IsBroken => _journal.IsBroken;

    /// <summary>Why the last commit failed.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>Marks wait for the next commit, or removals for the database.</summary>
    public bool HasLeftovers => _marked.Count > 0 || _removing.Count > 0 || _settling is not null;

    /// <summary>Envelopes in memory's index.</summary>
    public int FreshEnvelopes => _fresh;

    /// <summary>Applies, makes durable, publishes. Each operation is told whether it was kept.</summary>
    /// <returns>False: something could not be kept.</returns>
    public bool Run(List<MailboxOperation> operations)
    {
        foreach (var operation in operations)
            operation.IsKept = true;
        var result = TryCommit(operations);
        if (result == CommitResult.NoRoom && operations.Exists(o => o.Keeps))
        {
            // Posts are refused; what makes room is not.
            foreach (var operation in operations.Where(o => o.Keeps))
                operation.IsKept = false;
            if (TryCommit(operations.FindAll(o => !o.Keeps)) is not CommitResult.Durable)
                Refuse(operations);
        }
        else if (result != CommitResult.Durable)
            Refuse(operations);

        foreach (var operation in operations)
        {
            if (operation.IsKept)
                Publish(operation);
        }

        return result == CommitResult.Durable && operations.TrueForAll(o => o.IsKept);
    }

    /// <summary>The mailbox's state, from memory or from the database; null when it is gone.</summary>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public MailboxState? Mailbox(long number)
    {
        if (_states.TryGetValue(number, out var state))
            return state;
        if (Session.Marks(number) is not { } marks)
            return null;
        var (envelopes, bytes, highest) = Session.Stored(number);
        state = new MailboxState(number) { HighestRemoved = marks.Removed, ReservedThrough = marks.Reserved };
        state.Acknowledged(marks.Acknowledged);
        state.Settle(envelopes, bytes);
        // While the journal is replayed it may still say that less is reserved.
        state.NextSequence = Math.Max(Math.Max(highest, _isRecovering ? 0 : marks.Reserved), Math.Max(marks.Acknowledged, marks.Removed)) + 1;
        _states[number] = state;
        return state;
    }

    /// <summary>Whether the mailbox holds an envelope of this id.</summary>
    public bool Holds(MailboxState mailbox, ByteString id) =>
        mailbox.HoldsFresh(FreshEntry.ReadId(id.Span))
        || mailbox.SettledEnvelopes > 0 && Session.Sequence(mailbox.Number, id.Span) is { } sequence && !mailbox.IsRemoved(sequence);

    /// <summary>Adds an envelope to the frame that is being made.</summary>
    /// <exception cref="StorageException">There is no room, or no sequence left.</exception>
    public void Store(MailboxState mailbox, long sequence, ByteString id, long postedMs, ByteString envelope)
    {
        if (sequence > uint.MaxValue)
            throw new StorageException(0, "no sequences are left in a mailbox");
        var offset = _journal.Batch.Post(mailbox.Number, sequence, postedMs, id.Span, envelope.Span);
        mailbox.AddFresh(new FreshEntry((uint)sequence, envelope.Length, postedMs, FreshEntry.ReadId(id.Span), null, offset));
        _fresh++;
        _freshBytes += envelope.Length;
    }

    /// <summary>There may be one more envelope of this size.</summary>
    /// <exception cref="StorageException">There may not.</exception>
    public void MakeRoom(int bytes)
    {
        if (_isStuck && MustStep)
            throw new StorageException(0, "the database takes nothing, and the journal is as long as it may be");
        if (_limits.DataBytes == 0 || Used() + bytes <= _limits.DataBytes)
            return;
        if (_removing.Count > 0)
        {
            while (_removing.Count > 0)
                RemoveSome();
            if (Used() + bytes <= _limits.DataBytes)
                return;
        }

        throw new StorageException(SQLitePCL.raw.SQLITE_FULL, "the data folder is as large as it may be");
    }

    /// <summary>The frame was not kept: the envelope is forgotten; its sequence is not given again.</summary>
    public void Unstore(MailboxState mailbox, long sequence)
    {
        if (mailbox.TryRemoveFresh((uint)sequence, out var entry))
        {
            _fresh--;
            _freshBytes -= entry.Length;
        }
    }

    /// <summary>The envelope is durable: it may be read.</summary>
    public void PublishStored(MailboxState mailbox, long sequence)
    {
        if (!mailbox.TryFindFresh((uint)sequence, out var entry) || entry.Segment is not null)
            return;
        var segment = _committedTo!;
        segment.Enters();
        mailbox.ReplaceFresh(entry with { Segment = segment, Offset = checked((int)(_committedAt + entry.Offset)) });
    }

    /// <summary>Adds removals to the frame; what was never given is left out. <see cref="PublishRemoved"/> does it.</summary>
    public List<uint> Remove(RecordKind kind, MailboxState mailbox, IEnumerable<ulong> sequences)
    {
        var next = (ulong)mailbox.NextSequence;
        List<uint> given = [.. sequences.Where(s => s >= 1 && s < next && s <= uint.MaxValue).Select(s => (uint)s)];
        if (given.Count > 0)
            _journal.Batch.Removed(kind, mailbox.Number, given);
        return given;
    }

    public void PublishRemoved(RecordKind kind, MailboxState mailbox, List<uint> sequences)
    {
        foreach (var sequence in sequences)
        {
            if (!TakeFresh(mailbox, sequence) && mailbox.SettledEnvelopes > 0 && mailbox.Remove(sequence))
            {
                _removing.Add(mailbox);
                _removals++;
            }

            if (kind == RecordKind.Acknowledged)
                mailbox.Acknowledged(sequence);
            else
                mailbox.HighestRemoved = Math.Max(mailbox.HighestRemoved, sequence);
        }

        if (sequences.Count > 0)
            MarkDirty(mailbox);
    }

    /// <summary>The mailbox was deleted from the database; what the journal holds of it is passed over from now on.</summary>
    public void Forget(long number)
    {
        if (!_states.TryRemove(number, out var state))
            return;
        state.Forget();
        var entries = new List<FreshEntry>();
        state.CopyAfter(0, int.MaxValue, entries, out _);
        foreach (var entry in entries)
            TakeFresh(state, entry.Sequence);
        if (_removing.Remove(state))
            _removals -= state.Removals;
        _dirty.Remove(state);
        _marked.Remove(state);
    }

    /// <summary>An envelope was acknowledged that was never written: the mark goes with the next commit.</summary>
    public void MarkLater(MailboxState mailbox)
    {
        if (mailbox.IsMarkWaiting)
            return;
        mailbox.IsMarkWaiting = true;
        _marked.Add(mailbox);
    }

    /// <summary>From the commit on, sequences up to here are never given by another process.</summary>
    public void Reserve(MailboxState mailbox, long through)
    {
        mailbox.ReservedThrough = through;
        MarkLater(mailbox);
    }

    /// <summary>At the very end: marks are written, and sequences that were reserved and not given are given back.</summary>
    public void Close()
    {
        foreach (var (_, mailbox) in _states)
        {
            if (mailbox.ReservedThrough >= mailbox.NextSequence)
                Reserve(mailbox, mailbox.NextSequence - 1);
        }

        TryCommit([]);
    }

    public void Dispose() => _journal.Dispose();

    private CommitResult TryCommit(List<MailboxOperation> operations)
    {
        var batch = _journal.Batch;
        batch.Clear();
        foreach (var operation in operations)
        {
            try
            {
                operation.Apply(this);
            }
            catch (StorageException e)
            {
                operation.IsKept = false;
                Fault = e.Message;
            }
        }

        foreach (var mailbox in _marked)
            batch.Marks(mailbox.Number, mailbox.HighestAcknowledged, mailbox.HighestRemoved, mailbox.ReservedThrough);
        if (batch.IsEmpty)
            return CommitResult.Durable;
        var result = _journal.Commit(operations.Exists(o => o.Keeps && o.IsKept), out _committedTo, out _committedAt, out var fault);
        if (result != CommitResult.Durable)
        {
            Fault = fault;
            for (var i = operations.Count - 1; i >= 0; i--)
            {
                if (operations[i].IsKept)
                    operations[i].Undo(this);
            }

            return result;
        }

        foreach (var mailbox in _marked)
        {
            mailbox.IsMarkWaiting = false;
            mailbox.Reserve();
            if (_states.GetValueOrDefault(mailbox.Number) == mailbox)
                MarkDirty(mailbox);
        }

        _marked.Clear();
        return result;
    }

    private static void Refuse(List<MailboxOperation> operations)
    {
        foreach (var operation in operations)
            operation.IsKept = operation.IsQuestion;
    }

    private void Publish(MailboxOperation operation)
    {
        try
        {
            operation.Publish(this);
        }
        catch (StorageException e)
        {
            operation.IsKept = false;
            Fault = e.Message;
        }
    }

    private bool TakeFresh(MailboxState mailbox, uint sequence)
    {
        if (!mailbox.TryRemoveFresh(sequence, out var entry))
            return false;
        entry.Segment?.Leaves();
        _fresh--;
        _freshBytes -= entry.Length;
        return true;
    }

    private long Used() => _freshBytes + (long)_fresh * JournalBatch.PostOverhead + Session.UsedBytes();

    private void MarkDirty(MailboxState mailbox)
    {
        if (mailbox.IsDirty)
            return;
        mailbox.IsDirty = true;
        _dirty.Add(mailbox);
    }
}
