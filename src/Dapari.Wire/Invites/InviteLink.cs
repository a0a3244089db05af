using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Dapari.Wire;

/// <summary>Why a text is not an invite link.</summary>
public enum InviteLinkFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Empty, or longer than <see cref="WireLimits.InviteLinkLength"/>.</summary>
    Length,

    /// <summary>No origin that may be connected to (see <see cref="Origin"/>).</summary>
    Origin,

    /// <summary>The path is not <c>/i</c>.</summary>
    Path,

    /// <summary>The fragment is missing, or is not a secret of <see cref="WireLimits.InviteSecretBytes"/> bytes.</summary>
    Secret,
}

/// <summary>
/// An invite's link: <c>https://host/i#SECRET</c>. The secret is base64url without padding (RFC 4648 §5) and in the fragment, which
/// no browser sends to the server.
/// </summary>
public static class InviteLink
{
    private const int SecretLetters = 22;

    /// <summary>Reads a link as it was pasted or scanned; white space around it and a query (which some programs add) are ignored.</summary>
    public static bool TryParse(string? text, out Origin origin, [NotNullWhen(true)] out byte[]? secret, out InviteLinkFault fault)
    {
        origin = default;
        secret = null;
        fault = InviteLinkFault.Length;
        if (text is null || text.Length > WireLimits.InviteLinkLength * 2)
            return false;
        var link = text.AsSpan().Trim();
        if (link.IsEmpty || link.Length > WireLimits.InviteLinkLength)
            return false;

        fault = InviteLinkFault.Origin;
        var scheme = link.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return false;
        var afterScheme = link[(scheme + 3)..];
        var slash = afterScheme.IndexOfAny('/', '?', '#');
        if (slash < 0 || !Wire.Origin.TryParse(link[..(scheme + 3 + slash)].ToString(), out var parsed))
            return false;

        fault = InviteLinkFault.Path;
        var rest = afterScheme[slash..];
        var hash = rest.IndexOf('#');
        var path = hash < 0 ? rest : rest[..hash];
        var query = path.IndexOf('?');
        if (query >= 0)
            path = path[..query];
        if (path is not ("/i" or "/i/"))
            return false;

        fault = InviteLinkFault.Secret;
        if (hash < 0 || !TryDecode(rest[(hash + 1)..], out secret))
            return false;

        origin = parsed;
        fault = InviteLinkFault.None;
        return true;
    }

    /// <summary>Writes a link.</summary>
    /// <exception cref="ArgumentException">The secret has not <see cref="WireLimits.InviteSecretBytes"/> bytes.</exception>
    public static string Format(Origin origin, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != WireLimits.InviteSecretBytes)
            throw new ArgumentException("An invite's secret has another length.", nameof(secret));
        return origin.Value + "/i#" + Base64Url.EncodeToString(secret);
    }

    private static bool TryDecode(ReadOnlySpan<char> letters, [NotNullWhen(true)] out byte[]? secret)
    {
        secret = null;
        if (letters.Length != SecretLetters)
            return false;
        foreach (var letter in letters)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_'))
                return false;
        }

        // RFC 4648 §3.5: the four bits beyond the last byte must be zero, so that a secret has one link only.
        if (letters[^1] is not ('A' or 'Q' or 'g' or 'w'))
            return false;
        var bytes = new byte[WireLimits.InviteSecretBytes];
        if (!Base64Url.TryDecodeFromChars(letters, bytes, out var written) || written != bytes.Length)
            return false;
        secret = bytes;
        return true;
    }
}
