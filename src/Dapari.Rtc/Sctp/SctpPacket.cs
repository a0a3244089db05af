using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sctp;

/// <summary>Why bytes are no SCTP packet.</summary>
public enum SctpFault
{
    /// <summary>They are one.</summary>
    None = 0,

    /// <summary>Fewer than the common header and one chunk header.</summary>
    Truncated,

    /// <summary>The checksum is wrong.</summary>
    Checksum,

    /// <summary>A chunk says that it is shorter than its header or longer than what is there.</summary>
    ChunkLength,
}

/// <summary>The common header (RFC 9260 §3.1) and the chunks behind it, read where they lie.</summary>
/// <remarks>
/// <code>
/// |   source port (16)     |   destination port (16)   |
/// |                verification tag (32)               |
/// |    CRC-32C of all with this field 0 (32, little endian as RFC 9260 appendix A has it)   |
/// |   chunks, each padded to 4 bytes                   |
/// </code>
/// Valid as long as the bytes it was read from are.
/// </remarks>
public readonly ref struct SctpPacket
{
    /// <summary>Bytes of the common header.</summary>
    public const int HeaderLength = 12;

    private readonly ReadOnlySpan<byte> _bytes;

    private SctpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The sender's port; with WebRTC both are 5000.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>What the receiver asked its peer to repeat.</summary>
    public uint VerificationTag => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);

    /// <summary>The chunks in order.</summary>
    public SctpChunks Chunks => new(_bytes[HeaderLength..]);

    /// <summary>Reads a packet: checksum and all chunk lengths are checked.</summary>
    /// <param name="bytes">One datagram.</param>
    /// <param name="packet">The packet, when there is no fault.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SctpPacket packet, out SctpFault fault)
    {
        packet = default;
        if (bytes.Length < HeaderLength + SctpChunk.HeaderLength || bytes.Length % 4 != 0)
        {
            fault = SctpFault.Truncated;
            return false;
        }

        fault = SctpFault.Checksum;
        if (Checksum(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]))
            return false;
        fault = SctpFault.ChunkLength;
        var rest = bytes[HeaderLength..];
        while (!rest.IsEmpty)
        {
            if (rest.Length < SctpChunk.HeaderLength)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length < SctpChunk.HeaderLength || length > rest.Length)
                return false;
            rest = rest[Math.Min(Padded(length), rest.Length)..];
        }

        fault = SctpFault.None;
        packet = new SctpPacket(bytes);
        return true;
    }

    /// <summary>Writes the common header; the checksum follows with <see cref="Seal"/>.</summary>
    public static void WriteHeader(Span<byte> destination, ushort sourcePort, ushort destinationPort, uint tag)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], tag);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], 0);
    }

    /// <summary>Writes the checksum of a packet whose chunks are all there.</summary>
    public static void Seal(Span<byte> packet)
    {
        packet[8..12].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(packet[8..], Checksum(packet));
    }

    /// <summary>The length with its padding to a multiple of 4.</summary>
    internal static int Padded(int length) => (length + 3) & ~3;

    // RFC 9260 appendix A: CRC-32C (Castagnoli), reflected, with the field itself as 0.
    private static uint Checksum(ReadOnlySpan<byte> packet)
    {
        var crc = Update(uint.MaxValue, packet[..8]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Update(crc, packet[HeaderLength..]);
    }

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var value in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}

/// <summary>One chunk: type, flags, and its value without header and padding.</summary>
public readonly ref struct SctpChunk
{
    /// <summary>Bytes of type, flags and length.</summary>
    public const int HeaderLength = 4;

    internal SctpChunk(SctpChunkType type, byte flags, ReadOnlySpan<byte> value)
    {
        Type = type;
        Flags = flags;
        Value = value;
    }

    /// <summary>What it is; may be none of the named.</summary>
    public SctpChunkType Type { get; }

    /// <summary>As the type has them.</summary>
    public byte Flags { get; }

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>RFC 9260 §3.2: whether the rest of the packet is read although this chunk is of an unknown type.</summary>
    public bool IsSkippable => ((byte)Type & 0x80) != 0;

    /// <summary>RFC 9260 §3.2: whether an unknown chunk of this type is reported.</summary>
    public bool IsReported => ((byte)Type & 0x40) != 0;

    /// <summary>Writes the header in front of a value of <paramref name="length"/> bytes.</summary>
    internal static void WriteHeader(Span<byte> destination, SctpChunkType type, byte flags, int length)
    {
        destination[0] = (byte)type;
        destination[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(HeaderLength + length));
    }
}

/// <summary>Chunks in order; for <c>foreach</c>.</summary>
public readonly ref struct SctpChunks
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal SctpChunks(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>From the first on.</summary>
    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>Walks over chunks whose lengths were checked.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> bytes)
        {
            _rest = bytes;
            Current = default;
        }

        /// <summary>The chunk.</summary>
        public SctpChunk Current { get; private set; }

        /// <summary>To the next.</summary>
        public bool MoveNext()
        {
            if (_rest.Length < SctpChunk.HeaderLength)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
            Current = new SctpChunk((SctpChunkType)_rest[0], _rest[1], _rest[SctpChunk.HeaderLength..length]);
            _rest = _rest[Math.Min(SctpPacket.Padded(length), _rest.Length)..];
            return true;
        }
    }
}

/// <summary>What a chunk is.</summary>
public enum SctpChunkType : byte
{
    /// <summary>RFC 9260 §3.3.1.</summary>
    Data = 0,

    /// <summary>RFC 9260 §3.3.2.</summary>
    Init = 1,

    /// <summary>RFC 9260 §3.3.3.</summary>
    InitAck = 2,

    /// <summary>RFC 9260 §3.3.4.</summary>
    Sack = 3,

    /// <summary>RFC 9260 §3.3.5.</summary>
    Heartbeat = 4,

    /// <summary>RFC 9260 §3.3.6.</summary>
    HeartbeatAck = 5,

    /// <summary>RFC 9260 §3.3.7.</summary>
    Abort = 6,

    /// <summary>RFC 9260 §3.3.8.</summary>
    Shutdown = 7,

    /// <summary>RFC 9260 §3.3.9.</summary>
    ShutdownAck = 8,

    /// <summary>RFC 9260 §3.3.10.</summary>
    Error = 9,

    /// <summary>RFC 9260 §3.3.11.</summary>
    CookieEcho = 10,

    /// <summary>RFC 9260 §3.3.12.</summary>
    CookieAck = 11,

    /// <summary>RFC 9260 §3.3.13.</summary>
    ShutdownComplete = 14,

    /// <summary>RFC 8260 §2.1.</summary>
    IData = 64,

    /// <summary>RFC 6525 §3.1.</summary>
    ReConfig = 130,

    /// <summary>RFC 4820 §3: fills a packet up, to try its size.</summary>
    Pad = 132,

    /// <summary>RFC 3758 §3.2.</summary>
    ForwardTsn = 192,

    /// <summary>RFC 8260 §2.3.1.</summary>
    IForwardTsn = 194,
}
