using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets.Multicast;

/// <summary>A network that this machine is on: an interface with addresses that takes part in multicast.</summary>
/// <param name="Index">The system's number of the interface.</param>
/// <param name="Addresses">This machine's addresses on it, link-local ones too.</param>
/// <param name="V4">Whether IPv4 is spoken there.</param>
/// <param name="V6">Whether IPv6 is spoken there.</param>
public sealed record MulticastLink(int Index, IReadOnlyList<IPAddress> Addresses, bool V4, bool V6)
{
    /// <summary>Links at a time; of a machine with more, the first ones.</summary>
    public const int Most = 32;

    /// <summary>All of this machine, without loopback.</summary>
    public static IReadOnlyList<MulticastLink> All() => Find(static face => face.NetworkInterfaceType != NetworkInterfaceType.Loopback && face.SupportsMulticast);

    /// <summary>Loopback alone: for processes of one machine without a network.</summary>
    public static IReadOnlyList<MulticastLink> Loopback() => Find(static face => face.NetworkInterfaceType == NetworkInterfaceType.Loopback);

    private static List<MulticastLink> Find(Func<NetworkInterface, bool> isWanted)
    {
        var found = new List<MulticastLink>();
        try
        {
            foreach (var face in NetworkInterface.GetAllNetworkInterfaces())
            {
                // Whether a link is up is known a second late: groups of one that is not are joined too, and silent.
                if (found.Count == Most || !isWanted(face))
                    continue;
                var properties = face.GetIPProperties();
                IPAddress[] addresses = [.. properties.UnicastAddresses.Select(one => one.Address)];
                var v4 = Array.Exists(addresses, one => one.AddressFamily == AddressFamily.InterNetwork);
                var v6 = Array.Exists(addresses, one => one.AddressFamily == AddressFamily.InterNetworkV6);
                if ((v4 || v6) && IndexOf(properties, v4) is { } index)
                    found.Add(new MulticastLink(index, addresses, v4, v6));
            }
        }
        catch (NetworkInformationException)
        {
            // The system did not say all: what it said counts.
        }

        return found;
    }

    private static int? IndexOf(IPInterfaceProperties properties, bool v4)
    {
        try
        {
            return v4 ? properties.GetIPv4Properties()?.Index : properties.GetIPv6Properties()?.Index;
        }
        catch (NetworkInformationException)
        {
            return null; // It went away since.
        }
    }
}
