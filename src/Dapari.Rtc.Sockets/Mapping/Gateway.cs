using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>A router of this machine's, and the address that this machine has towards it.</summary>
/// <param name="Address">The router's; of IPv6 mostly link-local, with its scope.</param>
/// <param name="Local">This machine's, of the same family.</param>
public sealed record Gateway(IPAddress Address, IPAddress Local)
{
    /// <summary>So many are asked; of a machine with more, the first ones.</summary>
    public const int Most = 8;

    /// <summary>The routers of all interfaces. Of IPv6 one for each address that means something outside.</summary>
    public static IReadOnlyList<Gateway> All()
    {
        var found = new List<Gateway>();
        try
        {
            foreach (var face in NetworkInterface.GetAllNetworkInterfaces())
            {
                // Whether a link is up is known a second late; one without a route has no router.
                if (face.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                    continue;
                var properties = face.GetIPProperties();
                foreach (var router in properties.GatewayAddresses.Select(one => one.Address))
                    found.AddRange(LocalsOf(properties, router).Select(local => new Gateway(router, local)));
            }
        }
        catch (NetworkInformationException)
        {
            // The system did not say all: what it said counts.
        }

        return [.. found.Distinct().Take(Most)];
    }

    private static IEnumerable<IPAddress> LocalsOf(IPInterfaceProperties properties, IPAddress router)
    {
        if (router.Equals(IPAddress.Any) || router.Equals(IPAddress.IPv6Any))
            return [];
        var own = properties.UnicastAddresses.Where(one => one.Address.AddressFamily == router.AddressFamily).ToList();
        if (router.AddressFamily == AddressFamily.InterNetworkV6)
            // RFC 4291 §2.4: global unicast as it is given out, 2000::/3.
            return own.Where(one => (one.Address.GetAddressBytes()[0] & 0xE0) == 0x20).Select(one => one.Address);
        return own.OrderByDescending(one => new IPNetwork(Masked(one.Address, one.PrefixLength), one.PrefixLength).Contains(router)).Select(one => one.Address).Take(1);
    }

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefix - (8 * i), 0, 8);
            bytes[i] &= (byte)((0xFF << (8 - kept)) & 0xFF);
        }

        return new IPAddress(bytes);
    }
}
