namespace Dapari.Server.Storage;

/// <summary>The writer's connection with its prepared statements and what it remembers of mailboxes. Of the writer's thread only.</summary>
internal sealed partial class WriteSession : IDisposable
{
    /// <summary>Mailboxes remembered between batches; beyond, all are forgotten and read again when needed.</summary>
    private const int RememberedMailboxes = 100_000;

    /// <summary>Bits of an envelope's key that hold its sequence.</summary>
    public const int SequenceBits = 32;

    private readonly Database _database;
    private readonly Dictionary<long, MailboxState> _mailboxes = [];
    private readonly List<MailboxState> _dirty = [];
    private readonly List<MailboxState> _marked = [];
    private readonly Statement _begin, _commit, _rollback, _mailboxByNumber, _mailboxById, _stored, _insertMailbox, _deleteMailbox, _deleteEnvelopes,
        _updateMarks, _insertEnvelope, _deleteEnvelope, _oldest, _holds;

    public WriteSession(string path, long maxDataBytes, ServerClock clock)
    {
        Clock = clock;
        _database = Database.Open(path, readOnly: false);
        try
        {
            // synchronous=FULL: with NORMAL the last commits before a power cut are lost (measured), and a post was answered already.
            _database.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY");
            _database.Execute("PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864");
            Schema.Migrate(_database);
            if (maxDataBytes > 0)
                _database.Execute($"PRAGMA max_page_count={Math.Max(64, maxDataBytes / (_database.Scalar("PRAGMA page_size") ?? 4096))}");
            _begin = _database.Prepare("BEGIN IMMEDIATE");
            _commit = _database.Prepare("COMMIT");
            _rollback = _database.Prepare("ROLLBACK");
            _mailboxByNumber = _database.Prepare("SELECT highest_acknowledged, highest_removed, reserved FROM mailboxes WHERE number = ?1");
            _mailboxById = _database.Prepare("SELECT number, owner_key, sender_key, highest_acknowledged FROM mailboxes WHERE id = ?1");
            _stored = _database.Prepare("SELECT count(*), total(length(envelope)), max(key) FROM envelopes WHERE key BETWEEN ?1 AND ?2");
            _insertMailbox = _database.Prepare("INSERT INTO mailboxes (id, owner_key, sender_key) VALUES (?1, ?2, ?3)");
            _deleteMailbox = _database.Prepare("DELETE FROM mailboxes WHERE number = ?1");
            _deleteEnvelopes = _database.Prepare("DELETE FROM envelopes WHERE key BETWEEN ?1 AND ?2");
            _updateMarks = _database.Prepare("UPDATE mailboxes SET highest_acknowledged = ?2, highest_removed = ?3, reserved = ?4 WHERE number = ?1");
            _insertEnvelope = _database.Prepare("INSERT OR IGNORE INTO envelopes (key, mailbox, envelope_id, posted_ms, envelope) VALUES (?1, ?2, ?3, ?4, ?5)");
            _deleteEnvelope = _database.Prepare("DELETE FROM envelopes WHERE key = ?1 RETURNING length(envelope)");
            _oldest = _database.Prepare("SELECT key, posted_ms, length(envelope) FROM envelopes WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1");
            _holds = _database.Prepare("SELECT 1 FROM envelopes WHERE mailbox = ?1 AND envelope_id = ?2");
            PrepareOthers();
            PrepareBlobs();
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    public ServerClock Clock { get; }

    /// <summary>The span of keys of one mailbox.</summary>
    public static (long First, long Last) Keys(long mailbox) => (mailbox << SequenceBits, (mailbox << SequenceBits) | uint.MaxValue);

    /// <summary>There are marks that go with the next commit.</summary>
    public bool HasMarks => _marked.Count > 0;

    public void Begin() => _begin.Run();

    public void Commit()
    {
        foreach (var mailbox in _marked)
        {
            mailbox.IsMarkWaiting = false;
            if (_mailboxes.GetValueOrDefault(mailbox.Number) == mailbox)
                MarkDirty(mailbox);
        }

        _marked.Clear();
        foreach (var mailbox in _dirty)
        {
            mailbox.Dirty = false;
            _updateMarks.Bind(1, mailbox.Number).Bind(2, mailbox.HighestAcknowledged).Bind(3, mailbox.HighestRemoved).Bind(4, mailbox.ReservedThrough).Run();
        }

        _dirty.Clear();
        _commit.Run();
        if (_mailboxes.Count > RememberedMailboxes)
            Forget();
    }

    /// <summary>At the very end: marks are written, and sequences that were reserved and not given are given back.</summary>
    public void Close()
    {
        Begin();
        foreach (var mailbox in _mailboxes.Values)
        {
            if (mailbox.ReservedThrough < mailbox.NextSequence)
                continue;
            mailbox.ReservedThrough = mailbox.NextSequence - 1;
            MarkDirty(mailbox);
        }

        Commit();
    }

    /// <summary>Undoes the batch, in the file and in memory.</summary>
    public void Rollback()
    {
        Forget();
        _dirty.Clear();
        if (!_database.AutoCommit) // A full disk may have rolled back by itself.
            _rollback.Run();
    }

    public bool TryFindMailbox(ReadOnlySpan<byte> id, out MailboxRow row)
    {
        _mailboxById.Bind(1, id);
        var found = _mailboxById.Step();
        row = found ? new(_mailboxById.Int64(0), _mailboxById.Blob(1), _mailboxById.Blob(2), _mailboxById.Int64(3)) : default;
        _mailboxById.Reset();
        return found;
    }

    public long InsertMailbox(ReadOnlySpan<byte> id, ReadOnlySpan<byte> ownerKey, ReadOnlySpan<byte> senderKey)
    {
        _insertMailbox.Bind(1, id).Bind(2, ownerKey).Bind(3, senderKey).Run();
        var number = _database.LastRowId;
        return number <= int.MaxValue ? number : throw new StorageException(0, "no mailbox numbers are left");
    }

    public void DeleteMailbox(long number)
    {
        var (first, last) = Keys(number);
        _deleteEnvelopes.Bind(1, first).Bind(2, last).Run();
        _deleteMailbox.Bind(1, number).Run();
        if (_mailboxes.Remove(number, out var state))
        {
            state.Forget();
            _dirty.Remove(state);
        }
    }

    /// <summary>The mailbox's state, from memory or from the file; null when it is gone.</summary>
    public MailboxState? Mailbox(long number)
    {
        if (_mailboxes.TryGetValue(number, out var state))
            return state;

        _mailboxByNumber.Bind(1, number);
        if (_mailboxByNumber.Step())
        {
            state = new MailboxState(number) { HighestRemoved = _mailboxByNumber.Int64(1), ReservedThrough = _mailboxByNumber.Int64(2) };
            state.Acknowledged(_mailboxByNumber.Int64(0));
        }

        _mailboxByNumber.Reset();
        if (state is null)
            return null;

        var (first, last) = Keys(number);
        _stored.Bind(1, first).Bind(2, last).Step();
        state.StoredEnvelopes = (int)_stored.Int64(0);
        state.StoredBytes = _stored.Int64(1);
        var highest = _stored.IsNull(2) ? 0 : _stored.Int64(2) & uint.MaxValue;
        _stored.Reset();
        state.NextSequence = Math.Max(Math.Max(highest, state.ReservedThrough), Math.Max(state.HighestAcknowledged, state.HighestRemoved)) + 1;
        _mailboxes[number] = state;
        return state;
    }

    public bool HoldsEnvelope(MailboxState mailbox, ReadOnlySpan<byte> envelopeId)
    {
        _holds.Bind(1, mailbox.Number).Bind(2, envelopeId);
        var found = _holds.Step();
        _holds.Reset();
        return found;
    }

    /// <summary>Stores an envelope. False: the mailbox holds one of this id already.</summary>
    public bool InsertEnvelope(MailboxState mailbox, long sequence, ReadOnlySpan<byte> envelopeId, long postedMs, ReadOnlySpan<byte> envelope)
    {
        if (sequence > uint.MaxValue)
            throw new StorageException(0, "no sequences are left in a mailbox");
        _insertEnvelope.Bind(1, (mailbox.Number << SequenceBits) | sequence).Bind(2, mailbox.Number)
            .Bind(3, envelopeId).Bind(4, postedMs).Bind(5, envelope).Run();
        if (_database.Changes == 0)
            return false;

        mailbox.StoredEnvelopes++;
        mailbox.StoredBytes += envelope.Length;
        return true;
    }

    /// <summary>Removes what the owner has stored itself. Sequences never given out are ignored.</summary>
    public void Acknowledge(MailboxState mailbox, long sequence)
    {
        if (sequence < 1 || sequence >= mailbox.NextSequence)
            return;

        Remove(mailbox, (mailbox.Number << SequenceBits) | sequence);
        if (sequence > mailbox.HighestAcknowledged)
        {
            mailbox.Acknowledged(sequence);
            MarkDirty(mailbox);
        }
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
        MarkDirty(mailbox);
    }

    /// <summary>Removes up to <paramref name="limit"/> envelopes posted before <paramref name="cutoffMs"/>; how many went.</summary>
    public int RemoveOlder(MailboxState mailbox, long cutoffMs, int limit)
    {
        var (first, last) = Keys(mailbox.Number);
        var removed = 0;
        while (removed < limit)
        {
            _oldest.Bind(1, first).Bind(2, last);
            var key = _oldest.Step() && _oldest.Int64(1) < cutoffMs ? _oldest.Int64(0) : -1;
            _oldest.Reset();
            if (key < 0)
                break;
            Remove(mailbox, key);
            mailbox.HighestRemoved = Math.Max(mailbox.HighestRemoved, key & uint.MaxValue);
            MarkDirty(mailbox);
            removed++;
        }

        return removed;
    }

    public void Dispose() => _database.Dispose();

    private void Remove(MailboxState mailbox, long key)
    {
        _deleteEnvelope.Bind(1, key);
        var length = _deleteEnvelope.Step() ? _deleteEnvelope.Int64(0) : -1;
        _deleteEnvelope.Reset();
        if (length < 0)
            return;
        mailbox.StoredEnvelopes--;
        mailbox.StoredBytes -= length;
    }

    private void Forget()
    {
        foreach (var mailbox in _mailboxes.Values)
            mailbox.Forget();
        _mailboxes.Clear();
    }

    private void MarkDirty(MailboxState mailbox)
    {
        if (mailbox.Dirty)
            return;
        mailbox.Dirty = true;
        _dirty.Add(mailbox);
    }
}
