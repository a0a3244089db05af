using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>Invites and prekeys. A store's row is held while its keys change: of two machines that take keys one waits, and gets others.</summary>
internal sealed partial class PostgresRows
{
    /// <summary>Ids of given-away prekeys that are remembered for each kind, so that a repeated upload revives none.</summary>
    private const int TakenPrekeysRemembered = 1000;

    public async Task<Outcome> PutInviteAsync(InviteBlobId id, byte[] ownerKey, byte[] blob, long expiresMs, CancellationToken cancellation)
    {
        // Somebody else's that has expired gives way.
        var changed = await DoAsync(
            """
            INSERT INTO dapari.invites AS i (id, owner_key, expires_ms, blob) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET owner_key = $2, expires_ms = $3, blob = $4 WHERE i.owner_key = $2 OR i.expires_ms <= $5
            """,
            cancellation, id.ToArray(), ownerKey, expiresMs, blob, clock.NowMs);
        return new Outcome(changed == 0 ? Refusal.Taken : Refusal.Unspecified);
    }

    public async ValueTask<byte[]?> InviteAsync(InviteBlobId id, CancellationToken cancellation) =>
        await AskAsync("SELECT blob FROM dapari.invites WHERE id = $1 AND expires_ms > $2", row => Bytes(row, 0), cancellation, id.ToArray(), clock.NowMs);

    public async Task<Outcome> DeleteInviteAsync(InviteBlobId id, Func<byte[], bool> proves, CancellationToken cancellation)
    {
        var owner = await AskAsync("SELECT owner_key FROM dapari.invites WHERE id = $1 AND expires_ms > $2", row => Bytes(row, 0), cancellation, id.ToArray(), clock.NowMs);
        if (owner is null || !proves(owner))
            return new Outcome(Refusal.UnknownInvite);
        var went = await DoAsync("DELETE FROM dapari.invites WHERE id = $1 AND owner_key = $2", cancellation, id.ToArray(), owner);
        return new Outcome(went == 0 ? Refusal.UnknownInvite : Refusal.Unspecified);
    }

    public Task<PrekeyOutcome> PutPrekeysAsync(PrekeyStoreId id, PutPrekeys upload, bool mayCreate, CancellationToken cancellation) => RunAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var store = await HoldAsync(connection, id, cancellation);
        var owner = upload.OwnerKey.ToByteArray();
        if (store is not null && !store.Value.OwnerKey.AsSpan().SequenceEqual(owner))
            return new PrekeyOutcome(Refusal.Taken, 0, 0);
        if (store is null && !mayCreate)
            return new PrekeyOutcome(Refusal.RegistrationClosed, 0, 0);
        var kept = upload.Replace || store is null ? (OneTime: 0, Kem: 0) : await CountAsync(connection, store.Value.Number, cancellation);
        if (kept.OneTime + upload.OneTime.Count > WireLimits.PrekeysKept || kept.Kem + upload.OneTimeKem.Count > WireLimits.PrekeysKept)
            return new PrekeyOutcome(Refusal.TooMany, kept.OneTime, kept.Kem);
        await using var put = Command(
            connection,
            """
            INSERT INTO dapari.prekey_stores AS s (id, owner_key, device, signed_prekey, last_resort) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO UPDATE SET device = $3, signed_prekey = $4, last_resort = $5 WHERE s.owner_key = $2 RETURNING number
            """,
            id.ToArray(), owner, upload.Device.ToByteArray(), upload.SignedPrekey.ToByteArray(), upload.LastResort.ToByteArray());
        if (await put.ExecuteScalarAsync(cancellation) is not long number) // Another machine was as quick, with another owner.
            return new PrekeyOutcome(Refusal.Taken, 0, 0);
        if (upload.Replace)
        {
            await using var delete = Command(connection, "DELETE FROM dapari.prekeys WHERE store = $1", number);
            await delete.ExecuteNonQueryAsync(cancellation);
        }

