using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>DATA: a message of a stream, or a piece of one (RFC 9260 §3.3.1).</summary>
/// <remarks>
/// <code>
/// flags: I (8), U (4), B (2), E (1)
/// |  TSN (32)  |  stream (16)  |  stream sequence number (16)  |  payload protocol (32)  |  data
/// </code>
/// </remarks>
public readonly ref struct DataChunk
{
    /// <summary>The receiver should acknowledge at once (RFC 7053).</summary>
    public const byte Immediate = 8;

    /// <summary>Outside the stream's order.</summary>
    public const byte Unordered = 4;

    /// <summary>The message begins here.</summary>
    public const byte Beginning = 2;

    /// <summary>The message ends here.</summary>
    public const byte Ending = 1;

    /// <summary>Bytes of the chunk in front of the data, with the chunk header.</summary>
    public const int Overhead = SctpChunk.HeaderLength + 12;

    private DataChunk(byte flags, ReadOnlySpan<byte> value)
    {
        Flags = flags;
        Tsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        Stream = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        Sequence = BinaryPrimitives.ReadUInt16BigEndian(value[6..]);
        Protocol = BinaryPrimitives.ReadUInt32BigEndian(value[8..]);
        Data = value[12..];
    }

    /// <summary><see cref="Immediate"/>, <see cref="Unordered"/>, <see cref="Beginning"/>, <see cref="Ending"/>.</summary>
    public byte Flags { get; }

    /// <summary>The transmission sequence number.</summary>
    public uint Tsn { get; }

    /// <summary>The stream.</summary>
    public ushort Stream { get; }

    /// <summary>The message's number in the stream's order.</summary>
    public ushort Sequence { get; }

    /// <summary>The payload protocol identifier.</summary>
    public uint Protocol { get; }

    /// <summary>At least one byte.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Reads it; false: too short, or without data.</summary>
    public static bool TryRead(in SctpChunk chunk, out DataChunk data)
    {
        data = default;
        if (chunk.Type != SctpChunkType.Data || chunk.Value.Length <= 12)
            return false;
        data = new DataChunk(chunk.Flags, chunk.Value);
        return true;
    }

    /// <summary>Writes it with its padding and returns its length.</summary>
    public static int Write(Span<byte> destination, byte flags, uint tsn, ushort stream, ushort sequence, uint protocol, ReadOnlySpan<byte> data)
    {
        SctpChunk.WriteHeader(destination, SctpChunkType.Data, flags, 12 + data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], tsn);
        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], stream);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], protocol);
        data.CopyTo(destination[Overhead..]);
        var length = SctpPacket.Padded(Overhead + data.Length);
        destination[(Overhead + data.Length)..length].Clear();
        return length;
    }
}
