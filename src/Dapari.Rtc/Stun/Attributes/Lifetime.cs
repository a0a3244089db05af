using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>LIFETIME: how long an allocation lives without a refresh.</summary>
/// <remarks><code>|  seconds (32)  |</code></remarks>
public static class Lifetime
{
    /// <summary>RFC 8656 §18.2.</summary>
    public const ushort Type = 0x000D;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out uint seconds)
    {
        seconds = default;
        if (!message.TryFind(Type, out var value) || value.Length != 4)
            return false;
        seconds = BinaryPrimitives.ReadUInt32BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, uint seconds) => BinaryPrimitives.WriteUInt32BigEndian(writer.Add(Type, 4), seconds);
}
