using System.Security.Cryptography;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Node.Storage;

/// <summary>
/// A peer's store in one SQLite file. A commit is one transaction and is on disk when it returns; each one checks that no other process has claimed
/// the file since, which a file system without locks would allow. Reading goes by a connection of its own, beside commits. Safe for threads.
/// </summary>
internal sealed class SqlitePeerStore : IPeerStore, IDisposable
{
    private readonly Lock _writing = new();
    private readonly Lock _reading = new();
    private readonly SqliteFile _writer;
    private readonly SqliteFile _reader;
    private readonly byte[] _run;

    private SqlitePeerStore(SqliteFile writer, SqliteFile reader, byte[] run) => (_writer, _reader, _run) = (writer, reader, run);

    /// <summary>Opens the file, or makes it so that only its owner reads it, and claims it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="random">For this run's token.</param>
    /// <exception cref="InvalidDataException">The file was written by a newer version.</exception>
    /// <exception cref="SqliteFault">SQLite refused.</exception>
    public static SqlitePeerStore Open(string path, RandomSource random)
    {
        // SQLite gives the log and its index the permissions of the file itself.
        using (new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
        }

        var run = random.Bytes(16);
        var writer = new SqliteFile(path, writes: true);
        try
        {
            NodeSchema.Prepare(writer);
            writer.Transact(() => writer.Query("INSERT OR REPLACE INTO owner (one, run) VALUES (1, ?)").With(run).Run());
            return new SqlitePeerStore(writer, new SqliteFile(path, writes: false), run);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Takes the whole of a backup into an empty store.</summary>
    /// <exception cref="SqliteFault">SQLite refused; nothing was taken.</exception>
    public void Fill(IReadOnlyList<StateRow> rows, IEnumerable<MessageRecord> messages)
    {
        lock (_writing)
        {
            _writer.Transact(() =>
            {
                foreach (var row in rows)
                    PutState(row.Key, row.Value);
                foreach (var message in messages)
                    PutMessage(message);
            });
        }
    }

    /// <summary>All that is kept, as of one moment.</summary>
    public (IReadOnlyList<StateRow> Rows, IReadOnlyList<MessageRecord> Messages) Everything()
    {
        (IReadOnlyList<StateRow>, IReadOnlyList<MessageRecord>) everything = ([], []);
        lock (_writing)
        {
            _writer.Transact(() =>
            {
                using var rows = _writer.Query("SELECT key, value FROM state");
                using var messages = _writer.Query("SELECT record FROM messages ORDER BY number");
                everything = (StateRows(rows), Records(messages));
            });
        }

        return everything;
    }

    /// <summary>The rows of one kind.</summary>
    public IReadOnlyList<StateRow> Rows(string prefix)
    {
        lock (_reading)
        {
            using var query = _reader.Query("SELECT key, value FROM state WHERE key >= ?1 AND key < ?1 || char(0x10FFFF)").With(prefix);
            return StateRows(query);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StateRow>> LoadStateAsync(CancellationToken cancellation) => ValueTask.FromResult(Rows(""));

    /// <inheritdoc/>
    public ValueTask<StoreFault> CommitAsync(StoreBatch batch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        try
        {
            var owned = true;
            lock (_writing)
            {
                _writer.Transact(() =>
                {
                    owned = IsOwner();
                    if (owned)
                        Put(batch);
                });
            }

            return ValueTask.FromResult(owned ? StoreFault.None : StoreFault.Failed);
        }
        catch (SqliteFault fault)
        {
            return ValueTask.FromResult(fault.IsFull ? StoreFault.Full : StoreFault.Failed);
        }
    }

    /// <inheritdoc/>
    public ValueTask<MessageRecord?> FindByEnvelopeAsync(EnvelopeId envelope, CancellationToken cancellation) =>
        ValueTask.FromResult(One("SELECT record FROM messages WHERE envelope = ?", envelope.ToArray()));

    /// <inheritdoc/>
    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) =>
        ValueTask.FromResult(One("SELECT record FROM messages WHERE id = ?", message.ToArray()));

    /// <inheritdoc/>
    public ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation)
    {
        var newer = direction == PageDirection.Newer && !anchor.IsEmpty;
        List<MessageRecord> found;
        lock (_reading)
        {
            // Order keys have 16 bytes: 17 of 0xFF are beyond them all.
            using var query = _reader.Query(newer
                    ? "SELECT record FROM messages WHERE contact = ? AND order_key > ? ORDER BY order_key, id LIMIT ?"
                    : "SELECT record FROM messages WHERE contact = ? AND order_key < ? ORDER BY order_key DESC, id DESC LIMIT ?")
                .With(contact.ToArray())
                .With(anchor.IsEmpty ? Enumerable.Repeat((byte)0xFF, 17).ToArray() : anchor.Span)
                .With((long)count + 1);
            found = Records(query);
        }

        var more = found.Count > count;
        if (more)
            found.RemoveAt(count);
        if (!newer)
            found.Reverse();
        return ValueTask.FromResult(new MessagePage(found, more));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation)
    {
        var words = SearchWords.Of(query);
        if (words.Count == 0)
            return ValueTask.FromResult<IReadOnlyList<MessageRecord>>([]);
        // One condition for each word; the query's own length is capped by what a person types, SQLite's by 32,766 values.
        var beginning = string.Join(" AND ", words.Take(32).Select(_ => "number IN (SELECT message FROM words WHERE word >= ? AND word < ?)"));
        var where = contact is null ? beginning : beginning + " AND contact = ?";
        lock (_reading)
        {
            using var found = Bound(_reader.Query($"SELECT record FROM messages WHERE {where} ORDER BY shown_ms DESC, number DESC LIMIT ?"), words, contact, count);
            return ValueTask.FromResult<IReadOnlyList<MessageRecord>>(Records(found));
        }
    }

    /// <inheritdoc/>
    public ValueTask WipeAsync(CancellationToken cancellation)
    {
        lock (_writing)
        {
            _writer.Transact(() => _writer.Run("DELETE FROM state; DELETE FROM messages; DELETE FROM words"));
            // What was written before is in the log and in free pages: both go.
            _writer.Run("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_reading)
            _reader.Dispose();
        lock (_writing)
            _writer.Dispose();
    }

    private static SqliteQuery Bound(SqliteQuery query, IReadOnlyList<string> words, ContactId? contact, int count)
    {
        foreach (var word in words.Take(32))
            query = query.With(word).With(word + "\U0010FFFF");
        if (contact is { } one)
            query = query.With(one.ToArray());
        return query.With(count);
    }

    private static List<MessageRecord> Records(SqliteQuery query)
    {
        var records = new List<MessageRecord>();
        while (query.Next())
            records.Add(MessageRecord.Parser.ParseFrom(query.Bytes(0)));
        return records;
    }

    private static List<StateRow> StateRows(SqliteQuery query)
    {
        var rows = new List<StateRow>();
        while (query.Next())
            rows.Add(new StateRow(query.Text(0), query.Bytes(1)));
        return rows;
    }

    private MessageRecord? One(string sql, byte[] key)
    {
        lock (_reading)
        {
            using var query = _reader.Query(sql).With(key);
            return query.Next() ? MessageRecord.Parser.ParseFrom(query.Bytes(0)) : null;
        }
    }

    private bool IsOwner()
    {
        using var query = _writer.Query("SELECT run FROM owner WHERE one = 1");
        return query.Next() && CryptographicOperations.FixedTimeEquals(query.Bytes(0), _run);
    }

    private void Put(StoreBatch batch)
    {
        foreach (var (key, value) in batch.State)
        {
            if (value is null)
                _writer.Query("DELETE FROM state WHERE key = ?").With(key).Run();
            else
                PutState(key, value);
        }

        foreach (var contact in batch.ForgottenConversations)
        {
            _writer.Query("DELETE FROM words WHERE message IN (SELECT number FROM messages WHERE contact = ?)").With(contact.ToArray()).Run();
            _writer.Query("DELETE FROM messages WHERE contact = ?").With(contact.ToArray()).Run();
        }

        foreach (var message in batch.Messages)
            PutMessage(message);
    }

    private void PutState(string key, byte[] value) =>
        _writer.Query("INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").With(key).With(value).Run();

    private void PutMessage(MessageRecord message)
    {
        if (!MessageId.TryRead(message.Id, out _))
            throw new InvalidOperationException("A message without an id.");
        var (number, kept) = Kept(message);
        if (kept is not null && (kept.ContactId != message.ContactId || kept.Outgoing != message.Outgoing || kept.Clock != message.Clock))
            return;
        var bytes = message.ToByteArray();
        if (kept is null)
        {
            _writer.Query("INSERT INTO messages (id, contact, order_key, shown_ms, envelope, record) VALUES (?, ?, ?, ?, ?, ?)")
                .With(message.Id.Span).With(message.ContactId.Span).With(message.OrderKey.Span).With((long)message.ShownAtMs).With(message.EnvelopeId.Span)
                .With(bytes).Run();
            number = _writer.LastRow;
        }
        else
        {
            _writer.Query("UPDATE messages SET order_key = ?, shown_ms = ?, envelope = ?, record = ? WHERE number = ?")
                .With(message.OrderKey.Span).With((long)message.ShownAtMs).With(message.EnvelopeId.Span).With(bytes).With(number).Run();
        }

        var words = SearchWords.Of(message);
        if (kept is not null)
        {
            if (SearchWords.Of(kept).SequenceEqual(words))
                return;
            _writer.Query("DELETE FROM words WHERE message = ?").With(number).Run();
        }

        foreach (var word in words)
            _writer.Query("INSERT OR IGNORE INTO words (word, message) VALUES (?, ?)").With(word).With(number).Run();
    }

    private (long Number, MessageRecord? Record) Kept(MessageRecord message)
    {
        using var query = _writer.Query("SELECT number, record FROM messages WHERE id = ?").With(message.Id.Span);
        return query.Next() ? (query.Number(0), MessageRecord.Parser.ParseFrom(query.Bytes(1))) : (0, null);
    }
}
