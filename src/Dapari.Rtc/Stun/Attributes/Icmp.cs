using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>ICMP: what the network answered instead of the peer.</summary>
/// <remarks><code>|  0 (16)  |  type (8)  |  code (8)  |  data (32): the next hop's MTU for "too big"  |</code></remarks>
public static class Icmp
{
    /// <summary>RFC 8656 §18.13.</summary>
    public const ushort Type = 0x8004;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out byte type, out byte code, out uint data)
    {
        type = code = 0;
        data = 0;
        if (!message.TryFind(Type, out var value) || value.Length != 8)
            return false;
        type = value[2];
        code = value[3];
        data = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, byte type, byte code, uint data)
    {
        var value = writer.Add(Type, 8);
        value[0] = value[1] = 0;
        value[2] = type;
        value[3] = code;
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], data);
    }
}
