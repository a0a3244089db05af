namespace Dapari.Server.Storage;

/// <summary>The tables, and how an older file becomes the present one. Each step runs in its own transaction, once.</summary>
internal static class Schema
{
    /// <summary>Steps in order; the file's <c>user_version</c> is the number of steps done.</summary>
    private static readonly string[] Steps =
    [
        // An envelope's key is (mailbox number << 32) | sequence: one mailbox's envelopes lie together and in order, and a post
        // writes one row. The blob is last, so that reading the rest touches no overflow page.
        // AUTOINCREMENT: a mailbox's number is never given to another one, so no proof or sequence outlives its mailbox.
        """
        CREATE TABLE mailboxes (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          id BLOB NOT NULL UNIQUE,
          owner_key BLOB NOT NULL,
          sender_key BLOB NOT NULL,
          highest_acknowledged INTEGER NOT NULL DEFAULT 0,
          highest_removed INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE envelopes (
          key INTEGER PRIMARY KEY,
          mailbox INTEGER NOT NULL,
          envelope_id BLOB NOT NULL,
          posted_ms INTEGER NOT NULL,
          envelope BLOB NOT NULL
        );
        CREATE UNIQUE INDEX envelopes_by_id ON envelopes (mailbox, envelope_id);
        CREATE TABLE invites (
          id BLOB PRIMARY KEY,
          owner_key BLOB NOT NULL,
          expires_ms INTEGER NOT NULL,
          blob BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX invites_by_expiry ON invites (expires_ms);
        CREATE TABLE prekey_stores (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          id BLOB NOT NULL UNIQUE,
          owner_key BLOB NOT NULL,
          device BLOB NOT NULL,
          signed_prekey BLOB NOT NULL,
          last_resort BLOB NOT NULL
        );
        CREATE TABLE prekeys (
          store INTEGER NOT NULL,
          kind INTEGER NOT NULL,
          id INTEGER NOT NULL,
          taken INTEGER NOT NULL DEFAULT 0,
          key BLOB NOT NULL,
          PRIMARY KEY (store, kind, taken, id)
        ) WITHOUT ROWID;
        """,

        // A drop-off's bytes are in a file of their own, under a random name that no request ever carries; what counts of them is received.
        """
        CREATE TABLE blobs (
          id BLOB PRIMARY KEY,
          file BLOB NOT NULL,
          mailbox INTEGER NOT NULL,
          size INTEGER NOT NULL,
          received INTEGER NOT NULL DEFAULT 0,
          expires_ms INTEGER NOT NULL,
          upload_hash BLOB NOT NULL,
          read_hash BLOB NOT NULL,
          owner_hash BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX blobs_by_mailbox ON blobs (mailbox, expires_ms, size);
        CREATE INDEX blobs_by_expiry ON blobs (expires_ms);
        """,

        // Sequences that were perhaps given to envelopes which were acknowledged before they were ever written.
        """
        ALTER TABLE mailboxes ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
        """,

        // How far the journal of posts and acknowledgements, which lies in files of its own, is settled here.
        """
        CREATE TABLE journal (
          settled INTEGER NOT NULL,
          settling INTEGER NOT NULL
        );
        INSERT INTO journal (settled, settling) VALUES (0, 0);
        """,

        // How the owners of mailboxes are woken while their app is closed; the mark tells a device which subscription is set.
        """
        CREATE TABLE wakes (
          mailbox INTEGER PRIMARY KEY,
          endpoint TEXT NOT NULL,
          mark BLOB NOT NULL,
          subscription BLOB NOT NULL
        );
        CREATE INDEX wakes_by_endpoint ON wakes (endpoint);
        """,
    ];

    /// <summary>The way back from each step, from the third on: an older build goes on with the file then. The one of step n leads to version n - 1.</summary>
    private static readonly string?[] WaysBack =
    [
        null,
        null, // Files left here have no place in version 1.
        "ALTER TABLE mailboxes DROP COLUMN reserved;",
        "DROP TABLE journal;", // Settled to its end before, so that nothing is lost.
        "DROP TABLE wakes;", // Devices say it again when they come to a build that wakes them.
    ];

    /// <summary>The oldest version that there is a way back to.</summary>
    public static int Oldest => Array.FindLastIndex(WaysBack, way => way is null) + 1;

    /// <summary>From this version on there is a journal.</summary>
    public const int JournalSince = 4;

    /// <summary>The version that this build writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Brings the file back to an older version. Its journal must be settled.</summary>
    /// <exception cref="StorageException">SQLite refused: the file is at the version that the last step reached.</exception>
    public static void GoBack(Database database, int version)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, Oldest);
        for (var present = (int)(database.Scalar("PRAGMA user_version") ?? 0); present > version; present--)
        {
            var way = WaysBack[present - 1]!;
            InTransaction(database, () =>
            {
                database.Execute(way);
                database.Execute($"PRAGMA user_version = {present - 1}");
            });
        }
    }

    /// <summary>Brings the file up to <see cref="Version"/>.</summary>
    /// <exception cref="StorageException">The file is newer than this build, or SQLite refused.</exception>
    public static void Migrate(Database database)
    {
        var version = (int)(database.Scalar("PRAGMA user_version") ?? 0);
        if (version > Version)
            throw new StorageException(0, $"the data folder was written by a newer version (schema {version}; this build knows {Version})");

        for (; version < Version; version++)
        {
            InTransaction(database, () =>
            {
                database.Execute(Steps[version]);
                database.Execute($"PRAGMA user_version = {version + 1}");
            });
        }
    }

    private static void InTransaction(Database database, Action step)
    {
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            step();
            database.Execute("COMMIT");
        }
        catch (StorageException)
        {
            if (!database.AutoCommit)
                database.Execute("ROLLBACK");
            throw;
        }
    }
}
