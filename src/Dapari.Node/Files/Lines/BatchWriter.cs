using System.Threading.Channels;

namespace Dapari.Node.Files.Lines;

/// <summary>
/// Writes what lanes have hashed, one batch at a time: a file lets in one writer, and a lane that waited for its turn could open nothing meanwhile. Lanes get empty batches back; when all are
/// on their way they wait, and with them who sends. Safe for threads.
/// </summary>
/// <param name="spares">How many batches there are besides those that lanes fill.</param>
internal sealed class BatchWriter(int spares)
{
    private readonly Channel<ChunkBatch> _filled = Channel.CreateUnbounded<ChunkBatch>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<ChunkBatch> _free = Channel.CreateUnbounded<ChunkBatch>();
    private int _made;

    /// <summary>Takes a batch that was hashed, and gives an empty one for it, in time.</summary>
    public ValueTask<ChunkBatch> ExchangeAsync(ChunkBatch batch)
    {
        Add(batch);
        if (_free.Reader.TryRead(out var free))
            return ValueTask.FromResult(free);
        return Interlocked.Increment(ref _made) <= spares ? ValueTask.FromResult(new ChunkBatch()) : _free.Reader.ReadAsync(CancellationToken.None);
    }

    /// <summary>Takes a batch that was hashed, the last of its lane.</summary>
    public void Add(ChunkBatch batch) => _filled.Writer.TryWrite(batch);

    /// <summary>Nothing comes any more.</summary>
    public void Complete() => _filled.Writer.TryComplete();

    /// <summary>Writes until all is written and nothing comes any more; never throws but a bug.</summary>
    public async Task RunAsync()
    {
        await foreach (var batch in _filled.Reader.ReadAllAsync())
        {
            batch.Write();
            _free.Writer.TryWrite(batch);
        }
    }
}
