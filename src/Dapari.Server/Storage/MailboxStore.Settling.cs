using Dapari.Server.Storage.Journal;

namespace Dapari.Server.Storage;

/// <summary>
/// Settling: the oldest segment's envelopes that still wait go to the database, in the order of mailboxes, and the segment goes. In slices between batches, so that posts do
/// not wait long.
/// </summary>
/// <remarks>
/// 1. Its envelopes, some hundred to a transaction. The first of them notes which segment is half settled: at a new start its posts are looked up in the database one by one.
/// 2. Removals that wait for the database. Their records are in this segment or later ones.
/// 3. The marks of mailboxes that changed.
/// 4. The segment is noted as settled, and removed.
/// Every commit is durable (<c>synchronous=FULL</c>) before memory and journal follow, and segments go in order: whatever a crash leaves, the journal replayed over the
/// database gives the same mailboxes.
/// </remarks>
internal sealed partial class MailboxStore
{
    /// <summary>Rows in a transaction: some milliseconds.</summary>
    private const int SliceRows = 500;

    /// <summary>With more removals waiting, they go before the rest.</summary>
    private const int CalmRemovals = 8192;

    private readonly HashSet<MailboxState> _dirty = [];
    private readonly HashSet<MailboxState> _removing = [];
    private readonly Queue<JournalSegment> _kept = [];
    private Settling? _settling;
    private int _removals;
    private int _copies;
    private bool _flushesRemovals;
    private bool _isStuck;

    /// <summary>There is something to settle when nothing else is to do.</summary>
    public bool WantsStep => !_isStuck && !IsBroken
        && (_settling is not null || _removals > CalmRemovals || _flushesRemovals && _removals > 0
            || _journal.Oldest is { } oldest && (_journal.SegmentCount > _limits.CalmSegments || _fresh > _limits.CalmEnvelopes || oldest.Live == 0 && _removals == 0));

    /// <summary>Settling goes before the next batch: the journal or memory's index is as large as it may be.</summary>
    public bool MustStep => _journal.Oldest is not null && (_journal.SegmentCount >= _limits.MostSegments || _fresh >= _limits.MostEnvelopes);

    /// <summary>Settling goes before the next batch, and the database takes it.</summary>
    public bool IsPressed => MustStep && WantsStep;

    /// <summary>Once a second: what failed is tried again, and what is left over goes to the database.</summary>
    public void Tick()
    {
        _isStuck = false;
        _flushesRemovals = _removals > 0;
    }

    /// <summary>One slice.</summary>
    /// <exception cref="StorageException">The database refused; nothing is lost, and nothing is tried until the next <see cref="Tick"/>.</exception>
    public void Step()
    {
        try
        {
            if (_removals > CalmRemovals || _flushesRemovals && _removals > 0)
            {
                RemoveSome();
                return;
            }

            _flushesRemovals = false;
            if (_settling is null)
            {
                if (_journal.Oldest is null)
                    return;
                _settling = new Settling(_journal.Oldest, new Queue<MailboxState>(_states.Values.Where(m => m.FreshEnvelopes > 0).OrderBy(m => m.Number)));
            }

            if (_settling.Waiting.Count > 0)
                SettleSome(_settling);
            else if (_removals > 0)
                RemoveSome();
            else if ((_settling.Marks ??= new Queue<MailboxState>(_dirty)).Count > 0)
                WriteSomeMarks(_settling.Marks);
            else
                Finish(_settling.Segment);
        }
        catch (StorageException)
        {
            _isStuck = true;
            throw;
        }
    }

    /// <summary>Everything the journal holds goes to the database, and its segments go.</summary>
    /// <exception cref="StorageException">SQLite refused; nothing is lost.</exception>
    public void SettleAll()
    {
        _journal.Roll();
        _flushesRemovals = true;
        while (_removals > 0)
            Step();
        while (_journal.Oldest is not null)
            Step();
    }

    /// <summary>Removes all that waits to be removed from one mailbox: its counts are right then.</summary>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public void RemoveAll(MailboxState mailbox)
    {
        while (mailbox.Removals > 0)
            InTransaction(() => Remove(mailbox, SliceRows))();
    }

    /// <summary>Segments are kept from now on, though they are settled, until <see cref="EndCopy"/>; nothing more is appended to the present ones.</summary>
    /// <returns>The present ones, the oldest first.</returns>
    public IReadOnlyList<JournalSegment> BeginCopy()
    {
        _copies++;
        _journal.Roll();
        return [.. _journal.Segments];
    }

    /// <summary>Segments that were settled meanwhile go.</summary>
    public void EndCopy()
    {
        if (--_copies == 0)
        {
            while (_kept.TryDequeue(out var segment))
                _journal.Delete(segment);
        }
    }

