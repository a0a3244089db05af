using Dapari.Server.Storage;
using Dapari.Server.Storage.Journal;
using Dapari.Wire;

namespace Dapari.Server.Admin;

/// <summary>The store as the operator's commands use it: the running server's, or opened for one command while none runs.</summary>
internal sealed class StoreAccess : IAsyncDisposable
{
    private readonly bool _isOwn;

    /// <summary>The running server's.</summary>
    public StoreAccess(Writer writer, Readers readers)
    {
        Writer = writer;
        Readers = readers;
    }

    private StoreAccess(Writer writer, Readers readers, bool isOwn)
        : this(writer, readers) => _isOwn = isOwn;

    public Writer Writer { get; }

    public Readers Readers { get; }

    /// <exception cref="StorageException">Database or journal cannot be opened.</exception>
    public static StoreAccess Open(string dataFolder, ServerClock clock, ILogger logger)
    {
        var database = Path.Combine(dataFolder, "dapari.db");
        var limits = StoreLimits.For(0);
        var journal = new MailboxJournal(new DiskFolder(Path.Combine(dataFolder, "journal")), limits.SegmentBytes, RandomSource.System);
        return new StoreAccess(new Writer(() => new WriteSession(database, 0, clock), journal, limits, () => { }, logger), new Readers(database, 1), true);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isOwn)
            return;
        await Writer.DisposeAsync();
        Readers.Dispose();
    }
}
