namespace Dapari.Rtc.Stun.Attributes;

/// <summary>XOR-PEER-ADDRESS: a peer as seen from the relay.</summary>
/// <remarks><code>|  0  |  family: 1 IPv4, 2 IPv6  |  port (16)  |  address (32 or 128)  |</code></remarks>
public static class XorPeerAddress
{
    /// <summary>RFC 8656 §18.3.</summary>
    public const ushort Type = 0x0012;

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
