using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>SACK: what arrived (RFC 9260 §3.3.4).</summary>
/// <remarks><code>|  cumulative TSN (32)  |  receive window (32)  |  gap blocks (16)  |  duplicates (16)  |  blocks: start, end (16 each)  |  duplicate TSNs (32 each)</code></remarks>
public readonly ref struct SackChunk
{
    /// <summary>Bytes without blocks, with the chunk header.</summary>
    public const int Overhead = SctpChunk.HeaderLength + FixedLength;

    private const int FixedLength = 12;

    private readonly ReadOnlySpan<byte> _blocks;

    private SackChunk(ReadOnlySpan<byte> value)
    {
        CumulativeTsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        ReceiveWindow = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
        Duplicates = BinaryPrimitives.ReadUInt16BigEndian(value[10..]);
        _blocks = value.Slice(FixedLength, 4 * BinaryPrimitives.ReadUInt16BigEndian(value[8..]));
    }

    /// <summary>All up to here arrived.</summary>
    public uint CumulativeTsn { get; }

    /// <summary>Bytes that the sender of this has room for.</summary>
    public uint ReceiveWindow { get; }

    /// <summary>How many TSNs came more than once.</summary>
    public ushort Duplicates { get; }

    /// <summary>How many blocks there are.</summary>
    public int Blocks => _blocks.Length / 4;

    /// <summary>A block: the first and the last TSN of what arrived beyond the cumulative one, as distances from it.</summary>
    public (ushort Start, ushort End) this[int block] =>
        (BinaryPrimitives.ReadUInt16BigEndian(_blocks[(4 * block)..]), BinaryPrimitives.ReadUInt16BigEndian(_blocks[((4 * block) + 2)..]));

    /// <summary>Reads it; false: shorter than it says, or a block ends before it begins.</summary>
    public static bool TryRead(in SctpChunk chunk, out SackChunk sack)
    {
        sack = default;
        var value = chunk.Value;
        if (chunk.Type != SctpChunkType.Sack || value.Length < FixedLength
            || value.Length < FixedLength + (4 * BinaryPrimitives.ReadUInt16BigEndian(value[8..])) + (4 * BinaryPrimitives.ReadUInt16BigEndian(value[10..])))
            return false;
        var read = new SackChunk(value);
        var before = 0;
        for (var i = 0; i < read.Blocks; i++)
        {
            var (start, end) = read[i];
            // RFC 9260 §3.3.4: blocks rise and do not touch; TSN 1 beyond the cumulative one cannot have arrived.
            if (start <= before + 1 || end < start)
                return false;
            before = end;
        }

        sack = read;
        return true;
    }

    /// <summary>Writes it and returns its length.</summary>
    public static int Write(Span<byte> destination, uint cumulativeTsn, uint window, ReadOnlySpan<(ushort Start, ushort End)> blocks, ReadOnlySpan<uint> duplicates)
    {
        SctpChunk.WriteHeader(destination, SctpChunkType.Sack, 0, FixedLength + (4 * blocks.Length) + (4 * duplicates.Length));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], cumulativeTsn);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], window);
        BinaryPrimitives.WriteUInt16BigEndian(destination[12..], (ushort)blocks.Length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], (ushort)duplicates.Length);
        var at = Overhead;
        foreach (var (start, end) in blocks)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], start);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], end);
            at += 4;
        }

        foreach (var duplicate in duplicates)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[at..], duplicate);
            at += 4;
        }

        return at;
    }
}
