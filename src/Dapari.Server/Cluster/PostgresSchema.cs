using Dapari.Server.Storage;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>
/// The tables in the database that a cluster shares. Steps only add: machines of this version and of the one before work side by side on what the later made. A step that a version
/// before could not live with raises <see cref="Least"/>, and that version does not start any more.
/// </summary>
internal static class PostgresSchema
{
    /// <summary>Any number that nothing else in the database uses as an advisory lock: one machine migrates.</summary>
    private const long MigrationLock = 0x4461_7061_7269;

    private static readonly string[] Steps =
    [
        // epoch: rises with each machine that takes the mailbox; who writes checks it in the same transaction, and holds the row until the commit.
        // reserved: sequences up to here may have been given. Half-filled pages: marks are changed in place (HOT).
        // Envelopes are sealed: compressing them would cost time and save nothing.
        """
        CREATE TABLE dapari.mailboxes (
          number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          id bytea NOT NULL UNIQUE,
          owner_key bytea NOT NULL,
          sender_key bytea NOT NULL,
          epoch bigint NOT NULL DEFAULT 0,
          acknowledged bigint NOT NULL DEFAULT 0,
          reserved bigint NOT NULL DEFAULT 0
        ) WITH (fillfactor = 50);
        CREATE TABLE dapari.envelopes (
          mailbox bigint NOT NULL,
          sequence bigint NOT NULL,
          envelope_id bytea NOT NULL,
          posted_ms bigint NOT NULL,
          envelope bytea NOT NULL,
          PRIMARY KEY (mailbox, sequence)
        ) WITH (autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE dapari.envelopes ALTER COLUMN envelope SET STORAGE EXTERNAL;
        CREATE UNIQUE INDEX envelopes_by_id ON dapari.envelopes (mailbox, envelope_id);
        CREATE INDEX envelopes_by_age ON dapari.envelopes USING brin (posted_ms);
        CREATE TABLE dapari.invites (
          id bytea PRIMARY KEY,
          owner_key bytea NOT NULL,
          expires_ms bigint NOT NULL,
          blob bytea NOT NULL
        );
        CREATE INDEX invites_by_expiry ON dapari.invites (expires_ms);
        CREATE TABLE dapari.prekey_stores (
          number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          id bytea NOT NULL UNIQUE,
          owner_key bytea NOT NULL,
          device bytea NOT NULL,
          signed_prekey bytea NOT NULL,
          last_resort bytea NOT NULL
        );
        CREATE TABLE dapari.prekeys (
          store bigint NOT NULL,
          kind int NOT NULL,
          id bigint NOT NULL,
          taken boolean NOT NULL DEFAULT false,
          key bytea NOT NULL,
          PRIMARY KEY (store, kind, id)
        );
        CREATE INDEX prekeys_left ON dapari.prekeys (store, kind, id) WHERE NOT taken;
        CREATE TABLE dapari.blobs (
          id bytea PRIMARY KEY,
          file bytea NOT NULL,
          mailbox bigint NOT NULL,
          size bigint NOT NULL,
          received bigint NOT NULL DEFAULT 0,
          expires_ms bigint NOT NULL,
          upload_hash bytea NOT NULL,
          read_hash bytea NOT NULL,
          owner_hash bytea NOT NULL
        );
        CREATE INDEX blobs_by_mailbox ON dapari.blobs (mailbox, expires_ms);
        CREATE INDEX blobs_by_expiry ON dapari.blobs (expires_ms);
        CREATE TABLE dapari.clusters (
          name text PRIMARY KEY,
          version int NOT NULL
        );
        CREATE TABLE dapari.silos (
          cluster text NOT NULL,
          address text NOT NULL,
          etag int NOT NULL,
          status int NOT NULL,
          host text NOT NULL,
          name text NOT NULL,
          gateway int NOT NULL,
          suspected text NOT NULL,
          started timestamptz NOT NULL,
          alive timestamptz NOT NULL,
          PRIMARY KEY (cluster, address)
        );
        """,

        // How owners are woken while their app is closed, and what is secret and the same on all machines.
        """
        CREATE TABLE dapari.wakes (
          mailbox bigint PRIMARY KEY,
          endpoint text NOT NULL,
          mark bytea NOT NULL,
          subscription bytea NOT NULL
        );
        CREATE INDEX wakes_by_endpoint ON dapari.wakes (endpoint);
        CREATE TABLE dapari.secrets (
          name text PRIMARY KEY,
          value text NOT NULL
        );
        """,
    ];

    /// <summary>The version that this build writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>The least version of a build that can work with what this one writes.</summary>
    public static int Least => 1;

    /// <summary>Brings the database up to this build's version, one machine at a time, or leaves a newer one that allows this build as it is.</summary>
    /// <exception cref="StorageException">The database is too new for this build.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource database, CancellationToken cancellation) => await MigrateAsync(database, Steps, Least, cancellation);

    /// <summary>For tests: another build's steps.</summary>
    internal static async Task MigrateAsync(NpgsqlDataSource database, IReadOnlyList<string> steps, int least, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await RunAsync(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellation);
        await RunAsync(connection, "CREATE SCHEMA IF NOT EXISTS dapari; CREATE TABLE IF NOT EXISTS dapari.schema (version int NOT NULL, least int NOT NULL)", cancellation);
        var (version, allowed) = (0, 0);
        await using (var read = new NpgsqlCommand("SELECT version, least FROM dapari.schema", connection))
        await using (var row = await read.ExecuteReaderAsync(cancellation))
        {
            if (await row.ReadAsync(cancellation))
                (version, allowed) = (row.GetInt32(0), row.GetInt32(1));
        }

        if (allowed > steps.Count)
            throw new StorageException(0, $"the database belongs to a newer version (it wants at least schema {allowed}; this build knows {steps.Count})");
        if (version == 0)
            await RunAsync(connection, "INSERT INTO dapari.schema (version, least) VALUES (0, 0)", cancellation);
        for (var step = version; step < steps.Count; step++)
            await RunAsync(connection, steps[step], cancellation);
        if (version < steps.Count)
            await RunAsync(connection, $"UPDATE dapari.schema SET version = {steps.Count}, least = {least}", cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string text, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
