using SQLitePCL;

namespace Dapari.Server.Storage;

/// <summary>One SQLite connection. Not safe for concurrent use: each has one owner at a time.</summary>
/// <remarks>Straight on SQLite's C interface: a post binds four values and copies its blob once.</remarks>
internal sealed class Database : IDisposable
{
    private readonly sqlite3 _handle;

    static Database() => Batteries_V2.Init();

    private Database(sqlite3 handle) => _handle = handle;

    /// <summary>Rows changed by the last statement.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>The rowid of the last insert.</summary>
    public long LastRowId => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>False while a transaction is open.</summary>
    public bool AutoCommit => raw.sqlite3_get_autocommit(_handle) != 0;

    /// <exception cref="StorageException">The file cannot be opened.</exception>
    public static Database Open(string path, bool readOnly)
    {
        var flags = (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE) | raw.SQLITE_OPEN_NOMUTEX;
        var code = raw.sqlite3_open_v2(path, out var handle, flags, null);
        if (code != raw.SQLITE_OK)
        {
            var message = handle is null ? "out of memory" : raw.sqlite3_errmsg(handle).utf8_to_string();
            handle?.Dispose();
            throw new StorageException(code, message);
        }

        raw.sqlite3_busy_timeout(handle, 5000);
        return new Database(handle);
    }

    /// <exception cref="StorageException">SQLite refused.</exception>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>A prepared statement, kept for the life of the connection.</summary>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public Statement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return new Statement(this, statement);
    }

    /// <summary>The single integer that a query gives, or null for no row.</summary>
    public long? Scalar(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : null;
    }

    /// <summary>SQLite's own backup of what this connection sees into a new file, durable when it returns.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="pages">Between two looks at the cancellation.</param>
    /// <param name="cancellation">Ends it early; the file is of no use then.</param>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public void CopyTo(string path, int pages, CancellationToken cancellation)
    {
        using var target = Open(path, readOnly: false);
        using var backup = raw.sqlite3_backup_init(target._handle, "main", _handle, "main");
        if (backup is null)
            target.Check(raw.sqlite3_errcode(target._handle));
        int code;
        while ((code = raw.sqlite3_backup_step(backup, pages)) is raw.SQLITE_OK or raw.SQLITE_BUSY)
            cancellation.ThrowIfCancellationRequested();
        if (code != raw.SQLITE_DONE)
            throw new StorageException(code & 0xFF, $"the copy of the database failed: {raw.sqlite3_errstr(code).utf8_to_string()}");
    }

    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
            throw new StorageException(code & 0xFF, raw.sqlite3_errmsg(_handle).utf8_to_string());
    }

    public void Dispose() => _handle.Dispose();
}
