using System.Buffers.Text;

namespace Dapari.Web.State;

/// <summary>A safety number for eyes and for a camera. Both people read the same digits; each shows a code of their own.</summary>
public static class SafetyNumber
{
    /// <summary>Digits in a group.</summary>
    public const int GroupLength = 5;

    private const int HeadLength = 4;

    /// <summary>Twelve groups of five digits.</summary>
    public static string[] Groups(string digits) => [.. digits.Chunk(GroupLength).Select(g => new string(g))];

    /// <summary>What the QR code carries: a prefix, so that another code is told apart, and base64url.</summary>
    public static string Code(ReadOnlySpan<byte> code) => "dapari-safety:" + Base64Url.EncodeToString(code);

    /// <summary>
    /// Whether a scanned text is the other's code of this conversation. A code names who shows it first and the other second, so theirs is ours with its
    /// two hashes exchanged; our own, seen in a mirror or on another of our screens, proves nothing. Neither is secret, so plain comparison does.
    /// </summary>
    /// <param name="scanned">The text, as the camera gave it.</param>
    /// <param name="ours">Our own code: magic and version (4 bytes), two hashes of the same length.</param>
    public static bool IsTheirs(string scanned, ReadOnlySpan<byte> ours)
    {
        var hash = (ours.Length - HeadLength) / 2;
        if (hash <= 0 || ours.Length != HeadLength + 2 * hash)
            return false;
        byte[] theirs = [.. ours[..HeadLength], .. ours[(HeadLength + hash)..], .. ours.Slice(HeadLength, hash)];
        return string.Equals(scanned.Trim(), Code(theirs), StringComparison.Ordinal);
    }
}
