using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Dapari.Wire;

/// <summary>
/// A share's link: <c>https://host/s#SECRET</c> (docs/protocol/shares.md). The secret is base64url without padding (RFC 4648 §5) and in the fragment,
/// which no browser sends to the server.
/// </summary>
public static class ShareLink
{
    /// <summary>A secret, in bytes.</summary>
    public const int SecretBytes = 16;

    private const int SecretLetters = 22;

    /// <summary>Reads a link as it was pasted; white space around it and a query (which some programs add) are ignored. False: it is no link of a share.</summary>
    public static bool TryParse(string? text, out Origin origin, [NotNullWhen(true)] out byte[]? secret)
    {
        origin = default;
        secret = null;
        if (text is null || text.Length > WireLimits.InviteLinkLength)
            return false;
        var link = text.AsSpan().Trim();
        var scheme = link.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return false;
        var rest = link[(scheme + 3)..];
        var slash = rest.IndexOfAny('/', '?', '#');
        if (slash < 0 || !Origin.TryParse(link[..(scheme + 3 + slash)].ToString(), out var parsed))
            return false;
        rest = rest[slash..];
        var hash = rest.IndexOf('#');
        if (hash < 0)
            return false;
        var path = rest[..hash];
        var query = path.IndexOf('?');
        if (query >= 0)
            path = path[..query];
        if (path is not ("/s" or "/s/") || !TryDecode(rest[(hash + 1)..], out secret))
            return false;
        origin = parsed;
        return true;
    }

    /// <summary>Writes a link.</summary>
    /// <exception cref="ArgumentException">The secret has not <see cref="SecretBytes"/> bytes.</exception>
    public static string Format(Origin origin, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretBytes)
            throw new ArgumentException("A share's secret has another length.", nameof(secret));
        return origin.Value + "/s#" + Base64Url.EncodeToString(secret);
    }

    private static bool TryDecode(ReadOnlySpan<char> letters, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        // RFC 4648 §3.5: the four bits beyond the last byte must be zero, so that a secret has one link only.
        if (letters.Length != SecretLetters || letters[^1] is not ('A' or 'Q' or 'g' or 'w'))
            return false;
        foreach (var letter in letters)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_'))
                return false;
        }

        var bytes = new byte[SecretBytes];
        if (!Base64Url.TryDecodeFromChars(letters, bytes, out var written) || written != bytes.Length)
            return false;
        secret = bytes;
        return true;
    }
}
