using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>UNKNOWN-ATTRIBUTES: which ones a 420 is about.</summary>
/// <remarks><code>|  type (16)  |  type (16)  | ...  |</code></remarks>
public static class UnknownAttributes
{
    /// <summary>RFC 8489 §14.13.</summary>
    public const ushort Type = 0x000A;

    /// <summary>Reads the first one of a message into <paramref name="types"/>; what does not fit there is left out.</summary>
    public static bool TryRead(in StunMessage message, Span<ushort> types, out int count)
    {
        count = 0;
        if (!message.TryFind(Type, out var value) || value.Length % 2 != 0)
            return false;
        for (; count < types.Length && 2 * count < value.Length; count++)
            types[count] = BinaryPrimitives.ReadUInt16BigEndian(value[(2 * count)..]);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<ushort> types)
    {
        var value = writer.Add(Type, 2 * types.Length);
        for (var i = 0; i < types.Length; i++)
            BinaryPrimitives.WriteUInt16BigEndian(value[(2 * i)..], types[i]);
    }
}
