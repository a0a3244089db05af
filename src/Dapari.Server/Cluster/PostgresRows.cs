using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>Single questions and changes, each on a connection of the pool. Any thread; faults come as <see cref="StorageException"/>.</summary>
internal sealed partial class PostgresRows(NpgsqlDataSource database, ServerClock clock)
{
    /// <summary>What the database, the network or the pool may throw.</summary>
    public static bool IsFault(Exception e) => e is NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException;

    public async ValueTask<MailboxRow?> FindMailboxAsync(MailboxId id, CancellationToken cancellation) => await AskAsync(
        "SELECT number, owner_key, sender_key, (SELECT mark FROM dapari.wakes WHERE mailbox = number) FROM dapari.mailboxes WHERE id = $1",
        row => (MailboxRow?)new MailboxRow(row.GetInt64(0), Bytes(row, 1), Bytes(row, 2), row.IsDBNull(3) ? [] : Bytes(row, 3)), cancellation, id.ToArray());

    public async Task<Outcome> CreateMailboxAsync(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate, CancellationToken cancellation)
    {
        if (await FindMailboxAsync(id, cancellation) is { } present)
            return Same(present, ownerKey, senderKey);
        if (!mayCreate)
            return new Outcome(Refusal.RegistrationClosed);
        var number = await AskAsync(
            "INSERT INTO dapari.mailboxes (id, owner_key, sender_key) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING number", row => row.GetInt64(0), cancellation, id.ToArray(), ownerKey, senderKey);
        if (number != 0)
            return new Outcome(Refusal.Unspecified, number);
        // Another machine was as quick.
        return await FindMailboxAsync(id, cancellation) is { } other ? Same(other, ownerKey, senderKey) : new Outcome(Refusal.Storage);
    }

    /// <summary>A mailbox as a machine takes it, with what lies in it.</summary>
    internal readonly record struct TakenRow(long Number, long Epoch, long Reserved, long Acknowledged, int Envelopes, long Bytes);

    /// <summary>From the commit on nobody else writes to it, and sequences begin behind all that were ever given. Waits for what another machine is committing just now.</summary>
    public Task<TakenRow?> TakeMailboxAsync(MailboxId id, CancellationToken cancellation) => RunAsync(async connection =>
    {
        long number, epoch, reserved, acknowledged;
        await using (var take = Command(
            connection, "UPDATE dapari.mailboxes SET epoch = epoch + 1, reserved = reserved + $2 WHERE id = $1 RETURNING number, epoch, reserved, acknowledged", id.ToArray(), (long)PostgresBatch.Reservation))
        await using (var row = await take.ExecuteReaderAsync(cancellation))
        {
            if (!await row.ReadAsync(cancellation))
                return (TakenRow?)null;
            (number, epoch, reserved, acknowledged) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));
        }

