using System.Globalization;
using System.Text;

namespace Dapari.Rtc.Sdp;

/// <summary>Writes a description as browsers take it (RFC 8829 §5.2, RFC 8841).</summary>
public static class SdpWriter
{
    /// <summary>The text, with line ends of two characters.</summary>
    /// <param name="description">What to say.</param>
    /// <param name="sessionId">RFC 8829 §5.2.1: at random, below 2^63; the same for all descriptions of a session.</param>
    /// <param name="version">One more for each description that differs from the one before.</param>
    public static string Write(SessionDescription description, ulong sessionId, int version)
    {
        ArgumentNullException.ThrowIfNull(description);
        var text = new StringBuilder(1024);
        Line(text, "v=0");
        Line(text, string.Create(CultureInfo.InvariantCulture, $"o=- {sessionId & long.MaxValue} {version} IN IP4 127.0.0.1"));
        Line(text, "s=-");
        Line(text, "t=0 0");
        Line(text, "a=group:BUNDLE " + description.Mid);
        // RFC 8829 §5.2.1: port 9 and no address; candidates tell where.
        Line(text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
        Line(text, "c=IN IP4 0.0.0.0");
        foreach (var candidate in description.Candidates)
            Line(text, "a=" + candidate);
        if (description.EndOfCandidates)
            Line(text, "a=end-of-candidates");
        Line(text, "a=ice-ufrag:" + description.Ice.Fragment);
        Line(text, "a=ice-pwd:" + description.Ice.Password);
        Line(text, "a=ice-options:trickle");
        Line(text, "a=fingerprint:sha-256 " + description.Fingerprint);
        Line(text, "a=setup:" + Word(description.Setup));
        Line(text, "a=mid:" + description.Mid);
        Line(text, string.Create(CultureInfo.InvariantCulture, $"a=sctp-port:{description.SctpPort}"));
        Line(text, string.Create(CultureInfo.InvariantCulture, $"a=max-message-size:{description.MaxMessageSize}"));
        return text.ToString();
    }

    internal static string Word(SetupRole setup) => setup switch
    {
        SetupRole.Active => "active",
        SetupRole.Passive => "passive",
        _ => "actpass",
    };

    private static void Line(StringBuilder text, string line) => text.Append(line).Append("\r\n");
}
