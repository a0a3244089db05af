using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>REQUESTED-TRANSPORT: the protocol between relay and peers.</summary>
/// <remarks><code>|  IP protocol number (8): 17 is UDP  |  0 (24)  |</code></remarks>
public static class RequestedTransport
{
    /// <summary>RFC 8656 §18.8.</summary>
    public const ushort Type = 0x0019;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out byte protocol)
    {
        protocol = default;
        if (!message.TryFind(Type, out var value) || value.Length != 4)
            return false;
        protocol = value[0];
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, byte protocol) => BinaryPrimitives.WriteUInt32BigEndian(writer.Add(Type, 4), (uint)protocol << 24);
}
