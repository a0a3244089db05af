using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Storage;

/// <summary>Sixteen SHA-256 of equal length side by side in the sixteen lanes of AVX-512 (FIPS 180-4 §6.2): blocks alone; padding is the caller's.</summary>
internal static class SixteenHashes
{
    /// <summary>How many.</summary>
    public const int Lanes = 16;

    /// <summary>Of SHA-256.</summary>
    public const int BlockBytes = 64;

    /// <summary>How many vectors hold the states.</summary>
    public const int StateWords = 8;

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

    /// <summary>Whether this processor has them.</summary>
    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported;

    /// <summary>The states before the first block.</summary>
    /// <param name="state"><see cref="StateWords"/> of them.</param>
    public static void Begin(Span<Vector512<uint>> state)
    {
        for (var i = 0; i < StateWords; i++)
            state[i] = Vector512.Create(_initial[i]);
    }

    /// <summary>A lane's hash behind its last block.</summary>
    public static TreeHash End(ReadOnlySpan<Vector512<uint>> state, int lane)
    {
        Span<byte> bytes = stackalloc byte[TreeHash.Length];
        for (var i = 0; i < StateWords; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(4 * i)..], state[i].GetElement(lane));
        var whole = TreeHash.TryRead(bytes, out var hash);
        Debug.Assert(whole);
        return hash;
    }

    /// <summary>Takes blocks into the states. FIPS 180-4 §6.2.2 with each word sixteen times.</summary>
    /// <param name="state">As <see cref="Begin"/> made it.</param>
    /// <param name="memory">What <paramref name="starts"/> count from.</param>
    /// <param name="starts">Where each lane's first block begins; the caller sees to it that all blocks lie within the memory.</param>
    /// <param name="blocks">How many of each lane.</param>
    // Optimized at once: the first calls would hash megabytes unoptimized.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(Span<Vector512<uint>> state, ref byte memory, ReadOnlySpan<nint> starts, int blocks)
    {
        // At a cache line's beginning: each word is one line then, not parts of two.
        Span<byte> room = stackalloc byte[17 * BlockBytes];
        ref var w = ref Unsafe.As<byte, Vector512<uint>>(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetReference(room), ToNextLine(ref MemoryMarshal.GetReference(room))));
        ref var k = ref MemoryMarshal.GetArrayDataReference(_constants);
        var half = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        var swap = Vector512.Create(Vector256.Create(half, half), Vector256.Create(half, half));
        var (a0, b0, c0, d0, e0, f0, g0, h0) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var block = 0; block < blocks; block++)
        {
            Transpose(ref w, ref Unsafe.Add(ref memory, block * BlockBytes), ref MemoryMarshal.GetReference(starts), swap);
            var (a, b, c, d, e, f, g, h) = (a0, b0, c0, d0, e0, f0, g0, h0);
            for (var t = 0; t < 48; t += 16)
            {
                EightAndWords(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref w, 0, ref Unsafe.Add(ref k, t));
                EightAndWords(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref w, 8, ref Unsafe.Add(ref k, t + 8));
            }

            Eight(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref w, ref Unsafe.Add(ref k, 48));
            Eight(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, ref Unsafe.Add(ref w, 8), ref Unsafe.Add(ref k, 56));

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

    private static unsafe nint ToNextLine(ref byte at) => -(nint)Unsafe.AsPointer(ref at) & (BlockBytes - 1);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightAndWords(
        ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d, ref Vector512<uint> e, ref Vector512<uint> f, ref Vector512<uint> g, ref Vector512<uint> h,
        ref Vector512<uint> w, int at, ref uint k)
    {
        RoundAndWord(a, b, c, ref d, e, f, g, ref h, ref w, at, k);
        RoundAndWord(h, a, b, ref c, d, e, f, ref g, ref w, at + 1, Unsafe.Add(ref k, 1));
        RoundAndWord(g, h, a, ref b, c, d, e, ref f, ref w, at + 2, Unsafe.Add(ref k, 2));
        RoundAndWord(f, g, h, ref a, b, c, d, ref e, ref w, at + 3, Unsafe.Add(ref k, 3));
        RoundAndWord(e, f, g, ref h, a, b, c, ref d, ref w, at + 4, Unsafe.Add(ref k, 4));
        RoundAndWord(d, e, f, ref g, h, a, b, ref c, ref w, at + 5, Unsafe.Add(ref k, 5));
        RoundAndWord(c, d, e, ref f, g, h, a, ref b, ref w, at + 6, Unsafe.Add(ref k, 6));
        RoundAndWord(b, c, d, ref e, f, g, h, ref a, ref w, at + 7, Unsafe.Add(ref k, 7));
    }

    // The word of sixteen rounds on takes the place of this round's: what it is made of does not wait for any round, and fills the processor meanwhile.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundAndWord(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d, Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h,
        ref Vector512<uint> w, int i, uint k)
    {
        var word = Unsafe.Add(ref w, i);
        Round(a, b, c, ref d, e, f, g, ref h, word + Vector512.Create(k));
        Unsafe.Add(ref w, i) = word + Small(Unsafe.Add(ref w, (i + 1) & 15), 7, 18, 3) + (Unsafe.Add(ref w, (i + 9) & 15) + Small(Unsafe.Add(ref w, (i + 14) & 15), 17, 19, 10));
    }

    // Instead of moving eight words along, the caller names them anew. Ternary logic: 0x96 is x ^ y ^ z, 0xCA is x ? y : z, 0xE8 the majority. Each instruction takes two cycles until the next
    // can use it, so sums are built such that only three of them lie between one round's e and the next one's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d, Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> added)
    {
        var early = h + added;
        var choice = early + Avx512F.TernaryLogic(e, f, g, 0xCA);
        var big = Big(e, 6, 11, 25);
        var most = Avx512F.TernaryLogic(a, b, c, 0xE8);
        d = d + choice + big;
        h = most + choice + big + Big(a, 2, 13, 22);
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
    private static Vector512<uint> Four(ref byte at, ref nint starts) => Avx512F.InsertVector256(
        Two(ref at, starts, Unsafe.Add(ref starts, 4)).ToVector512Unsafe(), Two(ref at, Unsafe.Add(ref starts, 8), Unsafe.Add(ref starts, 12)), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Two(ref byte at, nint one, nint other) => Avx2.InsertVector128(Word(ref at, one).ToVector256Unsafe(), Word(ref at, other), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Word(ref byte at, nint start) => Vector128.LoadUnsafe(ref Unsafe.Add(ref at, start)).AsUInt32();
}
