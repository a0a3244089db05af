using Dapari.Node.Files.Storage;
using Dapari.Peer.Hosting;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Lines;

/// <summary>
/// Whole chunks of a lane that are hashed and written together: each lies where it was opened, none is copied. Where the processor does not hash side by side, it is one chunk. One owner at a
/// time: a lane's reader, then who writes.
/// </summary>
/// <remarks>Memory: 4.2 MiB once something comes; 256 KiB and a header where it is one chunk.</remarks>
internal sealed class ChunkBatch
{
    // Places begin at multiples of a cache line, and no two at the same set of the first cache.
    private const int Stride = FileShape.ChunkBytes + (5 * 64);
    private const int Longest = FileChannelCodec.PieceHeader + FileShape.ChunkBytes;
    private static readonly int _most = LeafHashes.AreSideBySide ? LeafHashes.Most : 1;
    private readonly (Destination To, int Item, long Chunk, FileCarrier Carrier)[] _waiting = new (Destination, int, long, FileCarrier)[_most];
    private readonly TreeHash[] _leaves = new TreeHash[_most];
    private byte[]? _memory;

    /// <summary>How many chunks it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it takes no more.</summary>
    public bool IsFull => Count == _most;

    /// <summary>Where the next message may lie: kept if it is added, used again if not.</summary>
    /// <param name="length">At most a piece with its header.</param>
    public Memory<byte> Room(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Longest);
        _memory ??= GC.AllocateUninitializedArray<byte>(_most * Stride);
        return _memory.AsMemory(Count * Stride, length);
    }

    /// <summary>What lies in the room is a whole chunk, behind the header of its piece.</summary>
    public void Add(Destination to, int item, long chunk, FileCarrier carrier) => _waiting[Count++] = (to, item, chunk, carrier);

    /// <summary>Hashes what it holds.</summary>
    public void Hash() => LeafHashes.Hash(_memory.AsSpan(FileChannelCodec.PieceHeader), Stride, _leaves.AsSpan(0, Count));

    /// <summary>Gives what was hashed to where it belongs; then it is empty.</summary>
    public void Write()
    {
        for (var i = 0; i < Count; i++)
            _waiting[i].To.Take(_waiting[i].Item, _waiting[i].Chunk, _memory.AsSpan(FileChannelCodec.PieceHeader + (i * Stride), FileShape.ChunkBytes), _leaves[i], _waiting[i].Carrier);
        Array.Clear(_waiting);
        Count = 0;
    }
}
