using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Paths.Rtc;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Mapping;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Wire.V1;

namespace Dapari.Node.Doctor;

/// <summary>
/// Says why direct paths from this machine work or do not. It asks only the servers that the home server named, and nothing but STUN's request; 10 s at most
/// (2 s for names, 4 s for all questions side by side).
/// </summary>
internal static class RouteDoctor
{
    /// <summary>Examines this machine.</summary>
    /// <param name="servers">As the home server named them.</param>
    /// <param name="online">Whether the home server is reached.</param>
    /// <param name="mapper">Who asks routers; null: nobody does.</param>
    /// <param name="nearby">Whether contacts on the same network are looked for.</param>
    /// <param name="judge">Judges certificates of relays.</param>
    /// <param name="time">For the limits.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="own">This machine's addresses; null: as its interfaces have them.</param>
    public static async Task<DoctorBody> ExamineAsync(
        IReadOnlyList<IceServer> servers, bool online, PortMapper? mapper, bool nearby, RemoteCertificateValidationCallback judge, TimeProvider time, CancellationToken cancellation,
        IReadOnlyList<IPAddress>? own = null)
    {
        own ??= Own();
        var addresses = await IceServerAddresses.ResolveAsync(servers, time, cancellation);
        var asked = await Task.WhenAll(
            AskAsync(AddressFamily.InterNetwork, addresses.Stun, time, cancellation), AskAsync(AddressFamily.InterNetworkV6, addresses.Stun, time, cancellation));
        var seen = asked.SelectMany(one => one.Seen).ToList();
        var relays = await Task.WhenAll(addresses.Turn.Select(async server => new ReachBody(
            server.Address.ToString(), Api.Words.Of(server.Transport),
            server.Transport == TurnTransport.Udp
                ? seen.Exists(one => one.Server == server.Address && one.Mapped is not null)
                : await StunProbe.AnswersAsync(server, judge, time, cancellation))));
        return Judge(new Findings(own, online, asked[0].Port, seen, relays, Mapping(mapper), nearby));
    }

    /// <summary>What follows from what was found.</summary>
    internal static DoctorBody Judge(Findings found)
    {
        var v4 = found.Own.Any(address => address.AddressFamily == AddressFamily.InterNetwork);
        var v6 = found.Own.Any(IsGlobalV6);
        bool? udp = found.Seen.Count == 0 ? null : found.Seen.Any(one => one.Mapped is not null);
        var mapped = found.Seen.Where(one => one.Server.IsV4 && one.Mapped is not null).Select(one => one.Mapped!.Value).ToList();
        // RFC 4787 §4.1: only answers of two servers to one socket tell mappings apart; one alone tells whether there is a mapping.
        var mapping = mapped.Count == 0 ? "unknown"
            : mapped.Exists(one => one != mapped[0]) ? "address-dependent"
            : mapped[0].Port == found.Port && found.Own.Contains(mapped[0].ToIPAddress()) ? "none"
            : mapped.Count > 1 ? "endpoint-independent"
            : "unknown";
        var conclusion = !v4 && !v6 ? "no-network"
            : !found.Online && udp is not true ? "server-unreachable"
            : udp is null ? "nothing-to-ask"
            : udp is false ? "udp-blocked"
            : mapping == "none" || (v6 && found.Seen.Any(one => !one.Server.IsV4 && one.Mapped is { } at && found.Own.Contains(at.ToIPAddress()))) ? "open"
            : found.PortMapping == "mapped" ? "mapped-by-router"
            : mapping == "address-dependent" ? "mapping-varies"
            : mapping == "endpoint-independent" ? "mapping-steady"
            : "mapping-unknown";
        return new DoctorBody(
            conclusion, v4, v6, udp, mapping, [.. found.Seen.Select(one => new SeenBody(one.Server.ToString(), one.Mapped?.ToString()))], found.Relays, found.PortMapping, found.Nearby);
    }

    private static async Task<(int Port, IReadOnlyList<(Endpoint Server, Endpoint? Mapped)> Seen)> AskAsync(
        AddressFamily family, IReadOnlyList<Endpoint> servers, TimeProvider time, CancellationToken cancellation)
    {
        var those = servers.Where(server => server.IsV4 == (family == AddressFamily.InterNetwork)).ToList();
        if (those.Count == 0)
            return (0, []);
        var (port, seen) = await StunProbe.AskUdpAsync(family, those, time, cancellation);
        return (port, [.. those.Select((server, which) => (server, which < seen.Count ? seen[which]?.Unmap() : null))]);
    }

    private static string Mapping(PortMapper? mapper) => mapper is null ? "off"
        : mapper.Current.Count > 0 ? "mapped"
        : mapper.Routers.Any(router => router.Protocol is not null) ? "refused"
        : "no-router";

    private static List<IPAddress> Own() => [.. NetworkInterface.GetAllNetworkInterfaces()
        .Where(one => one.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
        .SelectMany(one => one.GetIPProperties().UnicastAddresses)
        .Select(one => one.Address)
        .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)];

    // RFC 4291 §2.4, RFC 4193 §3.1: global unicast is 2000::/3.
    private static bool IsGlobalV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 && address.GetAddressBytes()[0] >> 5 == 1;
}
