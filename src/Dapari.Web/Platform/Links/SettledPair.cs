using System.Globalization;
using System.Net;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>Judges the candidate pair that a path settled on.</summary>
internal static class SettledPair
{
    /// <summary>
    /// Reads "local type|address|remote type|address|round-trip seconds". Candidate types are RFC 8445's (host, srflx, prflx, relay).
    /// </summary>
    /// <remarks>
    /// A remote host whose address is hidden behind a ".local" name shows up as peer-reflexive once it was heard from: with a host on this
    /// side and a private address on that one it is on the same network all the same.
    /// </remarks>
    public static PathFacts Read(string facts)
    {
        var parts = facts.Split('|');
        if (parts.Length != 5) return new PathFacts(Network.Unspecified, 0);
        var (local, remote) = (parts[0], parts[2]);
        var network = local == "relay" || remote == "relay" ? Network.Relayed
            : local == "host" && (remote == "host" || (remote == "prflx" && IsPrivate(parts[3]))) ? Network.Same
            : local == "prflx" && remote == "host" && IsPrivate(parts[3]) && IsPrivate(parts[1]) ? Network.Same
            : Network.Internet;
        var seconds = double.TryParse(parts[4], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 3600 ? value : 0;
        return new PathFacts(network, (uint)Math.Ceiling(seconds * 1000));
    }

    // RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6, and names of RFC 6762.
    private static bool IsPrivate(string address)
    {
        if (address.Length == 0 || address.EndsWith(".local", StringComparison.OrdinalIgnoreCase)) return true;
        if (!IPAddress.TryParse(address, out var ip)) return false;
        if (ip.IsIPv4MappedToIPv6) ip = ip.MapToIPv4();
        if (IPAddress.IsLoopback(ip)) return true;
        var bytes = ip.GetAddressBytes();
        return bytes.Length == 4
            ? bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254)
            : (bytes[0] & 0xFE) == 0xFC || ip.IsIPv6LinkLocal;
    }
}
