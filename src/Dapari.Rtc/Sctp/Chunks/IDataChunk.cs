using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>I-DATA: a message of a stream, or a piece of one that pieces of others may come between (RFC 8260 §2.1).</summary>
/// <remarks>
/// <code>
/// flags: I (8), U (4), B (2), E (1)
/// |  TSN (32)  |  stream (16)  |  reserved (16)  |  message identifier (32)  |  B: payload protocol, else: the piece's number in its message (32)  |  data
/// </code>
/// </remarks>
public readonly ref struct IDataChunk
{
    /// <summary>Bytes of the chunk in front of the data, with the chunk header.</summary>
    public const int Overhead = SctpChunk.HeaderLength + 16;

    private IDataChunk(byte flags, ReadOnlySpan<byte> value)
    {
        Flags = flags;
        Tsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        Stream = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        Message = BinaryPrimitives.ReadUInt32BigEndian(value[8..]);
        var number = BinaryPrimitives.ReadUInt32BigEndian(value[12..]);
        (Protocol, Fragment) = (flags & DataChunk.Beginning) != 0 ? (number, 0u) : (0u, number);
        Data = value[16..];
    }

    /// <summary>As of <see cref="DataChunk"/>.</summary>
    public byte Flags { get; }

    /// <summary>The transmission sequence number.</summary>
    public uint Tsn { get; }

    /// <summary>The stream.</summary>
    public ushort Stream { get; }

    /// <summary>The message's number in its stream: those with order and those without count by themselves.</summary>
    public uint Message { get; }

    /// <summary>The piece's number in its message; the first has 0.</summary>
    public uint Fragment { get; }

    /// <summary>The payload protocol identifier; only of the first piece, else 0.</summary>
    public uint Protocol { get; }

    /// <summary>At least one byte.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Reads it; false: too short, or without data.</summary>
    public static bool TryRead(in SctpChunk chunk, out IDataChunk data)
    {
        data = default;
        if (chunk.Type != SctpChunkType.IData || chunk.Value.Length <= 16)
            return false;
        data = new IDataChunk(chunk.Flags, chunk.Value);
        return true;
    }

    /// <summary>Writes it with its padding and returns its length.</summary>
    /// <param name="destination">Gets it.</param>
    /// <param name="flags">As of <see cref="DataChunk"/>.</param>
    /// <param name="tsn">The transmission sequence number.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="message">The message's number.</param>
    /// <param name="protocolOrFragment">Of the first piece the payload protocol, of the others their number.</param>
    /// <param name="data">At least one byte.</param>
    public static int Write(Span<byte> destination, byte flags, uint tsn, ushort stream, uint message, uint protocolOrFragment, ReadOnlySpan<byte> data)
    {
        SctpChunk.WriteHeader(destination, SctpChunkType.IData, flags, 16 + data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], tsn);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], (uint)stream << 16);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], message);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], protocolOrFragment);
        data.CopyTo(destination[Overhead..]);
        var length = SctpPacket.Padded(Overhead + data.Length);
        destination[(Overhead + data.Length)..length].Clear();
        return length;
    }
}
