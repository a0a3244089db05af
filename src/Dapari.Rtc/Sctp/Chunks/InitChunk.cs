using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>INIT and INIT ACK: what an end begins with (RFC 9260 §3.3.2, §3.3.3).</summary>
/// <remarks><code>|  tag (32)  |  receive window (32)  |  outbound streams (16)  |  inbound streams (16)  |  initial TSN (32)  |  parameters</code></remarks>
public readonly ref struct InitChunk
{
    /// <summary>RFC 9260 §3.3.3.1.</summary>
    public const ushort StateCookie = 7;

    /// <summary>RFC 5061 §4.2.7: chunk types beyond RFC 9260 that the end knows.</summary>
    public const ushort SupportedExtensions = 0x8008;

    /// <summary>RFC 3758 §3.1: partial reliability.</summary>
    public const ushort ForwardTsnSupported = 0xC000;

    /// <summary>
    /// Ours: 4 bytes, the largest packet that the end takes. Who does not know it passes over it in silence (RFC 9260 §3.2.1). libwebrtc reads DTLS into 2,048 bytes and
    /// loses the connection by a larger datagram.
    /// </summary>
    public const ushort LargestTaken = 0x9A50;

    private const int FixedLength = 16;

    private InitChunk(ReadOnlySpan<byte> value)
    {
        Tag = BinaryPrimitives.ReadUInt32BigEndian(value);
        ReceiveWindow = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
        OutboundStreams = BinaryPrimitives.ReadUInt16BigEndian(value[8..]);
        InboundStreams = BinaryPrimitives.ReadUInt16BigEndian(value[10..]);
        InitialTsn = BinaryPrimitives.ReadUInt32BigEndian(value[12..]);
        Parameters = new SctpParameters(value[FixedLength..]);
    }

    /// <summary>What packets to the sender carry; never 0.</summary>
    public uint Tag { get; }

    /// <summary>Bytes that the sender has room for.</summary>
    public uint ReceiveWindow { get; }

    /// <summary>Streams that the sender would open; never 0.</summary>
    public ushort OutboundStreams { get; }

    /// <summary>Streams that it takes; never 0.</summary>
    public ushort InboundStreams { get; }

    /// <summary>The sender's first TSN.</summary>
    public uint InitialTsn { get; }

    /// <summary>What follows.</summary>
    public SctpParameters Parameters { get; }

    /// <summary>Reads either; false: too short, a tag or a number of streams is 0, or a parameter goes beyond the end.</summary>
    public static bool TryRead(in SctpChunk chunk, out InitChunk init)
    {
        init = default;
        if (chunk.Type is not (SctpChunkType.Init or SctpChunkType.InitAck) || chunk.Value.Length < FixedLength || !SctpParameters.AreWhole(chunk.Value[FixedLength..]))
            return false;
        var read = new InitChunk(chunk.Value);
        if (read.Tag == 0 || read.OutboundStreams == 0 || read.InboundStreams == 0)
            return false;
        init = read;
        return true;
    }

    /// <summary>Whether the end lists a chunk type among those it knows beyond RFC 9260 (RFC 5061 §4.2.7).</summary>
    public bool Supports(SctpChunkType type) => Parameters.TryFind(SupportedExtensions, out var types) && types.Contains((byte)type);

    /// <summary>Writes the fixed part with the extensions that this library knows, and the cookie if there is one; returns the length.</summary>
    public static int Write(Span<byte> destination, SctpChunkType type, uint tag, uint window, ushort streams, uint initialTsn, bool interleaves, int largestTaken, ReadOnlySpan<byte> cookie)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], tag);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], window);
        BinaryPrimitives.WriteUInt16BigEndian(destination[12..], streams);
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], streams);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], initialTsn);
        var at = SctpChunk.HeaderLength + FixedLength;
        at += SctpParameters.Write(destination[at..], ForwardTsnSupported, []);
        // RFC 8260 §2.2.1: I-DATA, and with it I-FORWARD-TSN.
        ReadOnlySpan<byte> known = [(byte)SctpChunkType.ReConfig, (byte)SctpChunkType.ForwardTsn, (byte)SctpChunkType.IData, (byte)SctpChunkType.IForwardTsn];
        at += SctpParameters.Write(destination[at..], SupportedExtensions, interleaves ? known : known[..2]);
        if (largestTaken > 0)
        {
            Span<byte> largest = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(largest, largestTaken);
            at += SctpParameters.Write(destination[at..], LargestTaken, largest);
        }

        if (!cookie.IsEmpty)
            at += SctpParameters.Write(destination[at..], StateCookie, cookie);
        SctpChunk.WriteHeader(destination, type, 0, at - SctpChunk.HeaderLength);
        return at;
    }
}
