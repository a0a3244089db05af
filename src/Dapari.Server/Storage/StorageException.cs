namespace Dapari.Server.Storage;

/// <summary>SQLite refused: disk full, I/O error, corruption. Carries SQLite's primary result code.</summary>
internal sealed class StorageException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
