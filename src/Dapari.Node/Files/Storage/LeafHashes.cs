using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// Leaves of many whole chunks at once: sixteen SHA-256 side by side in the sixteen lanes of AVX-512, which is more than twice as fast as one after the other by the processor's own
/// instructions; elsewhere one after the other. Safe for threads.
/// </summary>
/// <remarks>FIPS 180-4 §6.2. All chunks have one length, so that every lane has as many blocks.</remarks>
internal static class LeafHashes
{
    /// <summary>So many chunks are best given at once.</summary>
    public const int Most = 16;

    // Sixteen lanes cost what seven single ones cost, whatever is in them.
    private const int Worthwhile = 8;
    private const int BlockBytes = 64;
    private const int StateWords = 8;

    // FIPS 180-4 §4.2.2.
    private static readonly uint[] _constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    // FIPS 180-4 §5.3.3.
    private static readonly uint[] _initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <summary>Whether this processor hashes them side by side.</summary>
    public static bool AreSideBySide => Avx512F.IsSupported && Avx512BW.IsSupported;

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

    private static void SideBySide(ReadOnlySpan<byte> memory, int stride, Span<TreeHash> leaves)
    {
        Span<Vector512<uint>> state = stackalloc Vector512<uint>[StateWords];
        for (var i = 0; i < StateWords; i++)
            state[i] = Vector512.Create(_initial[i]);
        // Lanes that have no chunk hash the first once more.
        Span<nint> starts = stackalloc nint[Most];
        Span<nint> edges = stackalloc nint[Most];
        Span<byte> edge = stackalloc byte[Most * BlockBytes];
        for (var lane = 0; lane < Most; lane++)
        {
            var start = lane < leaves.Length ? lane * stride : 0;
            edges[lane] = lane * BlockBytes;
            starts[lane] = start + BlockBytes - 1;
            var first = edge.Slice(lane * BlockBytes, BlockBytes);
            first[0] = FileHash.LeafMark;
            memory.Slice(start, BlockBytes - 1).CopyTo(first[1..]);
        }

        // The mark moves the blocks by a byte: the first and the last are put together, those between lie in memory as they are.
        Compress(state, ref MemoryMarshal.GetReference(edge), edges, 1);
        Compress(state, ref MemoryMarshal.GetReference(memory), starts, (FileShape.ChunkBytes / BlockBytes) - 1);
        edge.Clear();
        for (var lane = 0; lane < Most; lane++)
        {
            // FIPS 180-4 §5.1.1: a bit, zeros, and the length in bits.
            var last = edge.Slice(lane * BlockBytes, BlockBytes);
            last[0] = memory[(lane < leaves.Length ? lane * stride : 0) + FileShape.ChunkBytes - 1];
            last[1] = 0x80;
            BinaryPrimitives.WriteUInt64BigEndian(last[^8..], (FileShape.ChunkBytes + 1UL) * 8);
        }

        Compress(state, ref MemoryMarshal.GetReference(edge), edges, 1);
        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        for (var lane = 0; lane < leaves.Length; lane++)
        {
            for (var i = 0; i < StateWords; i++)
                BinaryPrimitives.WriteUInt32BigEndian(leaf[(4 * i)..], state[i].GetElement(lane));
            var whole = TreeHash.TryRead(leaf, out leaves[lane]);
            Debug.Assert(whole);
        }
    }

    // Optimized at once: the first calls would hash megabytes unoptimized. FIPS 180-4 §6.2.2 with each word sixteen times. The caller has seen to it that all blocks lie within the memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(Span<Vector512<uint>> state, ref byte memory, ReadOnlySpan<nint> starts, int blocks)
    {
        Span<Vector512<uint>> room = stackalloc Vector512<uint>[16];
        ref var w = ref MemoryMarshal.GetReference(room);
        ref var k = ref MemoryMarshal.GetArrayDataReference(_constants);
        var half = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        var swap = Vector512.Create(Vector256.Create(half, half), Vector256.Create(half, half));
        var (a0, b0, c0, d0, e0, f0, g0, h0) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var block = 0; block < blocks; block++)
        {
            Transpose(ref w, ref Unsafe.Add(ref memory, block * BlockBytes), ref MemoryMarshal.GetReference(starts), swap);
            var (a, b, c, d, e, f, g, h) = (a0, b0, c0, d0, e0, f0, g0, h0);
            for (var t = 0; ; t += 16)
            {
                Eight(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref w, ref Unsafe.Add(ref k, t));
                Eight(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref Unsafe.Add(ref w, 8), ref Unsafe.Add(ref k, t + 8));
                if (t == 48)
                    break;
                for (var i = 0; i < 16; i++)
                    Unsafe.Add(ref w, i) += Small(Unsafe.Add(ref w, (i + 1) & 15), 7, 18, 3) + Unsafe.Add(ref w, (i + 9) & 15) + Small(Unsafe.Add(ref w, (i + 14) & 15), 17, 19, 10);
            }

            a0 += a;
            b0 += b;
            c0 += c;
            d0 += d;
            e0 += e;
            f0 += f;
            g0 += g;
            h0 += h;
        }

