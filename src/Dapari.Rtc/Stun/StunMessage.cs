using System.Buffers.Binary;

namespace Dapari.Rtc.Stun;

/// <summary>A STUN message (RFC 8489 §5) read where it lies; nothing is copied or allocated.</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
/// |0 0|   class and method (14)   |        length of the rest      |
/// |                   magic cookie 0x2112A442                      |
/// |                   transaction id (12 bytes)                    |
/// |                   attributes, each padded to 4 bytes           |
/// </code>
/// Valid as long as the bytes it was read from are.
/// </remarks>
public readonly ref struct StunMessage
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 20;

    /// <summary>Bytes of the transaction id.</summary>
    public const int TransactionIdLength = 12;

    /// <summary>The number in each message's bytes 4 to 7.</summary>
    public const uint MagicCookie = 0x2112_A442;

    /// <summary>The longest there can be: a length field of 16 bits that is a multiple of 4, and the header.</summary>
    public const int LongestMessage = HeaderLength + 65_532;

    private readonly ReadOnlySpan<byte> _bytes;

    private StunMessage(ReadOnlySpan<byte> bytes, int plainEnd, int integrity, int integrity256, int fingerprint)
    {
        _bytes = bytes;
        PlainEnd = plainEnd;
        IntegrityOffset = integrity;
        Integrity256Offset = integrity256;
        FingerprintOffset = fingerprint;
    }

    /// <summary>All of it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>What it is.</summary>
    public StunClass Class => (StunClass)(((_bytes[0] & 1) << 1) | ((_bytes[1] >> 4) & 1));

    /// <summary>What it is about; may be none of the named.</summary>
    public StunMethod Method => MethodOf(BinaryPrimitives.ReadUInt16BigEndian(_bytes));

    /// <summary>What the answer repeats; 12 bytes.</summary>
    public ReadOnlySpan<byte> TransactionId => _bytes.Slice(8, TransactionIdLength);

    /// <summary>Where the attributes end that an integrity attribute protects (or all but FINGERPRINT when there is none).</summary>
    internal int PlainEnd { get; }

    /// <summary>Where MESSAGE-INTEGRITY begins, or -1.</summary>
    internal int IntegrityOffset { get; }

    /// <summary>Where MESSAGE-INTEGRITY-SHA256 begins, or -1.</summary>
    internal int Integrity256Offset { get; }

    /// <summary>Where FINGERPRINT begins, or -1.</summary>
    internal int FingerprintOffset { get; }

    /// <summary>Whether MESSAGE-INTEGRITY is there.</summary>
    public bool HasIntegrity => IntegrityOffset >= 0;

    /// <summary>Whether MESSAGE-INTEGRITY-SHA256 is there.</summary>
    public bool HasIntegritySha256 => Integrity256Offset >= 0;

    /// <summary>Whether FINGERPRINT is there.</summary>
    public bool HasFingerprint => FingerprintOffset >= 0;

    /// <summary>The attributes in order: those that count (see <see cref="TryRead"/>), without the integrity attributes and FINGERPRINT.</summary>
    public StunAttributes Attributes => new(_bytes[HeaderLength..PlainEnd]);

    /// <summary>
    /// Reads a message. Attributes behind an integrity attribute do not count (RFC 8489 §14.5, §14.6), save the stronger one and FINGERPRINT.
    /// </summary>
    /// <param name="bytes">The whole message, no more.</param>
    /// <param name="message">The message, when there is no fault.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out StunMessage message, out StunFault fault)
    {
        message = default;
        fault = Check(bytes);
        if (fault != StunFault.None)
            return false;

        int plainEnd = -1, integrity = -1, integrity256 = -1, fingerprint = -1;
        var at = HeaderLength;
        while (at < bytes.Length)
        {
            // The whole length is a multiple of 4, so that four bytes are there.
            var type = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            var next = at + 4 + Padded(length);
            if (next > bytes.Length)
            {
                fault = StunFault.Attribute;
                return false;
            }

            switch (type)
            {
                case Stun.Attributes.MessageIntegrity.Type when integrity < 0 && integrity256 < 0:
                    if (length != Stun.Attributes.MessageIntegrity.Length)
                        fault = StunFault.AttributeLength;
                    integrity = at;
                    break;
                case Stun.Attributes.MessageIntegritySha256.Type when integrity256 < 0:
                    if (length != Stun.Attributes.MessageIntegritySha256.Length)
                        fault = StunFault.AttributeLength;
                    integrity256 = at;
                    break;
                case Stun.Attributes.Fingerprint.Type:
                    if (length != Stun.Attributes.Fingerprint.Length)
                        fault = StunFault.AttributeLength;
                    else if (next != bytes.Length)
                        fault = StunFault.FingerprintNotLast;
                    fingerprint = at;
                    break;
                default:
                    at = next;
                    continue;
            }

            if (fault != StunFault.None)
                return false;
            if (plainEnd < 0)
                plainEnd = at;
            at = next;
        }

        message = new StunMessage(bytes, plainEnd < 0 ? bytes.Length : plainEnd, integrity, integrity256, fingerprint);
        return true;
    }

    /// <summary>The first attribute of a type among those that count.</summary>
    public bool TryFind(ushort type, out ReadOnlySpan<byte> value)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Type == type)
            {
                value = attribute.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether an attribute of a type is among those that count.</summary>
    public bool Has(ushort type) => TryFind(type, out _);

    /// <summary>The length with its padding to a multiple of 4.</summary>
    internal static int Padded(int length) => (length + 3) & ~3;

    /// <summary>The two bytes that a message begins with.</summary>
    internal static ushort TypeOf(StunClass kind, StunMethod method)
    {
        // RFC 8489 §5: M11..M7 C1 M6..M4 C0 M3..M0.
        var m = (int)method;
        var c = (int)kind;
        return (ushort)(((m & 0xF80) << 2) | ((c & 2) << 7) | ((m & 0x070) << 1) | ((c & 1) << 4) | (m & 0x00F));
    }

    private static StunMethod MethodOf(int type) => (StunMethod)((type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2));

    private static StunFault Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return StunFault.Truncated;
        if (bytes[0] > 0x3F)
            return StunFault.NotStun;
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != MagicCookie)
            return StunFault.NoCookie;
        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length % 4 != 0 || length != bytes.Length - HeaderLength ? StunFault.Length : StunFault.None;
    }
}
