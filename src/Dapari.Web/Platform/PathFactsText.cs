using System.Globalization;
using System.Net;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>Judges the settled pair, as path.js reads it: "local type|address|remote type|address|round-trip seconds".</summary>
internal static class PathFactsText
{
    private const string Host = "host";
    private const string Relay = "relay";
    private const int IPv4Length = 4;

    // RFC 8445 §7.3.1.3: what a check came from before its candidate was told, or could be resolved (.local names).
    private const string Reflexive = "prflx";

    /// <summary>The facts; what cannot be read gives unknown ones.</summary>
    public static PathFacts Read(string facts)
    {
        var parts = facts.Split('|');
        if (parts.Length != 5) return default;
        var (local, localAddress, remote, remoteAddress) = (parts[0], parts[1], parts[2], parts[3]);
        var network = local == Relay || remote == Relay ? Network.Relayed
            : local == Host && remote is (Host or Reflexive) && !AreApart(localAddress, remote, remoteAddress) ? Network.Same
            : Network.Internet;
        var seconds = double.TryParse(parts[4], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;
        return new PathFacts(network, seconds > 0 ? (uint)Math.Clamp(Math.Round(seconds * 1000), 1, 60_000) : 0);
    }

    // A local host candidate in a settled pair means that no NAT changed our address (RFC 8445 §7.2.5.3.1). Browsers hide the address of a
    // peer-reflexive candidate; where it is told it must be private. The other end judges too, and the farther of both counts.
    private static bool AreApart(string localAddress, string remote, string remoteAddress)
    {
        if (!IPAddress.TryParse(remoteAddress, out var there) || IsPrivate(there)) return false;
        if (!IPAddress.TryParse(localAddress, out var here)) return remote == Reflexive;

        // Both have global addresses: the first 64 bits of IPv6 (RFC 4291 §2.5.4) tell whether they share a network; of IPv4, in practice, the first 24.
        var (ours, theirs) = (here.GetAddressBytes(), there.GetAddressBytes());
        var prefix = ours.Length == IPv4Length ? 3 : 8;
        return ours.Length != theirs.Length || !ours.AsSpan(0, prefix).SequenceEqual(theirs.AsSpan(0, prefix));
    }

    private static bool IsPrivate(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        return IPAddress.IsLoopback(plain) || (bytes.Length != IPv4Length
            ? plain.IsIPv6LinkLocal || (bytes[0] & 0xFE) == 0xFC // RFC 4193 §3.1
            : bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) || (bytes[0] == 192 && bytes[1] == 168) // RFC 1918 §3
                || (bytes[0] == 169 && bytes[1] == 254)); // RFC 3927 §2.1
    }
}
