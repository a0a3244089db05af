using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Network = Dapari.Wire.V1.Network;

namespace Dapari.Node.Paths;

/// <summary>Which addresses are told to contacts, and which of theirs are tried.</summary>
internal static class TcpAddresses
{
    /// <summary>
    /// This machine's addresses that others may reach: of interfaces that are up, neither loopback nor link-local. IPv4's link-local ones are told if there is no
    /// other of IPv4: two machines and a cable have nothing else.
    /// </summary>
    public static IReadOnlyList<IPAddress> Own()
    {
        try
        {
            var all = NetworkInterface.GetAllNetworkInterfaces()
                .Where(face => face.OperationalStatus == OperationalStatus.Up && face.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(face => face.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .Where(address => !address.IsIPv6LinkLocal && !IPAddress.IsLoopback(address))
                .Distinct()
                .ToList();
            if (all.Exists(address => address.AddressFamily == AddressFamily.InterNetwork && !IsIpv4LinkLocal(address)))
                all.RemoveAll(IsIpv4LinkLocal);
            return [.. all.Take(WireLimits.TcpAddresses)];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    /// <summary>Whether this machine has an address, on whichever interface; true also where that cannot be found out.</summary>
    public static bool IsOwn(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return true;
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Any(own => own.Address.Equals(address));
        }
        catch (NetworkInformationException)
        {
            return true;
        }
    }

    /// <summary>Addresses as a signal carries them.</summary>
    public static IEnumerable<TcpAddress> Told(IEnumerable<IPEndPoint> points) =>
        points.Take(WireLimits.TcpAddresses).Select(point => new TcpAddress { Ip = ByteString.CopyFrom(point.Address.GetAddressBytes()), Port = (uint)point.Port });

    /// <summary>
    /// The end points of a signal that may be tried. A contact must not make this machine talk to itself, to groups or to everybody: mapped addresses are
    /// unwrapped first, loopback counts only where this end told loopback too.
    /// </summary>
    public static IReadOnlyList<IPEndPoint> Tried(TcpWays ways, bool loopback)
    {
        var tried = new List<IPEndPoint>();
        foreach (var told in ways.Addresses.Take(WireLimits.TcpAddresses))
        {
            if (told.Ip.Length is not (4 or 16) || told.Port is 0 or > IPEndPoint.MaxPort)
                continue;
            var address = new IPAddress(told.Ip.Span);
            if (address.IsIPv4MappedToIPv6)
                address = address.MapToIPv4();
            var point = new IPEndPoint(address, (int)told.Port);
            if (MayTry(address, loopback) && !tried.Contains(point))
                tried.Add(point);
        }

        return tried;
    }

    /// <summary>Same network: the other end's address is one that means nothing outside.</summary>
    public static Network NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal)
            return Network.Same;
        if (address.AddressFamily != AddressFamily.InterNetwork)
            return Network.Internet;
        // RFC 1918 §3, RFC 3927 §2.1.
        var bytes = address.GetAddressBytes();
        var isPrivate = bytes[0] == 10 || (bytes[0] == 172 && bytes[1] is >= 16 and <= 31) || (bytes[0] == 192 && bytes[1] == 168) || IsIpv4LinkLocal(address);
        return isPrivate ? Network.Same : Network.Internet;
    }

    /// <summary>This end of a connection; null: it has gone.</summary>
    public static IPAddress? LocalOf(Socket socket)
    {
        try
        {
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Whether an address can be another peer's.</summary>
    public static bool MayTry(IPAddress address, bool loopback)
    {
        if (IPAddress.IsLoopback(address))
            return loopback;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return !address.IsIPv6Multicast && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv6LinkLocal;
        // RFC 1122 §3.2.1.3: this network, groups, reserved, everybody.
        return address.GetAddressBytes()[0] is > 0 and < 224;
    }

    private static bool IsIpv4LinkLocal(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..];
}
