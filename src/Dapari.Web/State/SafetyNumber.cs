using System.Buffers.Text;

namespace Dapari.Web.State;

/// <summary>A safety number for eyes and for a camera. Both people see the same: it is derived from both identities.</summary>
public static class SafetyNumber
{
    /// <summary>Digits in a group.</summary>
    public const int GroupLength = 5;

    /// <summary>Twelve groups of five digits.</summary>
    public static string[] Groups(string digits) => [.. digits.Chunk(GroupLength).Select(g => new string(g))];

    /// <summary>What the QR code carries: a prefix, so that another code is told apart, and base64url.</summary>
    public static string Code(ReadOnlySpan<byte> code) => "dapari-safety:" + Base64Url.EncodeToString(code);

    /// <summary>Whether a scanned code is ours. Neither is secret, so plain comparison does.</summary>
    public static bool SameCode(string scanned, string ours) => ours.Length > "dapari-safety:".Length && string.Equals(scanned.Trim(), ours, StringComparison.Ordinal);
}
