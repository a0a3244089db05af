using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;

namespace Dapari.Rtc.Sdp;

/// <summary>Why a text is no description of data channels.</summary>
public enum SdpFault
{
    /// <summary>It is one.</summary>
    None = 0,

    /// <summary>Longer than the longest, too many lines, or a line that is too long.</summary>
    TooLong,

    /// <summary>A line without a letter and an equals sign, or the text does not begin with <c>v=0</c>.</summary>
    Malformed,

    /// <summary>No media section for data channels, a refused one, or others besides it.</summary>
    Media,

    /// <summary>Name or password is missing or malformed.</summary>
    Ice,

    /// <summary>No fingerprint by SHA-256.</summary>
    Fingerprint,

    /// <summary>No known role.</summary>
    Setup,

    /// <summary>A number is malformed.</summary>
    Number,
}

/// <summary>Reads what the other end wrote: hostile text within caps. Unknown lines and candidates of other kinds are passed over (RFC 8866 §5).</summary>
public static class SdpReader
{
    /// <summary>Characters of a text.</summary>
    public const int LongestText = 64 << 10;

    /// <summary>Lines of a text.</summary>
    public const int MostLines = 512;

    /// <summary>Characters of a line.</summary>
    public const int LongestLine = 1_024;

    /// <summary>Candidates that are kept; more are passed over.</summary>
    public const int MostCandidates = 64;

    /// <summary>Reads it.</summary>
    /// <param name="text">The description; lines end with one or two characters.</param>
    /// <param name="description">What it says, when there is no fault.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryRead(ReadOnlySpan<char> text, [NotNullWhen(true)] out SessionDescription? description, out SdpFault fault)
    {
        description = null;
        if (text.Length > LongestText)
        {
            fault = SdpFault.TooLong;
            return false;
        }

        var draft = new Draft();
        var lines = 0;
        foreach (var raw in text.EnumerateLines())
        {
            var line = raw.TrimEnd(' ');
            if (line.IsEmpty)
                continue;
            if (++lines > MostLines || line.Length > LongestLine)
            {
                fault = SdpFault.TooLong;
                return false;
            }

            if (line.Length < 2 || line[1] != '=' || (lines == 1 && !line.SequenceEqual("v=0")))
            {
                fault = SdpFault.Malformed;
                return false;
            }

            fault = line[0] switch
            {
                'm' => draft.Media(line[2..]),
                'a' => draft.Attribute(line[2..]),
                _ => SdpFault.None,
            };
            if (fault != SdpFault.None)
                return false;
        }

        fault = draft.Finish(out description);
        return description is not null;
    }

    private sealed class Draft
    {
        private readonly List<IceCandidate> _candidates = [];
        private string? _fragment;
        private string? _password;
        private DtlsFingerprint? _fingerprint;
        private SetupRole? _setup;
        private string? _mid;
        private ushort _port = 5000;
        private long _longest = 64 << 10; // RFC 8841 §6.1: when nothing is said
        private bool _hasMedia;
        private bool _ended;

        public SdpFault Media(ReadOnlySpan<char> value)
        {
            Span<Range> parts = stackalloc Range[5];
            var count = value.Split(parts, ' ');
            if (_hasMedia || count != 4 || !value[parts[0]].SequenceEqual("application") || value[parts[1]].SequenceEqual("0")
                || !(value[parts[2]].SequenceEqual("UDP/DTLS/SCTP") || value[parts[2]].SequenceEqual("TCP/DTLS/SCTP")) || !value[parts[3]].SequenceEqual("webrtc-datachannel"))
                return SdpFault.Media;
            _hasMedia = true;
            return SdpFault.None;
        }

        // What stands before the media section counts for it too, unless it says otherwise.
        public SdpFault Attribute(ReadOnlySpan<char> line)
        {
            var colon = line.IndexOf(':');
            var name = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? default : line[(colon + 1)..];
            switch (name)
            {
                case "ice-ufrag":
                    _fragment = value.ToString();
                    break;
                case "ice-pwd":
                    _password = value.ToString();
                    break;
                case "fingerprint":
                    // Other hashes may stand beside it (RFC 8122 §5).
                    if (value.StartsWith("sha-256 ", StringComparison.OrdinalIgnoreCase))
                    {
                        if (!DtlsFingerprint.TryParse(value[8..], out var read) || (_fingerprint is not null && !_fingerprint.Equals(read)))
                            return SdpFault.Fingerprint;
                        _fingerprint = read;
                    }

                    break;
                case "setup":
                    _setup = value switch
                    {
                        "actpass" => SetupRole.ActPass,
                        "active" => SetupRole.Active,
                        "passive" => SetupRole.Passive,
                        _ => null,
                    };
                    return _setup is null ? SdpFault.Setup : SdpFault.None;
                case "mid":
                    if (value.Length is 0 or > 64 || value.ContainsAnyExceptInRange('!', '~'))
                        return SdpFault.Malformed;
                    _mid = value.ToString();
                    break;
                case "sctp-port":
                    return ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _port) && _port > 0 ? SdpFault.None : SdpFault.Number;
                case "max-message-size":
                    return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _longest) ? SdpFault.None : SdpFault.Number;
                case "candidate":
                    if (_candidates.Count < MostCandidates && IceCandidate.TryParse(line, out var candidate))
                        _candidates.Add(candidate);
                    break;
                case "end-of-candidates":
                    _ended = true;
                    break;
            }

            return SdpFault.None;
        }

        public SdpFault Finish(out SessionDescription? description)
        {
            description = null;
            if (!_hasMedia)
                return SdpFault.Media;
            if (!IceCredentials.TryRead(_fragment, _password, out var ice))
                return SdpFault.Ice;
            if (_fingerprint is null)
                return SdpFault.Fingerprint;
            if (_setup is not { } setup)
                return SdpFault.Setup;
            description = new SessionDescription(ice, _fingerprint, setup)
            {
                SctpPort = _port,
                MaxMessageSize = _longest,
                Mid = _mid ?? "0",
                Candidates = _candidates,
                EndOfCandidates = _ended,
            };
            return SdpFault.None;
        }
    }
}
