using SQLitePCL;

namespace Dapari.Server.Storage;

/// <summary>A prepared statement. Bind from 1, step, read columns from 0, reset. Of its connection's owner only.</summary>
internal sealed class Statement(Database database, sqlite3_stmt handle) : IDisposable
{
    public Statement Bind(int index, long value)
    {
        database.Check(raw.sqlite3_bind_int64(handle, index, value));
        return this;
    }

    public Statement Bind(int index, string value)
    {
        database.Check(raw.sqlite3_bind_text(handle, index, value));
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        database.Check(raw.sqlite3_bind_blob(handle, index, value));
        return this;
    }

    /// <summary>True while there is a row to read.</summary>
    /// <exception cref="StorageException">SQLite refused; the statement is reset.</exception>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
            return true;
        if (code == raw.SQLITE_DONE)
            return false;
        try
        {
            database.Check(code);
        }
        finally
        {
            Reset();
        }

        return false;
    }

    /// <summary>Runs to the end and resets.</summary>
    public void Run()
    {
        while (Step())
        {
        }

        Reset();
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public byte[] Blob(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    public void Dispose() => handle.Dispose();
}