        (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]) = (a0, b0, c0, d0, e0, f0, g0, h0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d, ref Vector512<uint> e, ref Vector512<uint> f, ref Vector512<uint> g, ref Vector512<uint> h,
        ref Vector512<uint> w, ref uint k)
    {
        Round(a, b, c, ref d, e, f, g, ref h, w + Vector512.Create(k));
        Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref w, 1) + Vector512.Create(Unsafe.Add(ref k, 1)));
        Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref w, 2) + Vector512.Create(Unsafe.Add(ref k, 2)));
        Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref w, 3) + Vector512.Create(Unsafe.Add(ref k, 3)));
        Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref w, 4) + Vector512.Create(Unsafe.Add(ref k, 4)));
        Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref w, 5) + Vector512.Create(Unsafe.Add(ref k, 5)));
        Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref w, 6) + Vector512.Create(Unsafe.Add(ref k, 6)));
        Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref w, 7) + Vector512.Create(Unsafe.Add(ref k, 7)));
    }

    // Instead of moving eight words along, the caller names them anew. Ternary logic: 0x96 is x ^ y ^ z, 0xCA is x ? y : z, 0xE8 the majority.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d, Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> added)
    {
        var first = h + added + Big(e, 6, 11, 25) + Avx512F.TernaryLogic(e, f, g, 0xCA);
        d += first;
        h = first + Big(a, 2, 13, 22) + Avx512F.TernaryLogic(a, b, c, 0xE8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Big(Vector512<uint> x, [ConstantExpected] byte one, [ConstantExpected] byte two, [ConstantExpected] byte three) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, one), Avx512F.RotateRight(x, two), Avx512F.RotateRight(x, three), 0x96);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Small(Vector512<uint> x, [ConstantExpected] byte one, [ConstantExpected] byte two, [ConstantExpected] byte shift) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, one), Avx512F.RotateRight(x, two), Avx512F.ShiftRightLogical(x, shift), 0x96);

    // A block of each lane to sixteen vectors of one word of all lanes, by quarters of 128 bits; words are big endian.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector512<uint> w, ref byte memory, ref nint starts, Vector512<byte> swap)
    {
        for (var quarter = 0; quarter < 4; quarter++)
        {
            ref var at = ref Unsafe.Add(ref memory, 16 * quarter);
            ref var to = ref Unsafe.Add(ref w, 4 * quarter);
            var (one, two, three, four) = (Four(ref at, ref starts), Four(ref at, ref Unsafe.Add(ref starts, 1)), Four(ref at, ref Unsafe.Add(ref starts, 2)), Four(ref at, ref Unsafe.Add(ref starts, 3)));
            var (lowHere, highHere) = (Avx512F.UnpackLow(one, two).AsUInt64(), Avx512F.UnpackHigh(one, two).AsUInt64());
            var (lowThere, highThere) = (Avx512F.UnpackLow(three, four).AsUInt64(), Avx512F.UnpackHigh(three, four).AsUInt64());
            to = Avx512BW.Shuffle(Avx512F.UnpackLow(lowHere, lowThere).AsByte(), swap).AsUInt32();
            Unsafe.Add(ref to, 1) = Avx512BW.Shuffle(Avx512F.UnpackHigh(lowHere, lowThere).AsByte(), swap).AsUInt32();
            Unsafe.Add(ref to, 2) = Avx512BW.Shuffle(Avx512F.UnpackLow(highHere, highThere).AsByte(), swap).AsUInt32();
            Unsafe.Add(ref to, 3) = Avx512BW.Shuffle(Avx512F.UnpackHigh(highHere, highThere).AsByte(), swap).AsUInt32();
        }
    }

    // Of every fourth lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Four(ref byte at, ref nint starts) => Vector512.Create(
        Vector256.Create(Word(ref at, starts), Word(ref at, Unsafe.Add(ref starts, 4))), Vector256.Create(Word(ref at, Unsafe.Add(ref starts, 8)), Word(ref at, Unsafe.Add(ref starts, 12))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Word(ref byte at, nint start) => Vector128.LoadUnsafe(ref Unsafe.Add(ref at, start)).AsUInt32();
}
