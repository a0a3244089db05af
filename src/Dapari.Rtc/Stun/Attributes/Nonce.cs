namespace Dapari.Rtc.Stun.Attributes;

/// <summary>What a server's nonce says it can do (RFC 8489 §18.1); bit 0 is the leftmost of 24.</summary>
[Flags]
public enum SecurityFeatures
{
    /// <summary>Nothing, or a server that knows no such bits.</summary>
    None = 0,

    /// <summary>Bit 1: USERHASH instead of USERNAME.</summary>
    UsernameAnonymity = 0x40_0000,

    /// <summary>Bit 0: PASSWORD-ALGORITHMS are offered.</summary>
    PasswordAlgorithms = 0x80_0000,
}

/// <summary>NONCE: what a server gives so that requests cannot be repeated for long, with its security features at the front.</summary>
/// <remarks><code>|  [ "obMatJos2"  base64 of the 24 feature bits (4) ]  the server's own, at most 763 bytes in all  |</code></remarks>
public static class Nonce
{
    /// <summary>RFC 8489 §14.10.</summary>
    public const ushort Type = 0x0015;

    /// <summary>The most bytes that are read or written.</summary>
    public const int Longest = 763;

    /// <summary>Bytes of the cookie with the feature bits.</summary>
    public const int CookieLength = 13;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>RFC 8489 §9.2: what a nonce with feature bits begins with.</summary>
    public static ReadOnlySpan<byte> Cookie => "obMatJos2"u8;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ReadOnlySpan<byte> nonce) => message.TryFind(Type, out nonce) && nonce.Length <= Longest;

    /// <summary>The features that a nonce announces.</summary>
    public static SecurityFeatures ReadFeatures(ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length < CookieLength || !nonce.StartsWith(Cookie))
            return SecurityFeatures.None;
        var bits = 0;
        foreach (var letter in nonce.Slice(Cookie.Length, 4))
        {
            var index = Alphabet.IndexOf((char)letter, StringComparison.Ordinal);
            if (index < 0)
                return SecurityFeatures.None;
            bits = (bits << 6) | index;
        }

        return (SecurityFeatures)bits & (SecurityFeatures.PasswordAlgorithms | SecurityFeatures.UsernameAnonymity);
    }

    /// <summary>Writes the cookie with feature bits: <see cref="CookieLength"/> bytes.</summary>
    public static void WriteCookie(Span<byte> destination, SecurityFeatures features)
    {
        Cookie.CopyTo(destination);
        for (var i = 0; i < 4; i++)
            destination[Cookie.Length + i] = (byte)Alphabet[((int)features >> (18 - (6 * i))) & 63];
    }

    /// <summary>Adds it.</summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> nonce)
    {
        if (nonce.Length > Longest)
            throw new ArgumentException("Too long.", nameof(nonce));
        writer.Add(Type, nonce);
    }
}
