using System.Globalization;
using System.Net;
using Dapari.Relay.Peers;
using Dapari.Server.Relays;

namespace Dapari.Server.Options;

/// <summary>The settings of the relay; "dapari-server relay" takes these alone, with those of the certificate.</summary>
internal static class RelaySettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<bool>("relay", "on|off", "off: no STUN and TURN relay in this process", OnOff, (o, v) => With(o, r => r with { On = v })),
        Settings.Count("relay-port", "its port, UDP and TCP (default 3478)", 0, 65_535, (o, v) => With(o, r => r with { Port = v })),
        Settings.Count("relay-tls-port", "TURN over TLS of a relay that runs alone (default 5349); a server shares its HTTPS port", 0, 65_535,
            (o, v) => With(o, r => r with { TlsPort = v })),
        Settings.List<IPAddress>("relay-listen", "ADDRESS", "an address of this machine to listen at (default: all)", Address, (o, v) => With(o, r => r with { Addresses = v })),
        Settings.List<IPAddress>("relay-external", "ADDRESS", "this machine's address as seen from outside, where a NAT stands before it (one of each family)", Address,
            (o, v) => With(o, r => r with { External = v })),
        Settings.One<(int, int)>("relay-ports", "LOW-HIGH", "the UDP ports that it lends (default 49152-65535)", Ports, (o, v) => With(o, r => r with { Ports = v })),
        Settings.List<IpRange>("relay-allow", "ADDRESS[/BITS]", "peers that it may send to although they are private or this machine's own", Range,
            (o, v) => With(o, r => r with { Allowed = v })),
        Settings.List<IpRange>("relay-refuse", "ADDRESS[/BITS]", "peers that it never sends to", Range, (o, v) => With(o, r => r with { Refused = v })),
        Settings.One<long>("relay-bytes", "BYTES|off", "what it carries for one device each second and way (default 8M)", Bytes, (o, v) => With(o, r => r with { BytesPerSecond = v })),
        Settings.Count("relay-allocations", "allocations at most (default 4096)", 1, 65_536, (o, v) => With(o, r => r with { Allocations = v })),
        Settings.Text("relay-secret", "FILE", "the keys of its credentials, shared with a server or relay on another machine (default: made in the data folder)",
            (o, v) => With(o, r => r with { SecretFile = Path.GetFullPath(v) })),
        Settings.List<string>("relay-url", "URL", "another machine's relay with the same keys, told to devices instead of this one (turn:host:3478?transport=udp)", Url,
            (o, v) => With(o, r => r with { Urls = v })),
    ];

    private static ServerOptions With(ServerOptions options, Func<RelayServing, RelayServing> change) => options with { Relay = change(options.Relay) };

    private static bool OnOff(string text, out bool on)
    {
        on = text == "on";
        return text is "on" or "off";
    }

    private static bool Address(string text, out IPAddress value)
    {
        var ok = IPAddress.TryParse(text, out var address);
        value = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None;
        return ok;
    }

    private static bool Range(string text, out IpRange value) => IpRange.TryParse(text, out value);

    private static bool Ports(string text, out (int, int) value)
    {
        value = default;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !int.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            || !int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var high))
            return false;
        value = (low, high);
        return true;
    }

    private static bool Bytes(string text, out long value)
    {
        value = 0;
        return text == "off" || Settings.Size(text, out value);
    }

    /// <summary>RFC 7065 §3.1, as far as needed to tell it from a web address or a plain name.</summary>
    private static bool Url(string text, out string value)
    {
        value = text;
        return text.Length <= Wire.WireLimits.IceServerTextBytes && !text.Any(c => c is <= ' ' or > '~')
            && (text.StartsWith("turn:", StringComparison.Ordinal) || text.StartsWith("turns:", StringComparison.Ordinal)) && !text.Contains('/', StringComparison.Ordinal);
    }
}
