namespace Dapari.Node.Storage;

/// <summary>The tables of a node's database. The file's <c>user_version</c> is the version that wrote it.</summary>
internal static class NodeSchema
{
    /// <summary>The version that this build writes.</summary>
    public const long Version = 1;

    // A message's row number never changes; words point to it. An order key is unique within a conversation but for a hostile peer: the id decides.
    private const string Tables = """
        CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), run BLOB NOT NULL);
        CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE messages (
          number INTEGER PRIMARY KEY,
          id BLOB NOT NULL UNIQUE,
          contact BLOB NOT NULL,
          order_key BLOB NOT NULL,
          shown_ms INTEGER NOT NULL,
          envelope BLOB NOT NULL,
          record BLOB NOT NULL
        );
        CREATE INDEX messages_in_order ON messages (contact, order_key, id);
        CREATE INDEX messages_by_envelope ON messages (envelope);
        CREATE TABLE words (word TEXT NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (word, message)) WITHOUT ROWID;
        CREATE INDEX words_by_message ON words (message);
        """;

    /// <summary>Makes the tables in a new file.</summary>
    /// <exception cref="InvalidDataException">The file was written by a newer version.</exception>
    /// <exception cref="SqliteFault">SQLite refused.</exception>
    public static void Prepare(SqliteFile file)
    {
        long version;
        using (var query = file.Query("PRAGMA user_version"))
            version = query.Next() ? query.Number(0) : 0;
        if (version > Version)
            throw new InvalidDataException($"The folder was written by a newer version (its tables are of version {version}, this program knows {Version}).");
        if (version == Version)
            return;
        file.Transact(() =>
        {
            file.Run(Tables);
            file.Run($"PRAGMA user_version = {Version}");
        });
    }
}
