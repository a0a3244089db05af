using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>An address of this machine, and the largest packet that its interface sends whole, in bytes.</summary>
public readonly record struct LocalAddress(IPAddress Address, int Mtu);

/// <summary>This machine's addresses, as ICE wants them.</summary>
public static class LocalInterfaces
{
    // RFC 8200 §5.
    private const int SmallestMtu = 1_280;

    /// <summary>
    /// All addresses of interfaces that are up: no loopback, no link-local and no temporary use of IPv4's (RFC 8445 §5.1.1.1); of an interface with none but
    /// such, nothing. Where nothing is left, loopback: two peers on a machine without a network still meet.
    /// </summary>
    public static List<LocalAddress> All()
    {
        var found = new List<LocalAddress>();
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown) || network.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                continue;
            var properties = network.GetIPProperties();
            foreach (var one in properties.UnicastAddresses)
            {
                if (IsUsable(one.Address))
                    found.Add(new LocalAddress(one.Address, MtuOf(network, one.Address.AddressFamily)));
            }
        }

        if (found.Count == 0)
            found.Add(new LocalAddress(IPAddress.Loopback, 65_536));
        return found;
    }

    /// <summary>The largest packet of the interface that has an address; 1,280 where nobody says.</summary>
    public static int MtuOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (IPAddress.IsLoopback(address))
            return 65_536;
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.GetIPProperties().UnicastAddresses.Any(one => one.Address.Equals(address)))
                return MtuOf(network, address.AddressFamily);
        }

        return SmallestMtu;
    }

    private static bool IsUsable(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => !IPAddress.IsLoopback(address) && address.GetAddressBytes() is not [169, 254, ..],
        AddressFamily.InterNetworkV6 => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !address.IsIPv6SiteLocal && !address.IsIPv4MappedToIPv6,
        _ => false,
    };

    private static int MtuOf(NetworkInterface network, AddressFamily family)
    {
        try
        {
            var properties = network.GetIPProperties();
            var mtu = family == AddressFamily.InterNetwork ? properties.GetIPv4Properties()?.Mtu : properties.GetIPv6Properties()?.Mtu;
            return Math.Clamp(mtu ?? SmallestMtu, SmallestMtu, 65_536);
        }
        catch (NetworkInformationException)
        {
            return SmallestMtu;
        }
    }
}
