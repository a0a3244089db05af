namespace Dapari.Server.Storage.Journal;

/// <summary>
/// What the journal asks of a disk: the seam at which tests take the power away. Every member blocks and throws <see cref="IOException"/> where the disk refuses.
/// Names may be made and removed by one thread at a time; files may be read from any thread.
/// </summary>
internal interface IJournalFolder
{
    /// <summary>The names that are there, in no order.</summary>
    IReadOnlyList<string> Names();

    /// <summary>Makes a file of so many zero bytes, whose room is taken: writing inside of it later asks the disk for no more. Any older file of the name is lost.</summary>
    IJournalFile Create(string name, long bytes);

    /// <summary>Opens a file that is there.</summary>
    IJournalFile Open(string name);

    /// <summary>Removes a file; a file that is open elsewhere stays readable there until it is closed.</summary>
    void Delete(string name);

    /// <summary>When it returns, the names as they are now outlive a power cut. A file's own <see cref="IJournalFile.Sync"/> does not promise its name (POSIX fsync).</summary>
    void SyncNames();
}

/// <summary>One file of the journal.</summary>
internal interface IJournalFile : IDisposable
{
    /// <summary>In bytes.</summary>
    long Length { get; }

    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Fills the buffer as far as the file goes; how many bytes.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    int Read(Span<byte> bytes, long offset);

    /// <summary>When it returns, all that was written is on the disk.</summary>
    /// <exception cref="IOException">Nothing is known of what was written since the last success: a second try may succeed and yet have lost it.</exception>
    void Sync();
}
