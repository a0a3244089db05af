using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dapari.Wire;

namespace Dapari.Peer.Calls;

/// <summary>A candidate line as far as it must be judged here (RFC 8839 §5.1): of which kind it is, and what else it tells.</summary>
internal sealed class IceCandidate
{
    // "candidate:" foundation, component, transport, priority, address, port, "typ", kind, then pairs.
    private const int FixedParts = 8;
    private const int MaxParts = 64;

    private readonly string[] _parts;

    private IceCandidate(string[] parts) => _parts = parts;

    /// <summary>Goes by a relay: tells the relay's address and not the device's.</summary>
    public bool IsRelayed => _parts[7] == "relay";

    public static bool TryRead(string line, [NotNullWhen(true)] out IceCandidate? candidate)
    {
        candidate = null;
        if (line.Length > WireLimits.CandidateBytes || !line.StartsWith("candidate:", StringComparison.Ordinal) || line.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return false;
        var parts = line.Split(' ');
        if (parts.Length is < FixedParts or > MaxParts || parts.Length % 2 != 0 || parts.Any(part => part.Length == 0) || parts[6] != "typ"
            || !ushort.TryParse(parts[5], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            || !uint.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return false;
        candidate = new IceCandidate(parts);
        return true;
    }

    /// <summary>Without the address behind it: RFC 8839 §5.1 lets one who hides it write 0.0.0.0 and 0 (§9.2 of RFC 8828 tells why).</summary>
    public string WithoutRelatedAddress()
    {
        var parts = (string[])_parts.Clone();
        for (var i = FixedParts; i + 1 < parts.Length; i += 2)
        {
            if (parts[i] == "raddr")
                parts[i + 1] = parts[i + 1].Contains(':', StringComparison.Ordinal) ? "::" : "0.0.0.0";
            else if (parts[i] == "rport")
                parts[i + 1] = "0";
        }

        return string.Join(' ', parts);
    }
}
