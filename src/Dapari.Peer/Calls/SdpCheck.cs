using System.Diagnostics.CodeAnalysis;
using System.Text;
using Dapari.Wire;

namespace Dapari.Peer.Calls;

/// <summary>
/// Looks at a description from the other end before a browser does: its size, its kinds of media, and the one certificate that it binds the
/// connection to. The rest is left to the browser, which gets nothing else. A pure function of a text.
/// </summary>
public static class SdpCheck
{
    /// <summary>Characters of a description: as on the wire.</summary>
    public const int MaxLength = WireLimits.SdpBytes;

    /// <summary>Lines of a description.</summary>
    public const int MaxLines = 1_000;

    /// <summary>Characters of a line.</summary>
    public const int MaxLineLength = 2_048;

    /// <summary>Media sections: sound, picture, screen, and what is left of former ones.</summary>
    public const int MaxMedia = 12;

    /// <summary>Candidates inside a description; most travel alone.</summary>
    public const int MaxCandidates = 64;

    private const int Sha256Length = 32;
    private const string FingerprintLine = "a=fingerprint:";
    private const string CandidateLine = "a=candidate:";

    /// <summary>Reads the fingerprint that a description names, 32 bytes, if it may be used at all.</summary>
    /// <param name="sdp">The description.</param>
    /// <param name="fingerprint">SHA-256 of the certificate that the other end will show.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryRead(string sdp, [NotNullWhen(true)] out byte[]? fingerprint, out SdpFault fault)
    {
        ArgumentNullException.ThrowIfNull(sdp);
        fingerprint = null;
        fault = SdpFault.TooLarge;
        if (sdp.Length > MaxLength)
            return false;
        byte[]? found = null;
        int lines = 0, media = 0, candidates = 0;
        foreach (var line in Lines(sdp))
        {
            fault = Check(line, ++lines, ref media, ref candidates, ref found);
            if (fault != SdpFault.None)
                return false;
        }

        fault = media == 0 ? SdpFault.Media : found is null ? SdpFault.Fingerprint : SdpFault.None;
        fingerprint = fault == SdpFault.None ? found : null;
        return fingerprint is not null;
    }

    /// <summary>The description without the candidates that a judge refuses; the judge gets and may replace each, and says null to refuse.</summary>
    internal static string WithCandidates(string sdp, Func<string, string?> judge)
    {
        if (!sdp.Contains(CandidateLine, StringComparison.Ordinal))
            return sdp;
        var kept = new StringBuilder(sdp.Length);
        foreach (var line in Lines(sdp))
        {
            if (!line.StartsWith(CandidateLine, StringComparison.Ordinal))
                kept.Append(line).Append("\r\n");
            else if (judge(line[2..].ToString()) is { } candidate)
                kept.Append("a=").Append(candidate).Append("\r\n");
        }

        return kept.ToString();
    }

    // RFC 8866 §9: lines end with CRLF, and readers take LF alone; the last one may lack its end.
    private static LineList Lines(string sdp) => new(sdp);

    private static SdpFault Check(ReadOnlySpan<char> line, int number, ref int media, ref int candidates, ref byte[]? found)
    {
        if (number > MaxLines || line.Length > MaxLineLength)
            return SdpFault.TooLarge;
        // RFC 8866 §5: the version comes first, and every line is a letter, an equals sign and its value.
        if (number == 1 ? !line.SequenceEqual("v=0") : line.Length < 2 || line[1] != '=' || !char.IsAsciiLetterLower(line[0]))
            return SdpFault.Malformed;
        if (line.ContainsAnyExceptInRange(' ', '~'))
            return SdpFault.Malformed;
        if (line[0] == 'm')
            return ++media <= MaxMedia && IsKnownMedia(line[2..]) ? SdpFault.None : SdpFault.Media;
        if (line.StartsWith("a=crypto:", StringComparison.Ordinal))
            return SdpFault.Fingerprint;
        if (line.StartsWith(CandidateLine, StringComparison.Ordinal))
            return ++candidates <= MaxCandidates && IceCandidate.TryRead(line[2..].ToString(), out _) ? SdpFault.None : SdpFault.Candidates;
        return line.StartsWith(FingerprintLine, StringComparison.OrdinalIgnoreCase) && !IsSame(line[FingerprintLine.Length..], ref found)
            ? SdpFault.Fingerprint
            : SdpFault.None;
    }

    private static bool IsKnownMedia(ReadOnlySpan<char> media) =>
        media.StartsWith("audio ", StringComparison.Ordinal) || media.StartsWith("video ", StringComparison.Ordinal)
        || media.StartsWith("application ", StringComparison.Ordinal);

    // RFC 8122 §5: a hash's name and its bytes in upper-case hexadecimal pairs with colons.
    private static bool IsSame(ReadOnlySpan<char> value, ref byte[]? found)
    {
        const string Name = "sha-256 ";
        if (!value.StartsWith(Name, StringComparison.OrdinalIgnoreCase))
            return false;
        value = value[Name.Length..];
        if (value.Length != (Sha256Length * 3) - 1)
            return false;
        var bytes = new byte[Sha256Length];
        for (var i = 0; i < Sha256Length; i++)
        {
            if ((i > 0 && value[(i * 3) - 1] != ':') || !char.IsAsciiHexDigit(value[i * 3]) || !char.IsAsciiHexDigit(value[(i * 3) + 1]))
                return false;
            bytes[i] = byte.Parse(value.Slice(i * 3, 2), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);
        }

        if (found is not null && !found.AsSpan().SequenceEqual(bytes))
            return false;
        found = bytes;
        return true;
    }

    private readonly ref struct LineList(string sdp)
    {
        private readonly string _sdp = sdp;

        public Enumerator GetEnumerator() => new(_sdp);

        public ref struct Enumerator(string sdp)
        {
            private ReadOnlySpan<char> _rest = sdp;

            public ReadOnlySpan<char> Current { get; private set; }

            public bool MoveNext()
            {
                if (_rest.IsEmpty)
                    return false;
                var end = _rest.IndexOf('\n');
                var line = end < 0 ? _rest : _rest[..end];
                _rest = end < 0 ? [] : _rest[(end + 1)..];
                Current = line.EndsWith('\r') ? line[..^1] : line;
                return true;
            }
        }
    }
}
