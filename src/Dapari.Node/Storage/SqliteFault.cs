using SQLitePCL;

namespace Dapari.Node.Storage;

/// <summary>SQLite refused.</summary>
internal sealed class SqliteFault(int code, string message) : IOException(message)
{
    /// <summary>SQLite's primary result code.</summary>
    public int Code { get; } = code & 0xFF;

    /// <summary>There is no room.</summary>
    public bool IsFull => Code == raw.SQLITE_FULL;
}
