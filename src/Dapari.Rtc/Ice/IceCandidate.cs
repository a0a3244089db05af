using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dapari.Rtc.Ice;

/// <summary>One address of an end, as it is told to the other (RFC 8839 §5.1, RFC 6544 §4.5). Component 1.</summary>
/// <param name="Foundation">Equal for candidates whose checks will go alike; 1 to 32 ice-chars.</param>
/// <param name="Priority">1 to 2^31 - 1.</param>
/// <param name="Address">Where to; none while <see cref="Name"/> is to be resolved.</param>
/// <param name="Type">How it was learned.</param>
public sealed record IceCandidate(string Foundation, uint Priority, Endpoint Address, CandidateType Type)
{
    /// <summary>A longer line is no candidate.</summary>
    public const int LongestLine = 512;

    private static readonly SearchValues<char> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    private static readonly SearchValues<char> QuadLetters = SearchValues.Create("0123456789.");

    /// <summary>An mDNS name in place of a host's address (draft-ietf-mmusic-mdns-ice-candidates), lower case; null when the address is told.</summary>
    public string? Name { get; init; }

    /// <summary>The port that goes with <see cref="Name"/>.</summary>
    public ushort NamePort { get; init; }

    /// <summary>The base or mapped address, for information only; none when it is not told.</summary>
    public Endpoint Related { get; init; }

    /// <summary>Of TCP: which end of the connection it is. <see cref="Address"/> is then one of TCP.</summary>
    public IceTcpType Tcp { get; init; }

    /// <summary>The session that it belongs to, if its line says so.</summary>
    public string? Fragment { get; init; }

    /// <summary>
    /// Reads <c>candidate:…</c>, with or without <c>a=</c> before it. Other components and transports, unknown types and malformed lines are not read;
    /// unknown extensions are passed over (RFC 8839 §5.1).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out IceCandidate? candidate)
    {
        candidate = null;
        if (line.StartsWith("a=", StringComparison.Ordinal))
            line = line[2..];
        if (line.Length > LongestLine || !line.StartsWith("candidate:", StringComparison.Ordinal))
            return false;
        Span<Range> parts = stackalloc Range[40];
        line = line["candidate:".Length..].TrimEnd("\r\n ");
        var count = line.Split(parts, ' ', StringSplitOptions.None);
        if (count < 8 || count == parts.Length)
            return false;
        var foundation = line[parts[0]];
        if (foundation.Length is 0 or > 32 || !IceCredentials.AreIceChars(foundation) || !line[parts[1]].SequenceEqual("1")
            || TransportOf(line[parts[2]]) is not { } isTcp
            || !uint.TryParse(line[parts[3]], NumberStyles.None, CultureInfo.InvariantCulture, out var priority) || priority is 0 or > int.MaxValue
            || !ushort.TryParse(line[parts[5]], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0
            || !line[parts[6]].SequenceEqual("typ") || TypeOf(line[parts[7]]) is not { } type)
            return false;
        string? name = null;
        if (!TryReadAddress(line[parts[4]], port, out var address))
        {
            if (type != CandidateType.Host || !IsLocalName(line[parts[4]]))
                return false;
            name = line[parts[4]].ToString().ToLowerInvariant();
        }

        ReadOnlySpan<char> related = default, fragment = default;
        var tcp = IceTcpType.None;
        ushort relatedPort = 0;
        for (var i = 8; i + 1 < count; i += 2)
        {
            var value = line[parts[i + 1]];
            switch (line[parts[i]])
            {
                case "raddr":
                    related = value;
                    break;
                case "rport" when !ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out relatedPort):
                    return false;
                case "ufrag":
                    fragment = value;
                    break;
                case "tcptype":
                    tcp = TcpTypeOf(value);
                    break;
            }
        }

        if (fragment.Length > 256 || isTcp != (tcp != IceTcpType.None))
            return false;
        candidate = new IceCandidate(foundation.ToString(), priority, isTcp ? address.AsTcp() : address, type)
        {
            Name = name,
            NamePort = name is null ? (ushort)0 : port,
            Related = TryReadAddress(related, relatedPort, out var base1) ? base1 : default,
            Fragment = fragment.IsEmpty ? null : fragment.ToString(),
            Tcp = tcp,
        };
        return true;
    }

    /// <summary>The same with the address that its name was found to have.</summary>
    public IceCandidate Resolved(Endpoint address) => this with { Address = Tcp == IceTcpType.None ? address.WithPort(NamePort) : address.WithPort(NamePort).AsTcp(), Name = null, NamePort = 0 };

    /// <summary><c>candidate:…</c>, as an SDP attribute's value or a trickled line.</summary>
    public override string ToString()
    {
        var place = Name is null ? $"{Address.ToIPAddress()} {Address.Port}" : string.Create(CultureInfo.InvariantCulture, $"{Name} {NamePort}");
        var line = string.Create(CultureInfo.InvariantCulture, $"candidate:{Foundation} 1 {(Tcp == IceTcpType.None ? "udp" : "tcp")} {Priority} {place} typ {Word(Type)}");
        // RFC 8839 §5.1: raddr and rport must be there for all but host candidates; 0.0.0.0 and 9 hide them.
        if (Type != CandidateType.Host)
            line += Related.IsNone ? " raddr 0.0.0.0 rport 9" : string.Create(CultureInfo.InvariantCulture, $" raddr {Related.ToIPAddress()} rport {Related.Port}");
        if (Tcp != IceTcpType.None)
            line += Tcp == IceTcpType.Active ? " tcptype active" : " tcptype passive";
        return Fragment is null ? line : line + " ufrag " + Fragment;
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, ushort port, out Endpoint endpoint)
    {
        endpoint = default;
        // Of all that the framework takes for an IPv4 address ("1", "0x7f.1") only dotted quads are meant.
        if (text.IsEmpty || text.Length > 45 || text.Contains('%') || text.Contains('[') || !System.Net.IPAddress.TryParse(text, out var address)
            || (!text.Contains(':') && (text.Count('.') != 3 || text.ContainsAnyExcept(QuadLetters))))
            return false;
        endpoint = Endpoint.From(address, port);
        return true;
    }

    // A version 4 UUID and .local in practice; nothing else is ever asked of the network on a stranger's word.
    private static bool IsLocalName(ReadOnlySpan<char> text) =>
        text.EndsWith(".local", StringComparison.OrdinalIgnoreCase) && text.Length is > 6 and <= 6 + 63 && !text[..^6].ContainsAnyExcept(NameLetters);

    private static bool? TransportOf(ReadOnlySpan<char> word) =>
        word.Equals("udp", StringComparison.OrdinalIgnoreCase) ? false : word.Equals("tcp", StringComparison.OrdinalIgnoreCase) ? true : null;

    private static IceTcpType TcpTypeOf(ReadOnlySpan<char> word) => word switch
    {
        "active" => IceTcpType.Active,
        "passive" => IceTcpType.Passive,
        _ => IceTcpType.None,
    };

    private static CandidateType? TypeOf(ReadOnlySpan<char> word) => word switch
    {
        "host" => CandidateType.Host,
        "srflx" => CandidateType.ServerReflexive,
        "prflx" => CandidateType.PeerReflexive,
        "relay" => CandidateType.Relayed,
        _ => null,
    };

    private static string Word(CandidateType type) => type switch
    {
        CandidateType.Host => "host",
        CandidateType.ServerReflexive => "srflx",
        CandidateType.PeerReflexive => "prflx",
        _ => "relay",
    };
}
