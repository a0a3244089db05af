namespace Dapari.Rtc.Stun.Attributes;

/// <summary>XOR-MAPPED-ADDRESS: where the client is seen from, hidden from NATs that rewrite addresses in payloads.</summary>
/// <remarks><code>|  0  |  family: 1 IPv4, 2 IPv6  |  port (16)  |  address (32 or 128)  |</code></remarks>
public static class XorMappedAddress
{
    /// <summary>RFC 8489 §14.2.</summary>
    public const ushort Type = 0x0020;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out Endpoint endpoint)
    {
        endpoint = default;
        return message.TryFind(Type, out var value) && TryRead(message, value, out endpoint);
    }

    /// <summary>Reads a value that was found in the message.</summary>
    public static bool TryRead(in StunMessage message, ReadOnlySpan<byte> value, out Endpoint endpoint) =>
        AddressValue.TryReadXor(value, message.TransactionId, out endpoint);

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, in Endpoint endpoint) =>
        AddressValue.WriteXor(writer.Add(Type, AddressValue.Length(endpoint)), writer.TransactionId, endpoint);
}
