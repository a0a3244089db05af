namespace Dapari.Rtc.Stun.Attributes;

/// <summary>REALM: where a long-term credential belongs.</summary>
/// <remarks><code>|  UTF-8, at most 763 bytes  |</code></remarks>
public static class Realm
{
    /// <summary>RFC 8489 §14.9.</summary>
    public const ushort Type = 0x0014;

    /// <summary>The most bytes that are read or written.</summary>
    public const int Longest = 763;

    /// <summary>Reads the first one of a message: its bytes, as they came.</summary>
    public static bool TryRead(in StunMessage message, out ReadOnlySpan<byte> text) => message.TryFind(Type, out text) && text.Length <= Longest;

    /// <summary>Adds it.</summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> text)
    {
        if (text.Length > Longest)
            throw new ArgumentException("Too long.", nameof(text));
        writer.Add(Type, text);
    }
}
