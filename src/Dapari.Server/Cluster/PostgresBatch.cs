using System.Runtime.InteropServices;
using Dapari.Server.Storage.Operations;
using Dapari.Wire.V1;
using Google.Protobuf;
using Npgsql;
using NpgsqlTypes;

namespace Dapari.Server.Cluster;

/// <summary>
/// What one transaction writes, in one round trip:
/// 1. the rows of the mailboxes that this machine still has are held until the commit, so that no other takes them in between;
/// 2. envelopes of those;
/// 3. what their owners acknowledged goes;
/// 4. marks.
/// Of the writer's thread until <see cref="Store"/> has returned.
/// </summary>
internal sealed class PostgresBatch(ServerClock clock)
{
    /// <summary>Sequences that are reserved at a time.</summary>
    public const int Reservation = 8192;

    private readonly List<PostgresWork> _works = [];
    private readonly List<(ClusterMailbox Mailbox, PostOperation Post)> _inserts = [];
    private readonly List<(ClusterMailbox Mailbox, long Sequence)> _deletes = [];
    private readonly HashSet<ClusterMailbox> _mailboxes = [];
    private readonly Dictionary<ClusterMailbox, long> _marks = [];
    private readonly HashSet<(long, ByteString)> _ids = [];
    private readonly HashSet<ClusterMailbox> _lost = [];
    private bool _failed;

    /// <summary>Changes in it.</summary>
    public int Count => _works.Count;

    public bool IsEmpty => _works.Count == 0 && _marks.Count == 0;

    /// <summary>Mailboxes that other machines have taken, or that were to be written to when the database was away for too long.</summary>
    public List<ClusterMailbox> Lost { get; } = [];

    public void Add(PostgresWork work)
    {
        _works.Add(work);
        var mailbox = work.Mailbox;
        _mailboxes.Add(mailbox);
        if (work.Operation is PostOperation post)
            Add(mailbox, post);
        else if (work.Operation is AcknowledgeOperation acknowledge)
            Add(mailbox, acknowledge);
    }

    /// <summary>Marks that changed without a write.</summary>
    public void AddMarks(HashSet<ClusterMailbox> dirty)
    {
        foreach (var mailbox in dirty)
        {
            mailbox.IsDirty = false;
            if (mailbox.IsLost)
                continue;
            _mailboxes.Add(mailbox);
            _marks.TryAdd(mailbox, mailbox.State.ReservedThrough);
        }

        dirty.Clear();
    }

    /// <summary>Writes all of it. Called again with the same batch if it threw.</summary>
    /// <exception cref="NpgsqlException">The database refused, or went away; nothing is known of the commit then.</exception>
    public void Store(NpgsqlConnection connection)
    {
        var kept = new HashSet<long>();
        var inserted = new HashSet<(long, long)>();
        var removed = new List<(long Mailbox, int Bytes)>();
        using (var batch = new NpgsqlBatch(connection))
        {
            Describe(batch);
            using var rows = batch.ExecuteReader();
            while (rows.Read())
                kept.Add(rows.GetInt64(0));
            if (_inserts.Count > 0)
            {
                rows.NextResult();
                while (rows.Read())
                    inserted.Add((rows.GetInt64(0), rows.GetInt64(1)));
            }

            if (_deletes.Count > 0)
            {
                rows.NextResult();
                while (rows.Read())
                    removed.Add((rows.GetInt64(0), rows.GetInt32(1)));
            }

            while (rows.NextResult())
            {
            }
        }

        var known = inserted.Count < _inserts.Count ? Known(connection) : [];
        Settle(kept, inserted, known, removed);
    }

    /// <summary>Nothing of it was kept, as far as anybody knows. Nothing that waits behind it may be kept either: its senders begin again with what failed, in mailboxes that are taken anew.</summary>
    public void Fail()
    {
        _failed = true;
        foreach (var mailbox in _mailboxes)
            Lose(mailbox);
    }

    /// <summary>In order: everybody is answered.</summary>
    public void Complete()
    {
        foreach (var (mailbox, operation) in _works)
            operation.Complete(!_failed && !_lost.Contains(mailbox));
    }

