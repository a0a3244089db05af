using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>A message that its sender gave up, and with it all earlier ones of its stream and kind.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Unordered">Whether it is one without order.</param>
/// <param name="Message">Its number.</param>
public readonly record struct SkippedMessage(ushort Stream, bool Unordered, uint Message);

/// <summary>I-FORWARD-TSN: what the sender gave up counts as arrived (RFC 8260 §2.3.1).</summary>
/// <remarks><code>|  new cumulative TSN (32)  |  for each stream and kind: stream (16), reserved (15), U (1), message identifier (32)</code></remarks>
public readonly ref struct IForwardTsnChunk
{
    private readonly ReadOnlySpan<byte> _skipped;

    private IForwardTsnChunk(ReadOnlySpan<byte> value)
    {
        NewCumulativeTsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        _skipped = value[4..];
    }

    /// <summary>All up to here counts as arrived.</summary>
    public uint NewCumulativeTsn { get; }

    /// <summary>How many are named.</summary>
    public int Count => _skipped.Length / 8;

    /// <summary>One of them.</summary>
    public SkippedMessage this[int index]
    {
        get
        {
            var one = _skipped[(8 * index)..];
            return new SkippedMessage(BinaryPrimitives.ReadUInt16BigEndian(one), (one[3] & 1) != 0, BinaryPrimitives.ReadUInt32BigEndian(one[4..]));
        }
    }

    /// <summary>Reads it; false: too short, or no whole number of messages.</summary>
    public static bool TryRead(in SctpChunk chunk, out IForwardTsnChunk forward)
    {
        forward = default;
        if (chunk.Type != SctpChunkType.IForwardTsn || chunk.Value.Length < 4 || chunk.Value.Length % 8 != 4)
            return false;
        forward = new IForwardTsnChunk(chunk.Value);
        return true;
    }

    /// <summary>Writes it and returns its length.</summary>
    public static int Write(Span<byte> destination, uint newCumulativeTsn, ReadOnlySpan<SkippedMessage> skipped)
    {
        SctpChunk.WriteHeader(destination, SctpChunkType.IForwardTsn, 0, 4 + (8 * skipped.Length));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], newCumulativeTsn);
        var at = 8;
        foreach (var (stream, unordered, message) in skipped)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[at..], ((uint)stream << 16) | (unordered ? 1u : 0u));
            BinaryPrimitives.WriteUInt32BigEndian(destination[(at + 4)..], message);
            at += 8;
        }

        return at;
    }
}
