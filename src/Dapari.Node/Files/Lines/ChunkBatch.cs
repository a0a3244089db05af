using Dapari.Node.Files.Storage;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Lines;

/// <summary>
/// Whole chunks of a lane that wait to be hashed together: each lies where it was opened, none is copied. Where the processor does not hash side by side, none waits. One owner at a time:
/// the lane's reader.
/// </summary>
/// <remarks>Memory: 4.2 MiB once something comes; 256 KiB and a header where none wait.</remarks>
internal sealed class ChunkBatch
{
    // Places begin at multiples of a cache line, and no two at the same set of the first cache.
    private const int Stride = FileShape.ChunkBytes + (5 * 64);
    private const int Longest = FileChannelCodec.PieceHeader + FileShape.ChunkBytes;
    private static readonly int _most = LeafHashes.AreSideBySide ? LeafHashes.Most : 1;
    private readonly (Destination To, int Item, long Chunk)[] _waiting = new (Destination, int, long)[_most];
    private byte[]? _memory;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Where the next message may lie: kept if it is added, used again if not.</summary>
    /// <param name="length">At most a piece with its header.</param>
    public Memory<byte> Room(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Longest);
        _memory ??= GC.AllocateUninitializedArray<byte>(_most * Stride);
        return _memory.AsMemory(Count * Stride, length);
    }

    /// <summary>What lies in the room is a whole chunk, behind the header of its piece.</summary>
    public void Add(Destination to, int item, long chunk)
    {
        _waiting[Count++] = (to, item, chunk);
        if (Count == _most)
            Take();
    }

    /// <summary>Hashes what waits, and gives it to where it belongs.</summary>
    public void Take()
    {
        if (Count == 0)
            return;
        var memory = _memory.AsSpan(FileChannelCodec.PieceHeader);
        Span<TreeHash> leaves = stackalloc TreeHash[Count];
        LeafHashes.Hash(memory, Stride, leaves);
        for (var i = 0; i < leaves.Length; i++)
            _waiting[i].To.Take(_waiting[i].Item, _waiting[i].Chunk, memory.Slice(i * Stride, FileShape.ChunkBytes), leaves[i]);
        Array.Clear(_waiting);
        Count = 0;
    }
}
