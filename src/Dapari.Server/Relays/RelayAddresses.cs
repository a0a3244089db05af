using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dapari.Server.Relays;

/// <summary>The addresses that the relay listens at when none are named.</summary>
internal static class RelayAddresses
{
    /// <summary>More are not listened at: a machine with thousands is no home of this program, and each costs sockets.</summary>
    public const int Most = 64;

    /// <summary>All of this machine, loopback too, without link-local IPv6, which has no meaning beyond one cable.</summary>
    public static IReadOnlyList<IPAddress> Find()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(n => n.OperationalStatus == OperationalStatus.Up || n.NetworkInterfaceType == NetworkInterfaceType.Loopback)
                .SelectMany(n => n.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => a is { IsIPv6LinkLocal: false, IsIPv6Multicast: false })
                .OrderBy(a => IPAddress.IsLoopback(a))
                .ThenBy(a => a.AddressFamily != AddressFamily.InterNetwork)
                .Distinct()
                .Take(Most)];
        }
        catch (NetworkInformationException)
        {
            return [IPAddress.Loopback];
        }
    }
}
