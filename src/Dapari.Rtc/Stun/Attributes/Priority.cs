using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>PRIORITY: of the peer-reflexive candidate that this check would make.</summary>
/// <remarks><code>|  priority (32)  |</code></remarks>
public static class Priority
{
    /// <summary>RFC 8445 §16.1.</summary>
    public const ushort Type = 0x0024;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out uint priority)
    {
        priority = default;
        if (!message.TryFind(Type, out var value) || value.Length != 4)
            return false;
        priority = BinaryPrimitives.ReadUInt32BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, uint priority) => BinaryPrimitives.WriteUInt32BigEndian(writer.Add(Type, 4), priority);
}