        // After it: what the machine before wrote last counts.
        await using var count = Command(connection, "SELECT count(*), coalesce(sum(octet_length(envelope)), 0)::bigint FROM dapari.envelopes WHERE mailbox = $1", number);
        await using var counted = await count.ExecuteReaderAsync(cancellation);
        await counted.ReadAsync(cancellation);
        return new TakenRow(number, epoch, reserved, acknowledged, (int)counted.GetInt64(0), counted.GetInt64(1));
    }, cancellation);

    /// <summary>Marks, and the sequences that were not given.</summary>
    public Task LetMailboxGoAsync(ClusterMailbox mailbox, CancellationToken cancellation) => DoAsync(
        "UPDATE dapari.mailboxes SET acknowledged = greatest(acknowledged, $3), reserved = $4 WHERE number = $1 AND epoch = $2", cancellation,
        mailbox.Number, mailbox.Epoch, mailbox.State.HighestAcknowledged, mailbox.State.NextSequence - 1);

    /// <summary>Highest acknowledged -1: there is no such mailbox.</summary>
    public async Task<(int Envelopes, long Bytes, long Acknowledged)> UsageAsync(long number, CancellationToken cancellation) => await AskAsync(
        """
        SELECT (SELECT count(*) FROM dapari.envelopes WHERE mailbox = $1), (SELECT coalesce(sum(octet_length(envelope)), 0)::bigint FROM dapari.envelopes WHERE mailbox = $1), acknowledged
        FROM dapari.mailboxes WHERE number = $1
        """,
        row => ((int Envelopes, long Bytes, long Acknowledged)?)((int)row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellation, number) ?? (0, 0, -1);

    public Task DeleteMailboxAsync(long number, CancellationToken cancellation) => RunAsync(async connection =>
    {
        // The row first: whoever is writing to it has committed then, and nobody begins.
        await using (var mailbox = Command(connection, "DELETE FROM dapari.mailboxes WHERE number = $1", number))
            await mailbox.ExecuteNonQueryAsync(cancellation);
        await using (var wake = Command(connection, "DELETE FROM dapari.wakes WHERE mailbox = $1", number))
            await wake.ExecuteNonQueryAsync(cancellation);
        await using var envelopes = Command(connection, "DELETE FROM dapari.envelopes WHERE mailbox = $1", number);
        return await envelopes.ExecuteNonQueryAsync(cancellation);
    }, cancellation);

    public async ValueTask<List<EnvelopeRow>> AfterAsync(long number, long sequence, int count, long bytes, CancellationToken cancellation) => await RunAsync(async connection =>
    {
        await using var command = Command(
            connection, "SELECT sequence, posted_ms, envelope_id, envelope FROM dapari.envelopes WHERE mailbox = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", number, sequence, (long)count);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<EnvelopeRow>();
        while (bytes > 0 && await row.ReadAsync(cancellation))
        {
            rows.Add(new EnvelopeRow(row.GetInt64(0), row.GetInt64(1), Bytes(row, 2), Bytes(row, 3)));
            bytes -= rows[^1].Envelope.Length;
        }

        return rows;
    }, cancellation);

    /// <summary>In small portions, at one machine at a time: another one finds little left.</summary>
    public async Task<int> SweepAsync(long cutoffMs, CancellationToken cancellation)
    {
        const int Portion = 1000;
        await DoAsync("DELETE FROM dapari.invites WHERE expires_ms <= $1", cancellation, clock.NowMs);
        var removed = 0;
        int went;
        do
        {
            went = await DoAsync(
                "DELETE FROM dapari.envelopes WHERE (mailbox, sequence) IN (SELECT mailbox, sequence FROM dapari.envelopes WHERE posted_ms < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)", cancellation,
                cutoffMs, (long)Portion);
            removed += went;
        }
        while (went == Portion);
        return removed;
    }

    private static Outcome Same(MailboxRow row, byte[] ownerKey, byte[] senderKey) =>
        row.OwnerKey.AsSpan().SequenceEqual(ownerKey) && row.SenderKey.AsSpan().SequenceEqual(senderKey) ? new Outcome(Refusal.Unspecified, row.Number) : new Outcome(Refusal.Taken);

    private static byte[] Bytes(NpgsqlDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    private static NpgsqlCommand Command(NpgsqlConnection connection, string text, params object[] values)
    {
        var command = new NpgsqlCommand(text, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private Task<int> DoAsync(string text, CancellationToken cancellation, params object[] values) => RunAsync(async connection =>
    {
        await using var command = Command(connection, text, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }, cancellation);

    /// <summary>The first row, or the default value.</summary>
    private Task<T?> AskAsync<T>(string text, Func<NpgsqlDataReader, T> read, CancellationToken cancellation, params object[] values) => RunAsync(async connection =>
    {
        await using var command = Command(connection, text, values);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? read(row) : default;
    }, cancellation);

    /// <summary>A connection of the pool may have died with the database's last life: what reads or changes once only is tried again on a fresh one.</summary>
    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellation);
            return await run(connection);
        }
        catch (Exception e) when (IsFault(e))
        {
            throw new StorageException(0, e.Message);
        }
    }
}