        await AddAsync(connection, number, PrekeyKind.Agreement, [.. upload.OneTime.Select(k => ((long)k.Id, k.ToByteArray()))], cancellation);
        await AddAsync(connection, number, PrekeyKind.Kem, [.. upload.OneTimeKem.Select(k => ((long)k.Id, k.ToByteArray()))], cancellation);
        kept = await CountAsync(connection, number, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PrekeyOutcome(Refusal.Unspecified, kept.OneTime, kept.Kem);
    }, cancellation);

    public Task<PrekeyOutcome> TakePrekeysAsync(PrekeyStoreId id, CancellationToken cancellation) => RunAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await HoldAsync(connection, id, cancellation) is not { } row)
            return new PrekeyOutcome(Refusal.UnknownPrekeys, 0, 0);
        var bundle = new PrekeyBundle
        {
            Device = DeviceCertificate.Parser.ParseFrom(row.Device),
            SignedPrekey = SignedPrekey.Parser.ParseFrom(row.SignedPrekey),
        };
        if (await TakeAsync(connection, row.Number, PrekeyKind.Agreement, cancellation) is { } oneTime)
            bundle.OneTimePrekey = OneTimePrekey.Parser.ParseFrom(oneTime);
        bundle.KemPrekey = KemPrekey.Parser.ParseFrom(await TakeAsync(connection, row.Number, PrekeyKind.Kem, cancellation) ?? row.LastResort);
        var (left, leftKem) = await CountAsync(connection, row.Number, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PrekeyOutcome(Refusal.Unspecified, left, leftKem, bundle);
    }, cancellation);

    private static async Task<PrekeyStoreRow?> HoldAsync(NpgsqlConnection connection, PrekeyStoreId id, CancellationToken cancellation)
    {
        await using var command = Command(connection, "SELECT number, owner_key, device, signed_prekey, last_resort FROM dapari.prekey_stores WHERE id = $1 FOR UPDATE", id.ToByteString().ToByteArray());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? new PrekeyStoreRow(row.GetInt64(0), Bytes(row, 1), Bytes(row, 2), Bytes(row, 3), Bytes(row, 4)) : null;
    }

    private static async Task AddAsync(NpgsqlConnection connection, long store, PrekeyKind kind, (long Id, byte[] Key)[] keys, CancellationToken cancellation)
    {
        if (keys.Length == 0)
            return;
        await using var command = Command(
            connection, "INSERT INTO dapari.prekeys (store, kind, id, key) SELECT $1, $2, v.i, v.k FROM unnest($3, $4) AS v(i, k) ON CONFLICT DO NOTHING", store, (int)kind,
            keys.Select(k => k.Id).ToArray(), keys.Select(k => k.Key).ToArray());
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<byte[]?> TakeAsync(NpgsqlConnection connection, long store, PrekeyKind kind, CancellationToken cancellation)
    {
        long id;
        byte[] key;
        await using (var first = Command(connection, "SELECT id, key FROM dapari.prekeys WHERE store = $1 AND kind = $2 AND NOT taken ORDER BY id LIMIT 1", store, (int)kind))
        await using (var row = await first.ExecuteReaderAsync(cancellation))
        {
            if (!await row.ReadAsync(cancellation))
                return null;
            (id, key) = (row.GetInt64(0), Bytes(row, 1));
        }

        await using (var take = Command(connection, "UPDATE dapari.prekeys SET taken = true, key = '' WHERE store = $1 AND kind = $2 AND id = $3", store, (int)kind, id))
            await take.ExecuteNonQueryAsync(cancellation);
        await using var forget = Command(
            connection,
            "DELETE FROM dapari.prekeys WHERE store = $1 AND kind = $2 AND taken AND id IN (SELECT id FROM dapari.prekeys WHERE store = $1 AND kind = $2 AND taken ORDER BY id DESC OFFSET $3)",
            store, (int)kind, (long)TakenPrekeysRemembered);
        await forget.ExecuteNonQueryAsync(cancellation);
        return key;
    }

    private static async Task<(int OneTime, int Kem)> CountAsync(NpgsqlConnection connection, long store, CancellationToken cancellation)
    {
        await using var command = Command(
            connection, "SELECT count(*) FILTER (WHERE kind = $2), count(*) FILTER (WHERE kind = $3) FROM dapari.prekeys WHERE store = $1 AND NOT taken", store, (int)PrekeyKind.Agreement, (int)PrekeyKind.Kem);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return ((int)row.GetInt64(0), (int)row.GetInt64(1));
    }
}
