namespace Dapari.Rtc.Stun.Attributes;

/// <summary>REQUESTED-ADDRESS-FAMILY: which kind of relayed address.</summary>
/// <remarks><code>|  family: 1 IPv4, 2 IPv6 (8)  |  0 (24)  |</code></remarks>
public static class RequestedAddressFamily
{
    /// <summary>RFC 8656 §18.6.</summary>
    public const ushort Type = 0x0017;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out RequestedFamily family)
    {
        family = default;
        if (!message.TryFind(Type, out var value) || value.Length != 4)
            return false;
        family = (RequestedFamily)value[0];
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, RequestedFamily family) => writer.Add(Type, [(byte)family, 0, 0, 0]);
}
