using SQLitePCL;

namespace Dapari.Node.Storage;

/// <summary>One connection to a database file. Of one owner at a time; nothing in it locks.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, sqlite3_stmt> _prepared = new(StringComparer.Ordinal);

    static SqliteFile() => Batteries_V2.Init();

    /// <summary>Opens or makes the file: a write-ahead log, each commit on disk before it is told.</summary>
    /// <exception cref="SqliteFault">SQLite refused.</exception>
    public SqliteFile(string path, bool writes)
    {
        var flags = raw.SQLITE_OPEN_NOMUTEX | (writes ? raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE : raw.SQLITE_OPEN_READWRITE);
        var code = raw.sqlite3_open_v2(path, out _handle, flags, null);
        if (code != raw.SQLITE_OK)
        {
            var message = raw.sqlite3_errstr(code).utf8_to_string();
            _handle.Dispose();
            throw new SqliteFault(code, message);
        }

        raw.sqlite3_busy_timeout(_handle, 5_000);
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = FULL");
        Run("PRAGMA foreign_keys = OFF");
        // What was forgotten is to be gone.
        Run("PRAGMA secure_delete = ON");
    }

    /// <summary>The row number of the last insert.</summary>
    public long LastRow => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Runs statements without results.</summary>
    /// <exception cref="SqliteFault">SQLite refused.</exception>
    public void Run(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>A statement that is prepared once and kept; ended by disposing the query.</summary>
    /// <exception cref="SqliteFault">SQLite refused.</exception>
    public SqliteQuery Query(string sql)
    {
        if (!_prepared.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v2(_handle, sql, out statement));
            _prepared[sql] = statement;
        }

        return new SqliteQuery(this, statement);
    }

    /// <summary>Does the work in one transaction: all of it, or none.</summary>
    /// <exception cref="SqliteFault">SQLite refused; nothing of it was kept.</exception>
    public void Transact(Action work)
    {
        Run("BEGIN IMMEDIATE");
        try
        {
            work();
            Run("COMMIT");
        }
        catch
        {
            if (raw.sqlite3_get_autocommit(_handle) == 0)
                raw.sqlite3_exec(_handle, "ROLLBACK");
            throw;
        }
    }

    /// <exception cref="SqliteFault">The code says that SQLite refused.</exception>
    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw new SqliteFault(code, raw.sqlite3_errmsg(_handle).utf8_to_string());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _prepared.Values)
            statement.Dispose();
        _handle.Dispose();
    }
}
