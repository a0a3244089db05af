namespace Dapari.Rtc.Stun.Attributes;

/// <summary>EVEN-PORT: a relayed port that is even, and perhaps the next one kept as well.</summary>
/// <remarks><code>|  R: keep the next (1)  |  0 (7)  |</code></remarks>
public static class EvenPort
{
    /// <summary>RFC 8656 §18.7.</summary>
    public const ushort Type = 0x0018;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out bool reserveNext)
    {
        reserveNext = default;
        if (!message.TryFind(Type, out var value) || value.Length != 1)
            return false;
        reserveNext = (value[0] & 0x80) != 0;
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, bool reserveNext) => writer.Add(Type, [reserveNext ? (byte)0x80 : (byte)0]);
}
