namespace Dapari.Rtc.Stun.Attributes;

/// <summary>ALTERNATE-SERVER: whom to ask instead.</summary>
/// <remarks><code>|  0  |  family: 1 IPv4, 2 IPv6  |  port (16)  |  address (32 or 128)  |</code></remarks>
public static class AlternateServer
{
    /// <summary>RFC 8489 §14.15.</summary>
    public const ushort Type = 0x8023;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out Endpoint endpoint)
    {
        endpoint = default;
        return message.TryFind(Type, out var value) && TryRead(value, out endpoint);
    }

    /// <summary>Reads a value that was found in the message.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out Endpoint endpoint) =>
        AddressValue.TryRead(value, out endpoint);

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, in Endpoint endpoint) =>
        AddressValue.Write(writer.Add(Type, AddressValue.Length(endpoint)), endpoint);
}
