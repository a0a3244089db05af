namespace Dapari.Server.Storage;

/// <summary>What connections read: from the journal, the database, or both.</summary>
internal sealed partial class MailboxStore
{
    /// <summary>Any thread: envelopes after a sequence, in order, bounded in number and, beyond the first, in bytes.</summary>
    /// <exception cref="StorageException">Journal or database cannot be read.</exception>
    public async ValueTask<List<EnvelopeRow>> AfterAsync(Readers readers, long number, long sequence, int count, long bytes, CancellationToken cancellation)
    {
        var fresh = new List<FreshEntry>();
        while (true)
        {
            // Memory first: what goes to the database in between is then seen in both, and not in none.
            fresh.Clear();
            HashSet<uint>? removals = null;
            var hasSettled = !_states.TryGetValue(number, out var mailbox) || mailbox.CopyAfter(sequence, count, fresh, out removals);
            var settled = hasSettled ? await readers.ReadAsync(r => r.After(number, sequence, count, bytes, removals), cancellation) : new SettledRows([], false);
            try
            {
                return Merge(fresh, settled, count, bytes);
            }
            catch (ObjectDisposedException)
            {
                // Its segment was settled meanwhile, and is gone.
            }
        }
    }

    /// <summary>Any thread: mailboxes whose oldest fresh envelope is older than that.</summary>
    public List<long> ExpiredFresh(long cutoffMs)
    {
        var expired = new List<long>();
        var first = new List<FreshEntry>(1);
        foreach (var (number, mailbox) in _states)
        {
            first.Clear();
            mailbox.CopyAfter(0, 1, first, out _);
            if (first.Count > 0 && first[0].PostedMs < cutoffMs)
                expired.Add(number);
        }

        return expired;
    }

    /// <summary>The writer's thread: the oldest sequences of a mailbox, as long as they were posted before then, at most so many.</summary>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public List<ulong> Older(MailboxState mailbox, long cutoffMs, int limit)
    {
        RemoveAll(mailbox);
        var fresh = new List<FreshEntry>();
        mailbox.CopyAfter(0, limit, fresh, out _);
        return
        [
            .. Session.Older(mailbox.Number, cutoffMs, limit).Concat(fresh.TakeWhile(e => e.PostedMs < cutoffMs).Select(e => e.Sequence)).Order().Take(limit).Select(s => (ulong)s),
        ];
    }

    private static List<EnvelopeRow> Merge(List<FreshEntry> fresh, SettledRows settled, int count, long bytes)
    {
        var rows = new List<EnvelopeRow>();
        // Behind the last row that was read there are others, and what memory has behind it waits for them.
        var through = settled.More ? settled.Rows[^1].Sequence : long.MaxValue;
        var (f, s) = (0, 0);
        while (rows.Count < count && bytes > 0)
        {
            var next = f < fresh.Count ? fresh[f].Sequence : long.MaxValue;
            if (s < settled.Rows.Count && settled.Rows[s].Sequence <= next)
            {
                if (settled.Rows[s].Sequence == next)
                    f++;
                rows.Add(settled.Rows[s++]);
            }
            else if (next < through)
            {
                var entry = fresh[f++];
                rows.Add(new EnvelopeRow(entry.Sequence, entry.PostedMs, entry.IdBytes(), ReadEnvelope(entry)));
            }
            else
                break;
            bytes -= rows[^1].Envelope.Length;
        }

        return rows;
    }
}
