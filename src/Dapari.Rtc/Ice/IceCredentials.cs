using System.Diagnostics.CodeAnalysis;

namespace Dapari.Rtc.Ice;

/// <summary>Name and password of one end for one ICE session; short-lived, and carried sealed.</summary>
/// <param name="Fragment">The user name fragment: 4 to 256 ice-chars.</param>
/// <param name="Password">22 to 256 ice-chars.</param>
public sealed record IceCredentials(string Fragment, string Password)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>Fresh ones: 48 and 144 bits (RFC 8445 §5.3 demands 24 and 128).</summary>
    public static IceCredentials Random(Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        return new IceCredentials(Letters(entropy, 8), Letters(entropy, 24));
    }

    /// <summary>Reads what the other end said; null when a part is malformed (RFC 8839 §5.4).</summary>
    public static bool TryRead(string? fragment, string? password, [NotNullWhen(true)] out IceCredentials? credentials)
    {
        credentials = fragment is { Length: >= 4 and <= 256 } && password is { Length: >= 22 and <= 256 } && AreIceChars(fragment) && AreIceChars(password)
            ? new IceCredentials(fragment, password)
            : null;
        return credentials is not null;
    }

    /// <summary>Never the password.</summary>
    public override string ToString() => Fragment;

    internal static bool AreIceChars(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('+' or '/'))
                return false;
        }

        return true;
    }

    private static string Letters(Entropy entropy, int count)
    {
        Span<byte> bytes = stackalloc byte[count];
        entropy.Fill(bytes);
        Span<char> letters = stackalloc char[count];
        for (var i = 0; i < count; i++)
            letters[i] = Alphabet[bytes[i] & 63];
        return new string(letters);
    }
}
