using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace Dapari.Wire;

/// <summary>
/// A server's origin in its one normal form: <c>https://host[:port]</c>, lower case, without the default port, path, user or query.
/// <c>http</c> is allowed only where a certificate cannot be had: loopback, private addresses and local names.
/// </summary>
/// <remarks>Hosts are IPv4 in dotted form, IPv6 in brackets, or ASCII names (an international name in its <c>xn--</c> form).</remarks>
public readonly record struct Origin
{
    private readonly string? _host;
    private readonly bool _secure;

    private Origin(bool secure, string host)
    {
        _secure = secure;
        _host = host;
    }

    /// <summary>The normal form, for example <c>https://example.org</c>.</summary>
    public string Value => (_secure ? "https://" : "http://") + Host;

    /// <summary>What the HTTP <c>Host</c> header says: the host, with the port unless it is the default. Signed in proofs.</summary>
    public string Host => _host ?? "";

    /// <summary>Whether the connection is by TLS.</summary>
    public bool IsSecure => _secure;

    /// <summary>Where the WebSocket is: <c>wss://host/ws</c>, or <c>ws://</c> without TLS.</summary>
    public string WebSocketUrl => (_secure ? "wss://" : "ws://") + Host + "/ws";

    /// <summary>Reads an origin as a person or a peer wrote it; a single final slash is allowed.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Origin origin)
    {
        origin = default;
        if (text is null || text.Length > WireLimits.OriginBytes)
            return false;

        var secure = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!secure && !text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return false;

        var authority = text.AsSpan(secure ? 8 : 7);
        if (authority.EndsWith("/", StringComparison.Ordinal))
            authority = authority[..^1];
        if (!TrySplit(authority, out var hostText, out var port) || !TryNormalizeHost(hostText, out var host, out var isLocal))
            return false;
        if (!secure && !isLocal)
            return false;

        var shown = port is null || port == (secure ? 443 : 80) ? host : host + ":" + port.Value.ToString(CultureInfo.InvariantCulture);
        if (shown.Length + 8 > WireLimits.OriginBytes)
            return false;
        origin = new Origin(secure, shown);
        return true;
    }

    /// <summary>Whether the text is an origin in its normal form already: the only form that is accepted from other peers.</summary>
    public static bool IsNormal([NotNullWhen(true)] string? text) => TryParse(text, out var origin) && origin.Value == text;

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool TrySplit(ReadOnlySpan<char> authority, out ReadOnlySpan<char> host, out int? port)
    {
        port = null;
        host = authority;
        var bracket = authority.LastIndexOf(']');
        var colon = authority.LastIndexOf(':');
        if (colon <= bracket)
            return true;

        host = authority[..colon];
        var digits = authority[(colon + 1)..];
        if (digits.Length is 0 or > 5 || digits.ContainsAnyExceptInRange('0', '9') || (digits[0] == '0'))
            return false;
        port = int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return port <= 65535;
    }

    private static bool TryNormalizeHost(ReadOnlySpan<char> text, out string host, out bool isLocal)
    {
        isLocal = false;
        host = "";
        if (text.Length is 0 or > 253)
            return false;
        if (text[0] == '[')
            return TryNormalizeIPv6(text, out host, out isLocal);

        var lower = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '.'))
                return false;
            lower.Append(char.ToLowerInvariant(letter));
        }

        host = lower.ToString();
        var labels = host.Split('.');
        foreach (var label in labels)
        {
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-')
                return false;
        }

        // URL Standard, "ends in a number": browsers read such a host as IPv4, so it must be one, in its only canonical form.
        var last = labels[^1];
        if (char.IsAsciiDigit(last[0]) && (!last.AsSpan().ContainsAnyExceptInRange('0', '9') || last.StartsWith("0x", StringComparison.Ordinal)))
        {
            if (!IPAddress.TryParse(host, out var address) || address.ToString() != host)
                return false;
            isLocal = IsLocal(address);
            return true;
        }

        isLocal = last is "localhost" or "local" || host.EndsWith(".home.arpa", StringComparison.Ordinal);
        return true;
    }

    private static bool TryNormalizeIPv6(ReadOnlySpan<char> text, out string host, out bool isLocal)
    {
        host = "";
        isLocal = false;
        if (text.Length < 4 || text[^1] != ']' || text.Contains('%'))
            return false;
        if (!IPAddress.TryParse(text[1..^1], out var address) || address.GetAddressBytes().Length != 16)
            return false;
        isLocal = IsLocal(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        host = "[" + address + "]";
        return true;
    }

    /// <summary>RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5: addresses that no public authority certifies.</summary>
    private static bool IsLocal(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return true;
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254)
            : (bytes[0] & 0xFE) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80);
    }
}
