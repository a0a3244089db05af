using System.Security.Cryptography;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>Rows of drop-offs. The mailbox's row is held while one begins, so that two machines do not both find the quota's last room.</summary>
internal sealed partial class PostgresRows
{
    public Task<BlobBeginning> BeginBlobAsync(BlobRow fresh, BlobQuota quota, long room, CancellationToken cancellation) => RunAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var hold = Command(connection, "SELECT 1 FROM dapari.mailboxes WHERE number = $1 FOR NO KEY UPDATE", fresh.Mailbox))
        {
            if (await hold.ExecuteScalarAsync(cancellation) is null)
                return new BlobBeginning(Refusal.UnknownMailbox);
        }

        var now = clock.NowMs;
        var before = await BlobAsync(connection, fresh.Id, "true", 0, cancellation);
        var isAgain = before is not null && before.ExpiresMs > now;
        var (bytes, blobs) = await BlobUsageAsync(connection, fresh.Mailbox, now, cancellation);
        if (isAgain)
        {
            var same = before!.Mailbox == fresh.Mailbox && before.Size >= fresh.Size
                & CryptographicOperations.FixedTimeEquals(before.ReadHash, fresh.ReadHash) & CryptographicOperations.FixedTimeEquals(before.OwnerHash, fresh.OwnerHash);
            if (!same)
                return new BlobBeginning(Refusal.Taken);
            var again = before with { Size = Math.Max(fresh.Size, before.Received), UploadHash = fresh.UploadHash };
            await using var renew = Command(connection, "UPDATE dapari.blobs SET upload_hash = $2, size = $3 WHERE id = $1", fresh.Id.ToArray(), fresh.UploadHash, again.Size);
            await renew.ExecuteNonQueryAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            return new BlobBeginning(Refusal.Unspecified, again, bytes - before.Size + again.Size, blobs);
        }

        var refusal = fresh.Size > quota.Bytes ? Refusal.TooLarge
            : blobs >= quota.Blobs ? Refusal.TooMany
            : fresh.Size > quota.Bytes - bytes ? Refusal.BlobQuota
            : fresh.Size > room ? Refusal.Storage
            : Refusal.Unspecified;
        if (refusal != Refusal.Unspecified)
            return new BlobBeginning(refusal);
        if (before is not null)
        {
            await using var delete = Command(connection, "DELETE FROM dapari.blobs WHERE id = $1 AND file = $2", before.Id.ToArray(), before.File);
            await delete.ExecuteNonQueryAsync(cancellation);
        }

        await using var insert = Command(
            connection, $"INSERT INTO dapari.blobs ({BlobRow.Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING", fresh.Id.ToArray(), fresh.File, fresh.Mailbox, fresh.Size,
            fresh.Received, fresh.ExpiresMs, fresh.UploadHash, fresh.ReadHash, fresh.OwnerHash);
        if (await insert.ExecuteNonQueryAsync(cancellation) == 0) // Another mailbox's, at the same moment.
            return new BlobBeginning(Refusal.Taken);
        await transaction.CommitAsync(cancellation);
        return new BlobBeginning(Refusal.Unspecified, fresh, bytes + fresh.Size, blobs + 1, before);
    }, cancellation);

    public async ValueTask<BlobRow?> BlobAsync(BlobId id, CancellationToken cancellation) =>
        await RunAsync(connection => BlobAsync(connection, id, "expires_ms > $2", clock.NowMs, cancellation), cancellation);

    public async Task<bool> AdvanceBlobAsync(BlobRow row, long received) => await DoAsync(
        "UPDATE dapari.blobs SET received = greatest(received, $3), size = greatest(size, $3) WHERE id = $1 AND file = $2", CancellationToken.None, row.Id.ToArray(), row.File, received) > 0;

    public Task ResetBlobAsync(BlobId id, long received) => DoAsync("UPDATE dapari.blobs SET received = $2 WHERE id = $1", CancellationToken.None, id.ToArray(), received);

    public async Task<long[]> DeleteBlobsAsync(IReadOnlyList<BlobRow> rows)
    {
        var received = new long[rows.Count];
        for (var i = 0; i < rows.Count; i++)
            received[i] = await AskAsync("DELETE FROM dapari.blobs WHERE id = $1 AND file = $2 RETURNING received", row => (long?)row.GetInt64(0), CancellationToken.None, rows[i].Id.ToArray(), rows[i].File) ?? -1;
        return received;
    }

    public Task<(long Bytes, int Blobs)> BlobUsageAsync(long mailbox, CancellationToken cancellation) =>
        RunAsync(connection => BlobUsageAsync(connection, mailbox, clock.NowMs, cancellation), cancellation);

    public async ValueTask<List<BlobRow>> BlobsAsync(long expiredAtMs, int limit, CancellationToken cancellation) => await RunAsync(async connection =>
    {
        await using var command = Command(connection, $"SELECT {BlobRow.Columns} FROM dapari.blobs WHERE expires_ms <= $1 LIMIT $2", expiredAtMs, limit < 0 ? long.MaxValue : limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<BlobRow>();
        while (await row.ReadAsync(cancellation))
            rows.Add(Blob(row));
        return rows;
    }, cancellation);

    private static async Task<BlobRow?> BlobAsync(NpgsqlConnection connection, BlobId id, string condition, long nowMs, CancellationToken cancellation)
    {
        await using var command = nowMs == 0
            ? Command(connection, $"SELECT {BlobRow.Columns} FROM dapari.blobs WHERE id = $1 AND {condition}", id.ToArray())
            : Command(connection, $"SELECT {BlobRow.Columns} FROM dapari.blobs WHERE id = $1 AND {condition}", id.ToArray(), nowMs);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? Blob(row) : null;
    }

    private static async Task<(long Bytes, int Blobs)> BlobUsageAsync(NpgsqlConnection connection, long mailbox, long nowMs, CancellationToken cancellation)
    {
        await using var command = Command(connection, "SELECT coalesce(sum(size), 0)::bigint, count(*) FROM dapari.blobs WHERE mailbox = $1 AND expires_ms > $2", mailbox, nowMs);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return (row.GetInt64(0), (int)row.GetInt64(1));
    }

    private static BlobRow Blob(NpgsqlDataReader row)
    {
        BlobId.TryRead(Bytes(row, 0), out var id);
        return new BlobRow(id, Bytes(row, 1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), Bytes(row, 6), Bytes(row, 7), Bytes(row, 8));
    }
}
