using System.Buffers.Text;

namespace Dapari.Web.State;

/// <summary>A safety number for eyes and for a camera. Both people read the same digits; each shows a code of their own.</summary>
public static class SafetyNumber
{
    /// <summary>Digits in a group.</summary>
    public const int GroupLength = 5;

    private const string Prefix = "dapari-safety:";

    private const int HeadLength = 4;

    /// <summary>Twelve groups of five digits.</summary>
    public static string[] Groups(string digits) => [.. digits.Chunk(GroupLength).Select(g => new string(g))];

    /// <summary>What the QR code carries: a prefix, so that another code is told apart, and base64url.</summary>
    public static string Code(ReadOnlySpan<byte> code) => Prefix + Base64Url.EncodeToString(code);

    /// <summary>
    /// What a scanned text is in this conversation. A code names who shows it first and the other second, so theirs is ours with its two hashes exchanged;
    /// our own, seen in a mirror or on another of our screens, proves nothing. Neither is secret, so plain comparison does.
    /// </summary>
    /// <param name="scanned">The text, as the camera gave it.</param>
    /// <param name="ours">Our own code: magic and version (4 bytes), two hashes of the same length.</param>
    public static ScannedCode Judge(string scanned, ReadOnlySpan<byte> ours)
    {
        scanned = scanned.Trim();
        if (!scanned.StartsWith(Prefix, StringComparison.Ordinal))
            return ScannedCode.NoSafetyCode;
        var hash = (ours.Length - HeadLength) / 2;
        if (hash <= 0 || ours.Length != HeadLength + 2 * hash)
            return ScannedCode.Different;
        byte[] theirs = [.. ours[..HeadLength], .. ours[(HeadLength + hash)..], .. ours.Slice(HeadLength, hash)];
        if (string.Equals(scanned, Code(theirs), StringComparison.Ordinal))
            return ScannedCode.Theirs;
        return string.Equals(scanned, Code(ours), StringComparison.Ordinal) ? ScannedCode.OurOwn : ScannedCode.Different;
    }
}

/// <summary>What a scanned text is in a conversation.</summary>
public enum ScannedCode
{
    /// <summary>The other's code: both hold the same keys.</summary>
    Theirs,

    /// <summary>A safety code of other keys.</summary>
    Different,

    /// <summary>The code that this device itself shows.</summary>
    OurOwn,

    /// <summary>Something else that was in the camera's sight: it says nothing of the keys.</summary>
    NoSafetyCode,
}
