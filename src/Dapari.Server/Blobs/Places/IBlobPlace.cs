using Dapari.Server.Storage;

namespace Dapari.Server.Blobs.Places;

/// <summary>Where the bytes of drop-offs lie; their rows lie elsewhere, and are the truth. Any thread.</summary>
internal interface IBlobPlace : IAsyncDisposable
{
    /// <summary>What is wrong with the settings, in a word: nothing can lie here until it is mended; null: nothing.</summary>
    string? NotReady { get; }

    /// <summary>Bytes that still have room, as far as the place knows.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    long FreeBytes { get; }

    /// <summary>After a start: puts in order what an end without a farewell left.</summary>
    /// <returns>Bytes that lie here.</returns>
    /// <exception cref="StorageException">The rows refused.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    Task<long> RecoverAsync();

    /// <summary>Opens a drop-off to append to it. The caller has its turn.</summary>
    /// <param name="row">Its row, read within the turn.</param>
    /// <param name="length">Bytes that are about to come.</param>
    /// <param name="cancellation">The other side went.</param>
    /// <exception cref="IOException">The place refused; <see cref="PlaceAwayException"/>: it may not refuse later.</exception>
    /// <exception cref="StorageException">The rows refused.</exception>
    ValueTask<BlobOpening> OpenToWriteAsync(BlobRow row, long length, CancellationToken cancellation);

    /// <summary>Opens a drop-off to read it from a position onwards, without gaps. Null: it is not there any more.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="first">Where reading begins; less than what was received.</param>
    /// <param name="cancellation">The other side went.</param>
    /// <exception cref="IOException">As above.</exception>
    ValueTask<IBlobReader?> OpenToReadAsync(BlobRow row, long first, CancellationToken cancellation);

    /// <summary>Removes a drop-off's bytes, whose row is gone. What fails is tried again later by itself.</summary>
    void Remove(byte[] file);
}

/// <summary>How opening to write went.</summary>
internal enum BlobOpeningEnd
{
    /// <summary>There is a writer.</summary>
    Open,

    /// <summary>Too many write at the same time; later there is room.</summary>
    Busy,

    /// <summary>Of what the row says something is lost; the row now says what is there.</summary>
    Behind,
}

/// <summary>What opening to write gave.</summary>
/// <param name="End">How it went.</param>
/// <param name="Writer">With <see cref="BlobOpeningEnd.Open"/>.</param>
internal readonly record struct BlobOpening(BlobOpeningEnd End, IBlobWriter? Writer = null);

/// <summary>Appends to one drop-off. One caller at a time, except that <see cref="FlushAsync"/> may go on while more is written.</summary>
internal interface IBlobWriter : IAsyncDisposable
{
    /// <summary>Bytes between two flushes amid an upload.</summary>
    long KeepEvery { get; }

    /// <summary>Bytes behind the last whole position that is durable; beyond, the network waits.</summary>
    long KeepBehind { get; }

    /// <summary>Up to where a flush amid an upload goes.</summary>
    long Whole(long position);

    /// <summary>Takes bytes in, in order, no more than were announced.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    ValueTask WriteAsync(System.Buffers.ReadOnlySequence<byte> bytes, long position);

    /// <summary>When it is done, everything before the position is durable. One at a time.</summary>
    /// <param name="position">A whole one, or where writing has ended for good.</param>
    /// <exception cref="IOException">The place refused: what was not durable before is not to be believed.</exception>
    Task FlushAsync(long position);

    /// <summary>The row says so now.</summary>
    void Kept();
}

/// <summary>Reads one drop-off. One caller at a time.</summary>
internal interface IBlobReader : IAsyncDisposable
{
    /// <summary>Reads on. 0: it is not there any more.</summary>
    /// <param name="memory">At most so much.</param>
    /// <param name="position">Where the last call ended.</param>
    /// <param name="cancellation">The other side went.</param>
    /// <exception cref="IOException">The place refused.</exception>
    ValueTask<int> ReadAsync(Memory<byte> memory, long position, CancellationToken cancellation);
}

/// <summary>The place does not answer, or does not serve us, now. Its message is for the operator.</summary>
internal class PlaceAwayException(string message, Exception? inner = null) : IOException(message, inner);
