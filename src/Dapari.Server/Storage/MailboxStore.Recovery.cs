using Dapari.Server.Storage.Journal;

namespace Dapari.Server.Storage;

/// <summary>
/// The start: the journal is replayed over the database. A record that was replayed before, or whose effect the database has, changes nothing.
/// </summary>
internal sealed partial class MailboxStore
{
    private bool _isRecovering;

    private void Recover()
    {
        _isRecovering = true;
        var (settled, settling) = Session.Journal();
        var gone = new HashSet<long>();
        _journal.Recover(settled, (segment, records, start) => Replay(segment, records, start, settling, gone));
        foreach (var (_, mailbox) in _states)
            mailbox.NextSequence = Math.Max(mailbox.NextSequence, mailbox.ReservedThrough + 1);
        _isRecovering = false;
        // A killed process may have left commits that were never synced. This one syncs them all.
        InTransaction(() =>
        {
            Session.SetJournal(settled, settling);
            return () => { };
        })();
    }

    private void Replay(JournalSegment segment, ReadOnlySpan<byte> bytes, int start, long settling, HashSet<long> gone)
    {
        var records = new JournalRecords(bytes);
        while (records.TryNext())
        {
            var number = records.Mailbox;
            if (gone.Contains(number))
                continue;
            if (Mailbox(number) is not { } mailbox)
            {
                gone.Add(number);
                continue;
            }

            switch (records.Kind)
            {
                case RecordKind.Post:
                    mailbox.NextSequence = Math.Max(mailbox.NextSequence, records.Sequence + 1L);
                    if (segment.Number == settling && Session.HasEnvelope(number, records.Sequence) || mailbox.TryFindFresh(records.Sequence, out _))
                        break;
                    mailbox.AddFresh(new FreshEntry(
                        records.Sequence, records.EnvelopeLength, records.PostedMs, FreshEntry.ReadId(records.Id), segment, start + records.EnvelopeStart));
                    segment.Enters();
                    _fresh++;
                    _freshBytes += records.EnvelopeLength;
                    break;
                case RecordKind.Marks:
                    mailbox.Acknowledged(records.Acknowledged);
                    mailbox.HighestRemoved = Math.Max(mailbox.HighestRemoved, records.Swept);
                    mailbox.ReservedThrough = records.Reserved;
                    mailbox.NextSequence = Math.Max(mailbox.NextSequence, Math.Max(records.Acknowledged, records.Swept) + 1L);
                    MarkDirty(mailbox);
                    break;
                default:
                    var sequences = new List<uint>(records.Count);
                    for (var i = 0; i < records.Count; i++)
                        sequences.Add(records.Removed(i));
                    foreach (var sequence in sequences)
                        mailbox.NextSequence = Math.Max(mailbox.NextSequence, sequence + 1L);
                    PublishRemoved(records.Kind, mailbox, sequences);
                    break;
            }
        }

        if (records.IsMalformed)
            throw new StorageException(0, $"the journal's {segment.Name} has records that this version does not know");
        while (_removals > CalmRemovals)
            RemoveSome();
    }
}
