using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>FORWARD TSN: what the sender gave up counts as arrived (RFC 3758 §3.2).</summary>
/// <remarks><code>|  new cumulative TSN (32)  |  for each stream with order: stream (16), last skipped sequence number (16)</code></remarks>
public readonly ref struct ForwardTsnChunk
{
    private readonly ReadOnlySpan<byte> _streams;

    private ForwardTsnChunk(ReadOnlySpan<byte> value)
    {
        NewCumulativeTsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        _streams = value[4..];
    }

    /// <summary>All up to here counts as arrived.</summary>
    public uint NewCumulativeTsn { get; }

    /// <summary>How many streams are named.</summary>
    public int Streams => _streams.Length / 4;

    /// <summary>A stream, and the last message of it that was given up.</summary>
    public (ushort Stream, ushort Sequence) this[int index] =>
        (BinaryPrimitives.ReadUInt16BigEndian(_streams[(4 * index)..]), BinaryPrimitives.ReadUInt16BigEndian(_streams[((4 * index) + 2)..]));

    /// <summary>Reads it; false: too short, or no whole number of streams.</summary>
    public static bool TryRead(in SctpChunk chunk, out ForwardTsnChunk forward)
    {
        forward = default;
        if (chunk.Type != SctpChunkType.ForwardTsn || chunk.Value.Length < 4 || chunk.Value.Length % 4 != 0)
            return false;
        forward = new ForwardTsnChunk(chunk.Value);
        return true;
    }

    /// <summary>Writes it and returns its length.</summary>
    public static int Write(Span<byte> destination, uint newCumulativeTsn, ReadOnlySpan<(ushort Stream, ushort Sequence)> streams)
    {
        SctpChunk.WriteHeader(destination, SctpChunkType.ForwardTsn, 0, 4 + (4 * streams.Length));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], newCumulativeTsn);
        var at = 8;
        foreach (var (stream, sequence) in streams)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], stream);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], sequence);
            at += 4;
        }

        return at;
    }
}