    public static (int Envelopes, long Bytes) CountStored(NpgsqlConnection connection, long mailbox)
    {
        using var command = new NpgsqlCommand("SELECT count(*), coalesce(sum(octet_length(envelope)), 0)::bigint FROM dapari.envelopes WHERE mailbox = $1", connection);
        command.Parameters.AddWithValue(mailbox);
        using var row = command.ExecuteReader();
        row.Read();
        return ((int)row.GetInt64(0), row.GetInt64(1));
    }

    public static bool Holds(NpgsqlConnection connection, long mailbox, ByteString id)
    {
        using var command = new NpgsqlCommand("SELECT 1 FROM dapari.envelopes WHERE mailbox = $1 AND envelope_id = $2", connection);
        command.Parameters.AddWithValue(mailbox);
        command.Parameters.AddWithValue(id.ToByteArray());
        return command.ExecuteScalar() is not null;
    }

    /// <summary>The bytes of what was parsed, without another copy where they are an array of their own.</summary>
    public static byte[] Bytes(ByteString bytes) =>
        MemoryMarshal.TryGetArray(bytes.Memory, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : bytes.ToByteArray();

    private void Add(ClusterMailbox mailbox, PostOperation post)
    {
        if (mailbox.IsLost || post.IsKnown || _ids.Contains((mailbox.Number, post.EnvelopeId)))
            return;
        var state = mailbox.State;
        if (post.IsFull(state))
        {
            post.Refusal = Refusal.MailboxFull;
            return;
        }

        _ids.Add((mailbox.Number, post.EnvelopeId));
        if (state.ReservedThrough - state.NextSequence < Reservation / 2)
        {
            state.ReservedThrough = state.NextSequence + Reservation;
            _marks[mailbox] = state.ReservedThrough;
        }

        if (post.Holder is null)
            post.Take(state, state.TakeSequence(), clock.NowMs);
        state.Settle(1, post.Envelope.Length);
        _inserts.Add((mailbox, post));
    }

    private void Add(ClusterMailbox mailbox, AcknowledgeOperation acknowledge)
    {
        var next = (ulong)mailbox.State.NextSequence;
        foreach (var sequence in acknowledge.Sequences)
        {
            if (sequence < 1 || sequence >= next)
                continue;
            _deletes.Add((mailbox, (long)sequence));
            mailbox.State.Acknowledged((long)sequence);
            _marks.TryAdd(mailbox, mailbox.State.ReservedThrough);
        }
    }

    private void Describe(NpgsqlBatch batch)
    {
        var mailboxes = _mailboxes.ToArray();
        var hold = new NpgsqlBatchCommand("SELECT m.number FROM dapari.mailboxes m JOIN unnest($1, $2) AS v(n, e) ON m.number = v.n AND m.epoch = v.e FOR SHARE OF m");
        Longs(hold, mailboxes.Select(m => m.Number));
        Longs(hold, mailboxes.Select(m => m.Epoch));
        batch.BatchCommands.Add(hold);
        if (_inserts.Count > 0)
        {
            var insert = new NpgsqlBatchCommand(
                """
                INSERT INTO dapari.envelopes (mailbox, sequence, envelope_id, posted_ms, envelope)
                SELECT v.n, v.s, v.i, v.p, v.b FROM unnest($1, $2, $3, $4, $5, $6) AS v(n, e, s, i, p, b) JOIN dapari.mailboxes m ON m.number = v.n AND m.epoch = v.e
                ON CONFLICT DO NOTHING RETURNING mailbox, sequence
                """);
            Longs(insert, _inserts.Select(i => i.Mailbox.Number));
            Longs(insert, _inserts.Select(i => i.Mailbox.Epoch));
            Longs(insert, _inserts.Select(i => i.Post.Sequence));
            Arrays(insert, _inserts.Select(i => Bytes(i.Post.EnvelopeId)));
            Longs(insert, _inserts.Select(i => i.Post.PostedMs));
            Arrays(insert, _inserts.Select(i => Bytes(i.Post.Envelope)));
            batch.BatchCommands.Add(insert);
        }

        if (_deletes.Count > 0)
        {
            var delete = new NpgsqlBatchCommand(
                """
                DELETE FROM dapari.envelopes e USING unnest($1, $2, $3) AS v(n, e, s), dapari.mailboxes m
                WHERE m.number = v.n AND m.epoch = v.e AND e.mailbox = v.n AND e.sequence = v.s RETURNING e.mailbox, octet_length(e.envelope)
                """);
            Longs(delete, _deletes.Select(d => d.Mailbox.Number));
            Longs(delete, _deletes.Select(d => d.Mailbox.Epoch));
            Longs(delete, _deletes.Select(d => d.Sequence));
            batch.BatchCommands.Add(delete);
        }

        if (_marks.Count == 0)
            return;
        var marks = new NpgsqlBatchCommand(
            """
            UPDATE dapari.mailboxes m SET acknowledged = greatest(m.acknowledged, v.a), reserved = greatest(m.reserved, v.r)
            FROM unnest($1, $2, $3, $4) AS v(n, e, a, r) WHERE m.number = v.n AND m.epoch = v.e
            """);
        Longs(marks, _marks.Keys.Select(m => m.Number));
        Longs(marks, _marks.Keys.Select(m => m.Epoch));
        Longs(marks, _marks.Keys.Select(m => m.State.HighestAcknowledged));
        Longs(marks, _marks.Values);
        batch.BatchCommands.Add(marks);
    }

    /// <summary>Envelopes that were there already: by an earlier try of this batch, under the same sequence, or posted before.</summary>
    private Dictionary<(long, ByteString), long> Known(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(
            "SELECT e.mailbox, e.envelope_id, e.sequence FROM dapari.envelopes e JOIN unnest($1, $2) AS v(n, i) ON e.mailbox = v.n AND e.envelope_id = v.i", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = _inserts.Select(i => i.Mailbox.Number).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter { Value = _inserts.Select(i => Bytes(i.Post.EnvelopeId)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        using var row = command.ExecuteReader();
        var known = new Dictionary<(long, ByteString), long>();
        while (row.Read())
            known[(row.GetInt64(0), UnsafeByteOperations.UnsafeWrap(row.GetFieldValue<byte[]>(1)))] = row.GetInt64(2);
        return known;
    }

    private void Settle(HashSet<long> kept, HashSet<(long, long)> inserted, Dictionary<(long, ByteString), long> known, List<(long Mailbox, int Bytes)> removed)
    {
        foreach (var mailbox in _mailboxes)
        {
            if (!mailbox.IsLost && kept.Contains(mailbox.Number))
            {
                if (_marks.ContainsKey(mailbox))
                    mailbox.State.Reserve();
            }
            else
            {
                mailbox.IsTaken = true;
                Lose(mailbox);
            }
        }

        foreach (var (mailbox, post) in _inserts)
        {
            if (mailbox.IsLost || inserted.Contains((mailbox.Number, post.Sequence)) || known.GetValueOrDefault((mailbox.Number, post.EnvelopeId)) == post.Sequence)
                continue;
            // It lay here under another sequence, which its owner gets or has got.
            mailbox.State.Settle(-1, -post.Envelope.Length);
            if (post.Holder is null)
            {
                mailbox.State.Announced();
                post.Take(mailbox.State, 0, post.PostedMs);
            }
        }

        if (removed.Count == 0)
            return;
        var states = _mailboxes.ToDictionary(m => m.Number, m => m.State);
        foreach (var (mailbox, bytes) in removed)
            states[mailbox].Settle(-1, -bytes);
    }

    private void Lose(ClusterMailbox mailbox)
    {
        if (!mailbox.IsLost)
            Lost.Add(mailbox);
        _lost.Add(mailbox);
        mailbox.Lose();
    }

    private static void Longs(NpgsqlBatchCommand command, IEnumerable<long> values) =>
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });

    private static void Arrays(NpgsqlBatchCommand command, IEnumerable<byte[]> values) =>
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
}
