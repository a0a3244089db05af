using System.Buffers.Binary;
using System.Text;

namespace Dapari.Rtc.DataChannels;

/// <summary>DATA_CHANNEL_OPEN (RFC 8832 §5.1).</summary>
/// <remarks><code>3 (8) | channel type (8) | priority (16) | reliability (32) | label length (16) | protocol length (16) | label | protocol</code></remarks>
public sealed record OpenMessage(string Label, string Protocol, ChannelReliability Reliability, bool Ordered)
{
    /// <summary>The first byte.</summary>
    public const byte Type = 3;

    /// <summary>The longest label and the longest protocol, in bytes of UTF-8.</summary>
    public const int LongestName = 1_024;

    private const int HeaderLength = 12;
    private const byte UnorderedBit = 0x80;
    private const ushort NormalPriority = 256;

    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Reads it; false: malformed, of an unknown channel type, longer names than the longest, or no UTF-8.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OpenMessage? message)
    {
        message = null;
        if (bytes.Length < HeaderLength || bytes[0] != Type)
            return false;
        var parameter = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        int label = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]), protocol = BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]);
        if (label > LongestName || protocol > LongestName || bytes.Length != HeaderLength + label + protocol)
            return false;
        var limit = (int)Math.Min(parameter, ushort.MaxValue);
        ChannelReliability? reliability = (bytes[1] & ~UnorderedBit) switch
        {
            0 => ChannelReliability.Reliable,
            1 => new ChannelReliability(MaxRetransmits: limit),
            2 => new ChannelReliability(LifetimeMs: Math.Max(1, limit)),
            _ => null,
        };
        if (reliability is not { } known)
            return false;
        try
        {
            message = new OpenMessage(Strict.GetString(bytes.Slice(HeaderLength, label)), Strict.GetString(bytes[(HeaderLength + label)..]), known, (bytes[1] & UnorderedBit) == 0);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The message's bytes.</summary>
    /// <exception cref="ArgumentException">A name is longer than the longest, or no text that UTF-8 can carry.</exception>
    public byte[] ToArray()
    {
        byte[] label = Strict.GetBytes(Label), protocol = Strict.GetBytes(Protocol);
        if (label.Length > LongestName || protocol.Length > LongestName)
            throw new ArgumentException("A label or a protocol has at most 1,024 bytes.");
        var bytes = new byte[HeaderLength + label.Length + protocol.Length];
        bytes[0] = Type;
        bytes[1] = (byte)((Reliability.MaxRetransmits is not null ? 1 : Reliability.LifetimeMs is not null ? 2 : 0) | (Ordered ? 0 : UnorderedBit));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), NormalPriority);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), (uint)(Reliability.MaxRetransmits ?? Reliability.LifetimeMs ?? 0));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), (ushort)label.Length);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)protocol.Length);
        label.CopyTo(bytes, HeaderLength);
        protocol.CopyTo(bytes, HeaderLength + label.Length);
        return bytes;
    }
}

/// <summary>DATA_CHANNEL_ACK: one byte (RFC 8832 §5.2).</summary>
public static class AckMessage
{
    /// <summary>The byte.</summary>
    public const byte Type = 2;
}

/// <summary>What an SCTP message of a data channel is (RFC 8831 §8).</summary>
internal static class PayloadProtocol
{
    public const uint Control = 50;
    public const uint Text = 51;
    public const uint Binary = 53;

    /// <summary>SCTP carries no empty message: one byte, which is ignored, stands for it (RFC 8831 §6.6).</summary>
    public const uint EmptyText = 56;

    /// <inheritdoc cref="EmptyText"/>
    public const uint EmptyBinary = 57;
}
