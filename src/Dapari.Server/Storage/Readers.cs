using System.Collections.Concurrent;
using Dapari.Wire;

namespace Dapari.Server.Storage;

/// <summary>Read-only connections, a few, lent one at a time. They see the last commit and never wait for the writer.</summary>
internal sealed class Readers : IDisposable
{
    private readonly string _path;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentBag<Reader> _readers = [];

    public Readers(string path, int count)
    {
        _path = path;
        _free = new SemaphoreSlim(count);
    }

    /// <exception cref="StorageException">SQLite refused.</exception>
    public async ValueTask<T> ReadAsync<T>(Func<Reader, T> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        Reader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
                reader = new Reader(_path);
            var result = read(reader);
            _readers.Add(reader);
            return result;
        }
        catch (StorageException)
        {
            reader?.Dispose();
            throw;
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose()
    {
        while (_readers.TryTake(out var reader))
            reader.Dispose();
        _free.Dispose();
    }
}

/// <summary>One read-only connection with its statements.</summary>
internal sealed class Reader : IDisposable
{
    private readonly Database _database;
    private readonly Statement _wake, _mailbox, _after, _nextMailbox, _invite, _blob, _blobs;

    public Reader(string path)
    {
        _database = Database.Open(path, readOnly: true);
        _mailbox = _database.Prepare("SELECT number, owner_key, sender_key, (SELECT mark FROM wakes WHERE mailbox = number) FROM mailboxes WHERE id = ?1");
        _wake = _database.Prepare("SELECT subscription FROM wakes WHERE mailbox = ?1");
        _after = _database.Prepare("SELECT key, posted_ms, envelope, envelope_id FROM envelopes WHERE key > ?1 AND key <= ?2 ORDER BY key");
        _nextMailbox = _database.Prepare("SELECT mailbox, posted_ms FROM envelopes WHERE key >= ?1 ORDER BY key LIMIT 1");
        _invite = _database.Prepare("SELECT blob FROM invites WHERE id = ?1 AND expires_ms > ?2");
        _blob = _database.Prepare($"SELECT {BlobRow.Columns} FROM blobs WHERE id = ?1 AND expires_ms > ?2");
        _blobs = _database.Prepare($"SELECT {BlobRow.Columns} FROM blobs WHERE expires_ms <= ?1 LIMIT ?2");
    }

    public MailboxRow? Mailbox(ReadOnlySpan<byte> id)
    {
        _mailbox.Bind(1, id);
        try
        {
            return _mailbox.Step() ? new MailboxRow(_mailbox.Int64(0), _mailbox.Blob(1), _mailbox.Blob(2), _mailbox.Blob(3)) : null;
        }
        finally
        {
            _mailbox.Reset();
        }
    }

    /// <summary>How the owner of a mailbox is woken; null: not at all.</summary>
    public byte[]? Wake(long mailbox)
    {
        _wake.Bind(1, mailbox);
        try
        {
            return _wake.Step() ? _wake.Blob(0) : null;
        }
        finally
        {
            _wake.Reset();
        }
    }

    /// <summary>Envelopes after a sequence, in order, bounded in number and, beyond the first, in bytes, without those that are to be removed.</summary>
    public SettledRows After(long mailbox, long sequence, int count, long bytes, HashSet<uint>? removals)
    {
        var (first, last) = WriteSession.Keys(mailbox);
        _after.Bind(1, first | sequence).Bind(2, last);
        var rows = new List<EnvelopeRow>();
        try
        {
            while (rows.Count < count && bytes > 0)
            {
                if (!_after.Step())
                    return new SettledRows(rows, false);
                var found = _after.Int64(0) & uint.MaxValue;
                if (removals?.Contains((uint)found) == true)
                    continue;
                var envelope = _after.Blob(2);
                rows.Add(new EnvelopeRow(found, _after.Int64(1), _after.Blob(3), envelope));
                bytes -= envelope.Length;
            }
        }
        finally
        {
            _after.Reset();
        }

        return new SettledRows(rows, true);
    }

    /// <summary>Mailboxes from <paramref name="from"/> on whose oldest envelope is older than the cutoff; one index step for each mailbox.</summary>
    public (List<long> Expired, long Next) Expired(long from, long cutoffMs, int steps)
    {
        var expired = new List<long>();
        while (steps-- > 0)
        {
            _nextMailbox.Bind(1, WriteSession.Keys(from).First);
            var found = _nextMailbox.Step();
            var (mailbox, posted) = found ? (_nextMailbox.Int64(0), _nextMailbox.Int64(1)) : default;
            _nextMailbox.Reset();
            if (!found)
                return (expired, 0);
            if (posted < cutoffMs)
                expired.Add(mailbox);
            from = mailbox + 1;
        }

        return (expired, from);
    }

    public byte[]? Invite(ReadOnlySpan<byte> id, long nowMs)
    {
        _invite.Bind(1, id).Bind(2, nowMs);
        try
        {
            return _invite.Step() ? _invite.Blob(0) : null;
        }
        finally
        {
            _invite.Reset();
        }
    }

    /// <summary>A drop-off that has not expired.</summary>
    public BlobRow? Blob(BlobId id, long nowMs)
    {
        _blob.Bind(1, id.ToArray()).Bind(2, nowMs);
        try
        {
            return _blob.Step() ? BlobRow.Read(_blob) : null;
        }
        finally
        {
            _blob.Reset();
        }
    }

    /// <summary>Drop-offs that expire by then, at most so many (-1: all).</summary>
    public List<BlobRow> Blobs(long expiredAtMs, int limit)
    {
        _blobs.Bind(1, expiredAtMs).Bind(2, limit);
        var rows = new List<BlobRow>();
        try
        {
            while (_blobs.Step())
                rows.Add(BlobRow.Read(_blobs));
        }
        finally
        {
            _blobs.Reset();
        }

        return rows;
    }

    public void Dispose() => _database.Dispose();
}
