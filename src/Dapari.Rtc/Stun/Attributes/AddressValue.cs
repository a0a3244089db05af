using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>The value that all address attributes share (RFC 8489 §14.1, §14.2).</summary>
/// <remarks><code>|  0  |  family: 1 or 2  |  port  |  address: 4 or 16 bytes  |</code></remarks>
internal static class AddressValue
{
    public const int V4Length = 8;
    public const int V6Length = 20;

    public static int Length(in Endpoint endpoint) => endpoint.IsV4 ? V4Length : V6Length;

    public static bool TryRead(ReadOnlySpan<byte> value, out Endpoint endpoint)
    {
        endpoint = default;
        if (value.Length < 4)
            return false;
        // RFC 8489 §14.1: the first byte is ignored on receipt.
        var family = value[1];
        if (!(family == 1 && value.Length == V4Length) && !(family == 2 && value.Length == V6Length))
            return false;
        endpoint = Endpoint.FromBytes(value[4..], BinaryPrimitives.ReadUInt16BigEndian(value[2..]));
        return true;
    }

    public static void Write(Span<byte> value, in Endpoint endpoint)
    {
        if (endpoint.IsNone)
            throw new ArgumentException("No endpoint.", nameof(endpoint));
        value[0] = 0;
        value[1] = endpoint.IsV4 ? (byte)1 : (byte)2;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], endpoint.Port);
        endpoint.WriteAddress(value[4..]);
    }

    public static bool TryReadXor(ReadOnlySpan<byte> value, ReadOnlySpan<byte> transactionId, out Endpoint endpoint) =>
        TryRead(value, out endpoint) && Apply(ref endpoint, transactionId);

    public static void WriteXor(Span<byte> value, ReadOnlySpan<byte> transactionId, in Endpoint endpoint)
    {
        var mixed = endpoint;
        Apply(ref mixed, transactionId);
        Write(value, mixed);
    }

    // RFC 8489 §14.2: the port with the cookie's upper half; IPv4 with the cookie; IPv6 with cookie and transaction id.
    private static bool Apply(ref Endpoint endpoint, ReadOnlySpan<byte> transactionId)
    {
        var port = (ushort)(endpoint.Port ^ (StunMessage.MagicCookie >> 16));
        endpoint = endpoint.IsV4
            ? Endpoint.V4(endpoint.V4Bits ^ StunMessage.MagicCookie, port)
            : Endpoint.V6(
                endpoint.High ^ (((ulong)StunMessage.MagicCookie << 32) | BinaryPrimitives.ReadUInt32BigEndian(transactionId)),
                endpoint.Low ^ BinaryPrimitives.ReadUInt64BigEndian(transactionId[4..]),
                port);
        return true;
    }
}
