using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>ICE-CONTROLLED: the sender believes that the other side chooses.</summary>
/// <remarks><code>|  tie breaker (64)  |</code></remarks>
public static class IceControlled
{
    /// <summary>RFC 8445 §16.1.</summary>
    public const ushort Type = 0x8029;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ulong tieBreaker)
    {
        tieBreaker = default;
        if (!message.TryFind(Type, out var value) || value.Length != 8)
            return false;
        tieBreaker = BinaryPrimitives.ReadUInt64BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, ulong tieBreaker) => BinaryPrimitives.WriteUInt64BigEndian(writer.Add(Type, 8), tieBreaker);
}
