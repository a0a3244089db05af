namespace Dapari.Server.Storage;

/// <summary>The writer's connection with its prepared statements. Of the writer's thread only.</summary>
internal sealed partial class WriteSession : IDisposable
{
    /// <summary>Bits of an envelope's key that hold its sequence.</summary>
    public const int SequenceBits = 32;

    private readonly Database _database;
    private readonly long _pageSize;
    private readonly Statement _begin, _commit, _rollback, _marks, _mailboxById, _stored, _insertMailbox, _deleteMailbox, _setMarks, _insertEnvelope, _deleteEnvelopes,
        _hasEnvelope, _sequence, _older, _journal, _setJournal, _pages, _freePages;

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
            _marks = _database.Prepare("SELECT highest_acknowledged, highest_removed, reserved FROM mailboxes WHERE number = ?1");
            _mailboxById = _database.Prepare("SELECT number, owner_key, sender_key FROM mailboxes WHERE id = ?1");
            _stored = _database.Prepare("SELECT count(*), total(length(envelope)), max(key) FROM envelopes WHERE key BETWEEN ?1 AND ?2");
            _insertMailbox = _database.Prepare("INSERT INTO mailboxes (id, owner_key, sender_key) VALUES (?1, ?2, ?3)");
            _deleteMailbox = _database.Prepare("DELETE FROM mailboxes WHERE number = ?1");
            _setMarks = _database.Prepare("UPDATE mailboxes SET highest_acknowledged = ?2, highest_removed = ?3, reserved = ?4 WHERE number = ?1");
            _insertEnvelope = _database.Prepare("INSERT OR IGNORE INTO envelopes (key, mailbox, envelope_id, posted_ms, envelope) VALUES (?1, ?2, ?3, ?4, ?5)");
            _deleteEnvelopes = _database.Prepare("DELETE FROM envelopes WHERE key BETWEEN ?1 AND ?2 RETURNING length(envelope)");
            _hasEnvelope = _database.Prepare("SELECT 1 FROM envelopes WHERE key = ?1");
            _sequence = _database.Prepare("SELECT key FROM envelopes WHERE mailbox = ?1 AND envelope_id = ?2");
            _older = _database.Prepare("SELECT key, posted_ms FROM envelopes WHERE key BETWEEN ?1 AND ?2 ORDER BY key");
            _journal = _database.Prepare("SELECT settled, settling FROM journal");
            _setJournal = _database.Prepare("UPDATE journal SET settled = ?1, settling = ?2");
            _pages = _database.Prepare("PRAGMA page_count");
            _freePages = _database.Prepare("PRAGMA freelist_count");
            _pageSize = _database.Scalar("PRAGMA page_size") ?? 4096;
            PrepareOthers();
            PrepareBlobs();
            PrepareWakes();
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

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>Undoes what was begun. False: the connection is beyond use; the file itself is recovered when it is opened again.</summary>
    public bool TryRollback()
    {
        try
        {
            if (!_database.AutoCommit) // A full disk may have rolled back by itself.
                _rollback.Run();
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    public bool TryFindMailbox(ReadOnlySpan<byte> id, out MailboxRow row)
    {
        _mailboxById.Bind(1, id);
        var found = _mailboxById.Step();
        row = found ? new(_mailboxById.Int64(0), _mailboxById.Blob(1), _mailboxById.Blob(2), []) : default;
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
        DeleteEnvelopes(number, 0, uint.MaxValue);
        DeleteWake(number);
        _deleteMailbox.Bind(1, number).Run();
    }

    /// <summary>Null: there is no such mailbox.</summary>
    public MarksRow? Marks(long number)
    {
        _marks.Bind(1, number);
        MarksRow? marks = _marks.Step() ? new MarksRow(_marks.Int64(0), _marks.Int64(1), _marks.Int64(2)) : null;
        _marks.Reset();
        return marks;
    }

    public void SetMarks(long number, long acknowledged, long removed, long reserved) =>
        _setMarks.Bind(1, number).Bind(2, acknowledged).Bind(3, removed).Bind(4, reserved).Run();

    /// <summary>What the database holds of a mailbox, and the highest sequence among it; 0: none.</summary>
    public (int Envelopes, long Bytes, long Highest) Stored(long number)
    {
        var (first, last) = Keys(number);
        _stored.Bind(1, first).Bind(2, last).Step();
        var stored = ((int)_stored.Int64(0), _stored.Int64(1), _stored.IsNull(2) ? 0 : _stored.Int64(2) & uint.MaxValue);
        _stored.Reset();
        return stored;
    }

    public bool HasEnvelope(long mailbox, long sequence)
    {
        _hasEnvelope.Bind(1, (mailbox << SequenceBits) | sequence);
        var found = _hasEnvelope.Step();
        _hasEnvelope.Reset();
        return found;
    }

    /// <summary>The sequence of the envelope of this id; null: there is none.</summary>
    public uint? Sequence(long mailbox, ReadOnlySpan<byte> envelopeId)
    {
        _sequence.Bind(1, mailbox).Bind(2, envelopeId);
        uint? sequence = _sequence.Step() ? (uint)(_sequence.Int64(0) & uint.MaxValue) : null;
        _sequence.Reset();
        return sequence;
    }

    /// <summary>False: there is one of this sequence or id already.</summary>
    public bool InsertEnvelope(long mailbox, long sequence, ReadOnlySpan<byte> envelopeId, long postedMs, ReadOnlySpan<byte> envelope)
    {
        _insertEnvelope.Bind(1, (mailbox << SequenceBits) | sequence).Bind(2, mailbox).Bind(3, envelopeId).Bind(4, postedMs).Bind(5, envelope).Run();
        return _database.Changes > 0;
    }

    /// <summary>Removes envelopes from one sequence through another; how many and how large they were.</summary>
    public (int Envelopes, long Bytes) DeleteEnvelopes(long mailbox, uint first, uint last)
    {
        var (envelopes, bytes) = (0, 0L);
        _deleteEnvelopes.Bind(1, (mailbox << SequenceBits) | first).Bind(2, (mailbox << SequenceBits) | last);
        while (_deleteEnvelopes.Step())
        {
            envelopes++;
            bytes += _deleteEnvelopes.Int64(0);
        }

        _deleteEnvelopes.Reset();
        return (envelopes, bytes);
    }

    /// <summary>The first sequences, as long as they were posted before then, at most so many.</summary>
    public List<uint> Older(long mailbox, long cutoffMs, int limit)
    {
        var (first, last) = Keys(mailbox);
        var older = new List<uint>();
        _older.Bind(1, first).Bind(2, last);
        while (older.Count < limit && _older.Step() && _older.Int64(1) < cutoffMs)
            older.Add((uint)(_older.Int64(0) & uint.MaxValue));
        _older.Reset();
        return older;
    }

    /// <summary>The segment through which all of the journal is in the database, and the one that is in it in part; 0: none.</summary>
    public (long Settled, long Settling) Journal()
    {
        _journal.Step();
        var state = (_journal.Int64(0), _journal.Int64(1));
        _journal.Reset();
        return state;
    }

    public void SetJournal(long settled, long settling) => _setJournal.Bind(1, settled).Bind(2, settling).Run();

    /// <summary>Bytes of the database that hold something.</summary>
    public long UsedBytes()
    {
        _pages.Step();
        _freePages.Step();
        var bytes = (_pages.Int64(0) - _freePages.Int64(0)) * _pageSize;
        _pages.Reset();
        _freePages.Reset();
        return bytes;
    }

    public void Dispose() => _database.Dispose();
}
