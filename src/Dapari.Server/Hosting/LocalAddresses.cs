using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Dapari.Server.Hosting;

/// <summary>This machine's addresses on its networks.</summary>
internal static class LocalAddresses
{
    /// <summary>All that others can reach: not loopback, not link-local IPv6. Those with a gateway first, IPv4 before IPv6.</summary>
    public static IReadOnlyList<IPAddress> Find()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .Select(n => n.GetIPProperties())
                .OrderBy(p => p.GatewayAddresses.Count == 0)
                .SelectMany(p => p.UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal && !a.IsIPv6Multicast)
                .OrderBy(a => a.AddressFamily != AddressFamily.InterNetwork)
                .Distinct()];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }
}