    private void SettleSome(Settling settling)
    {
        var rows = new List<(MailboxState Mailbox, FreshEntry Entry)>();
        var entries = new List<FreshEntry>();
        while (rows.Count < SliceRows && settling.Waiting.TryPeek(out var mailbox))
        {
            entries.Clear();
            mailbox.CopyOf(settling.Segment, SliceRows - rows.Count, entries);
            rows.AddRange(entries.Select(e => (mailbox, e)));
            if (rows.Count < SliceRows)
                settling.Waiting.Dequeue();
        }

        if (rows.Count == 0)
            return;
        var inserted = new bool[rows.Count];
        InTransaction(() =>
        {
            Session.SetJournal(settling.Segment.Number - 1, settling.Segment.Number);
            for (var i = 0; i < rows.Count; i++)
            {
                var (mailbox, entry) = rows[i];
                inserted[i] = Session.InsertEnvelope(mailbox.Number, entry.Sequence, entry.IdBytes(), entry.PostedMs, ReadEnvelope(entry));
            }

            return () =>
            {
                for (var i = 0; i < rows.Count; i++)
                {
                    var (mailbox, entry) = rows[i];
                    if (!inserted[i])
                    {
                        TakeFresh(mailbox, entry.Sequence);
                        continue;
                    }

                    mailbox.TrySettleFresh(entry.Sequence, out _);
                    settling.Segment.Leaves();
                    _fresh--;
                    _freshBytes -= entry.Length;
                }
            };
        })();
    }

    private void RemoveSome()
    {
        var done = new List<Action>();
        InTransaction(() =>
        {
            var left = SliceRows;
            foreach (var mailbox in _removing)
            {
                if (left <= 0)
                    break;
                left -= Math.Min(left, mailbox.Removals);
                done.Add(Remove(mailbox, SliceRows));
            }

            return () => done.ForEach(d => d());
        })();
    }

    /// <summary>Inside a transaction; what to do after it.</summary>
    private Action Remove(MailboxState mailbox, int limit)
    {
        var sequences = mailbox.SomeRemovals(limit);
        var (envelopes, bytes) = (0, 0L);
        for (var from = 0; from < sequences.Length;)
        {
            var to = from;
            while (to + 1 < sequences.Length && sequences[to + 1] == sequences[to] + 1)
                to++;
            var (count, length) = Session.DeleteEnvelopes(mailbox.Number, sequences[from], sequences[to]);
            envelopes += count;
            bytes += length;
            from = to + 1;
        }

        return () =>
        {
            mailbox.Removed(sequences, envelopes, bytes);
            _removals -= sequences.Length;
            if (mailbox.Removals == 0)
                _removing.Remove(mailbox);
        };
    }

    private void WriteSomeMarks(Queue<MailboxState> marks)
    {
        var some = new List<MailboxState>();
        while (some.Count < SliceRows && marks.TryDequeue(out var mailbox))
            some.Add(mailbox);
        InTransaction(() =>
        {
            foreach (var mailbox in some)
                Session.SetMarks(mailbox.Number, mailbox.HighestAcknowledged, mailbox.HighestRemoved, mailbox.ReservedThrough);
            return () =>
            {
                foreach (var mailbox in some)
                {
                    mailbox.IsDirty = false;
                    _dirty.Remove(mailbox);
                }
            };
        })();
    }

    private void Finish(JournalSegment segment)
    {
        InTransaction(() =>
        {
            Session.SetJournal(segment.Number, 0);
            return () => { };
        })();
        _settling = null;
        _journal.RemoveOldest();
        if (_copies > 0)
            _kept.Enqueue(segment);
        else
            _journal.Delete(segment);
        if (_states.Count <= _limits.Mailboxes)
            return;
        foreach (var (number, mailbox) in _states)
        {
            if (mailbox.TryForget())
                _states.TryRemove(number, out _);
        }
    }

    /// <summary>Runs it in a transaction of its own; what it returns is done to memory after the commit.</summary>
    private Action InTransaction(Func<Action> change)
    {
        Session.Begin();
        try
        {
            var after = change();
            Session.Commit();
            return after;
        }
        catch (StorageException)
        {
            Session.TryRollback();
            throw;
        }
    }

    private static byte[] ReadEnvelope(in FreshEntry entry)
    {
        var bytes = new byte[entry.Length];
        try
        {
            if (entry.Segment!.File.Read(bytes, entry.Offset) != bytes.Length)
                throw new StorageException(0, $"the journal's {entry.Segment.Name} is shorter than it was");
        }
        catch (IOException e)
        {
            throw new StorageException(0, $"the journal's {entry.Segment!.Name} cannot be read: {e.Message}");
        }

        return bytes;
    }

    /// <summary>A segment on its way to the database.</summary>
    private sealed class Settling(JournalSegment segment, Queue<MailboxState> waiting)
    {
        public JournalSegment Segment { get; } = segment;

        /// <summary>Mailboxes that may have envelopes in it.</summary>
        public Queue<MailboxState> Waiting { get; } = waiting;

        /// <summary>Mailboxes whose marks are to be written; null: it is not so far.</summary>
        public Queue<MailboxState>? Marks { get; set; }
    }
}
