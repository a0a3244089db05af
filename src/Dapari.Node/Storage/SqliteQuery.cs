using SQLitePCL;

namespace Dapari.Node.Storage;

/// <summary>One run of a prepared statement: values in order, then rows; disposed, the statement is free for the next.</summary>
internal ref struct SqliteQuery(SqliteFile file, sqlite3_stmt statement)
{
    private int _values;

    /// <summary>The next value.</summary>
    public SqliteQuery With(ReadOnlySpan<byte> value)
    {
        file.Check(raw.sqlite3_bind_blob(statement, ++_values, value));
        return this;
    }

    /// <inheritdoc cref="With(ReadOnlySpan{byte})"/>
    public SqliteQuery With(string value)
    {
        file.Check(raw.sqlite3_bind_text(statement, ++_values, value));
        return this;
    }

    /// <inheritdoc cref="With(ReadOnlySpan{byte})"/>
    public SqliteQuery With(long value)
    {
        file.Check(raw.sqlite3_bind_int64(statement, ++_values, value));
        return this;
    }

    /// <summary>Goes to the next row; false: there is none.</summary>
    public readonly bool Next()
    {
        var code = raw.sqlite3_step(statement);
        file.Check(code);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs to the end.</summary>
    public readonly void Run()
    {
        using (this)
        {
            while (Next())
            {
            }
        }
    }

    public readonly byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public readonly string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public readonly long Number(int column) => raw.sqlite3_column_int64(statement, column);

    /// <summary>Ends the run.</summary>
    public readonly void Dispose()
    {
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
    }
}
