using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Server.Hosting;
using Dapari.Server.Push;

namespace Dapari.Server.Cluster;

/// <summary>
/// Where the machines of a cluster speak to each other. Whoever reaches that port is believed, and what goes over it is not sealed between machines: so it is on a private network, and
/// listens nowhere else.
/// </summary>
internal static class InnerAddress
{
    /// <summary>The address that the others are told, and whether to listen at that one alone (else at all, for a machine that others see under another address).</summary>
    /// <param name="named">By the operator; null: the first private one of this machine.</param>
    /// <param name="mayBePublic">The operator answers for who reaches it.</param>
    /// <param name="own">The machine's.</param>
    /// <exception cref="StartException">It could be reached from the Internet.</exception>
    public static (IPAddress Address, bool ListensThereAlone) Choose(IPAddress? named, bool mayBePublic, IReadOnlyCollection<IPAddress> own)
    {
        var address = named ?? own.FirstOrDefault(one => !PushPost.IsPublic(one) && !IPAddress.IsLoopback(one) && one.AddressFamily == AddressFamily.InterNetwork)
            ?? own.FirstOrDefault(one => !PushPost.IsPublic(one) && !IPAddress.IsLoopback(one)) ?? (mayBePublic ? own.FirstOrDefault() : null)
            ?? (own.Count == 0 ? IPAddress.Loopback : throw new StartException(
                "This machine has no private address at which the others could reach it. Name one with --advertise; machines of a cluster believe whoever reaches their port."));
        if (!mayBePublic && PushPost.IsPublic(address))
        {
            throw new StartException(
                $"{address} can be reached from the Internet, and machines of a cluster believe whoever reaches their port. Advertise an address of a private network, or, if a firewall lets only those machines in, say --silo-public on.");
        }

        return (address, own.Contains(address) || IPAddress.IsLoopback(address));
    }

    /// <summary>Of interfaces that are up; without link-local ones.</summary>
    public static IReadOnlyList<IPAddress> Own() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus == OperationalStatus.Up && one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address).Where(one => !one.IsIPv6LinkLocal && !IPAddress.IsLoopback(one)),
    ];
}
