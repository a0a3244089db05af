using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Dapari.Wire.Files;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// Leaves of many whole chunks at once: sixteen SHA-256 side by side (<see cref="SixteenHashes"/>), which is three times as fast as one after the other by the processor's own instructions;
/// elsewhere one after the other. Safe for threads.
/// </summary>
internal static class LeafHashes
{
    /// <summary>So many chunks are best given at once.</summary>
    public const int Most = SixteenHashes.Lanes;

    // Sixteen lanes cost what five single ones cost, whatever is in them.
    private const int Worthwhile = 8;
    private const int BlockBytes = SixteenHashes.BlockBytes;

    // Of a file each lane's next piece is read, and hashed while the second cache has it. A line before it for the byte that the last piece left over, and four more so that no two begin at
    // the same set of the first cache.
    private const int PieceBytes = 32 * 1024;
    private const int PieceStride = PieceBytes + (5 * BlockBytes);

    /// <summary>How much memory <see cref="TryHash"/> wants, in bytes.</summary>
    public const int ReadingBytes = Most * PieceStride;

    /// <summary>Whether this processor hashes them side by side.</summary>
    public static bool AreSideBySide => SixteenHashes.IsSupported;

    /// <summary>The leaves of chunks of <see cref="FileShape.ChunkBytes"/> bytes, each so far behind the one before.</summary>
    /// <param name="memory">The first begins where it begins.</param>
    /// <param name="stride">From the beginning of one to that of the next, in bytes; at least a chunk's length.</param>
    /// <param name="leaves">One for each chunk, at most <see cref="Most"/>.</param>
    public static void Hash(ReadOnlySpan<byte> memory, int stride, Span<TreeHash> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaves.Length, Most);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, FileShape.ChunkBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(memory.Length, leaves.IsEmpty ? 0 : ((leaves.Length - 1) * stride) + FileShape.ChunkBytes);
        if (AreSideBySide && leaves.Length >= Worthwhile)
        {
            SideBySide(memory, stride, leaves);
            return;
        }

        for (var i = 0; i < leaves.Length; i++)
            leaves[i] = FileHash.Leaf(memory.Slice(i * stride, FileShape.ChunkBytes));
    }

    /// <summary>Reads whole chunks that lie one behind the other in a file, and hashes them; false: the file is shorter.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="offset">Where the first begins.</param>
    /// <param name="buffer"><see cref="ReadingBytes"/> if there is any leaf; its content is of no use.</param>
    /// <param name="leaves">One for each chunk, at most <see cref="Most"/>.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static bool TryHash(SafeFileHandle file, long offset, Span<byte> buffer, Span<TreeHash> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaves.Length, Most);
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, leaves.IsEmpty ? 0 : ReadingBytes);
        if (AreSideBySide && leaves.Length >= Worthwhile)
            return TrySideBySide(file, offset, buffer, leaves);
        for (var i = 0; i < leaves.Length; i++)
        {
            var chunk = buffer[..FileShape.ChunkBytes];
            if (!OpenFiles.TryReadAll(file, offset + ((long)i * FileShape.ChunkBytes), chunk))
                return false;
            leaves[i] = FileHash.Leaf(chunk);
        }

        return true;
    }

    private static void SideBySide(ReadOnlySpan<byte> memory, int stride, Span<TreeHash> leaves)
    {
        Span<Vector512<uint>> state = stackalloc Vector512<uint>[SixteenHashes.StateWords];
        SixteenHashes.Begin(state);
        // Lanes that have no chunk hash the first once more.
        Span<nint> starts = stackalloc nint[Most];
        Span<nint> edges = stackalloc nint[Most];
        Span<byte> edge = stackalloc byte[Most * BlockBytes];
        Span<byte> left = stackalloc byte[Most];
        for (var lane = 0; lane < Most; lane++)
        {
            var start = lane < leaves.Length ? lane * stride : 0;
            edges[lane] = lane * BlockBytes;
            starts[lane] = start + BlockBytes - 1;
            var first = edge.Slice(lane * BlockBytes, BlockBytes);
            first[0] = FileHash.LeafMark;
            memory.Slice(start, BlockBytes - 1).CopyTo(first[1..]);
            left[lane] = memory[start + FileShape.ChunkBytes - 1];
        }

        // The mark moves the blocks by a byte: the first and the last are put together, those between lie in memory as they are.
        SixteenHashes.Compress(state, ref MemoryMarshal.GetReference(edge), edges, 1);
        SixteenHashes.Compress(state, ref MemoryMarshal.GetReference(memory), starts, (FileShape.ChunkBytes / BlockBytes) - 1);
        Finish(state, left, leaves);
    }

    private static bool TrySideBySide(SafeFileHandle file, long offset, Span<byte> buffer, Span<TreeHash> leaves)
    {
        Span<Vector512<uint>> state = stackalloc Vector512<uint>[SixteenHashes.StateWords];
        SixteenHashes.Begin(state);
        Span<nint> starts = stackalloc nint[Most];
        Span<byte> left = stackalloc byte[Most];
        for (var lane = 0; lane < Most; lane++)
        {
            starts[lane] = ((lane < leaves.Length ? lane : 0) * PieceStride) + BlockBytes - 1;
            left[lane] = FileHash.LeafMark;
        }

        for (var at = 0; at < FileShape.ChunkBytes; at += PieceBytes)
        {
            for (var lane = 0; lane < leaves.Length; lane++)
            {
                // Before each piece lies the byte that the last one left over; before the first, the mark.
                var room = buffer.Slice((lane * PieceStride) + BlockBytes - 1, 1 + PieceBytes);
                room[0] = left[lane];
                if (!OpenFiles.TryReadAll(file, offset + ((long)lane * FileShape.ChunkBytes) + at, room[1..]))
                    return false;
                left[lane] = room[^1];
            }

            SixteenHashes.Compress(state, ref MemoryMarshal.GetReference(buffer), starts, PieceBytes / BlockBytes);
        }

        Finish(state, left, leaves);
        return true;
    }

    private static void Finish(Span<Vector512<uint>> state, ReadOnlySpan<byte> left, Span<TreeHash> leaves)
    {
        Span<nint> edges = stackalloc nint[Most];
        Span<byte> edge = stackalloc byte[Most * BlockBytes];
        edge.Clear();
        for (var lane = 0; lane < Most; lane++)
        {
            // FIPS 180-4 §5.1.1: a bit, zeros, and the length in bits.
            edges[lane] = lane * BlockBytes;
            var last = edge.Slice(lane * BlockBytes, BlockBytes);
            last[0] = left[lane];
            last[1] = 0x80;
            BinaryPrimitives.WriteUInt64BigEndian(last[^8..], (FileShape.ChunkBytes + 1UL) * 8);
        }

        SixteenHashes.Compress(state, ref MemoryMarshal.GetReference(edge), edges, 1);
        for (var lane = 0; lane < leaves.Length; lane++)
            leaves[lane] = SixteenHashes.End(state, lane);
    }
}
