using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>CHANNEL-NUMBER: the short name of a peer.</summary>
/// <remarks><code>|  number (16)  |  0 (16)  |</code></remarks>
public static class ChannelNumber
{
    /// <summary>RFC 8656 §18.1.</summary>
    public const ushort Type = 0x000C;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ushort number)
    {
        number = default;
        if (!message.TryFind(Type, out var value) || value.Length != 4)
            return false;
        number = BinaryPrimitives.ReadUInt16BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, ushort number) => BinaryPrimitives.WriteUInt32BigEndian(writer.Add(Type, 4), (uint)number << 16);
}
