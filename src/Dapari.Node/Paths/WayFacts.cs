using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sockets.Peers;
using Network = Dapari.Wire.V1.Network;

namespace Dapari.Node.Paths;

/// <summary>A way as it is at one moment, without any address: kinds alone, so that it may be shown to whoever looks over a shoulder.</summary>
/// <param name="Place">"same-machine", "same-network", "ipv6", "internet", "through-router" or "relay".</param>
/// <param name="Here">This end's address: "this-machine", "private", "ipv6", "public", "router" (as a router shows it) or "relay".</param>
/// <param name="There">The other end's, as this end sees it; the same words.</param>
/// <param name="Relay">How this end reaches its relay; null: it uses none.</param>
/// <param name="RoundTripUs">In microseconds; null: not known.</param>
/// <param name="SentBytes">With what encryption adds.</param>
/// <param name="ReceivedBytes">With what encryption adds.</param>
/// <param name="Theirs">Which kinds of candidates the other end has told.</param>
internal sealed record WayFacts(
    string Place, string Here, string There, TurnTransport? Relay, uint? RoundTripUs, long SentBytes, long ReceivedBytes, IReadOnlyList<string> Theirs)
{
    /// <summary>Of a connection of TCP between two nodes.</summary>
    public static WayFacts OfTcp(IPAddress? local, IPAddress remote, uint? roundTripUs, long sent, long received) =>
        new(PlaceOf(local, remote, CandidateType.Host, CandidateType.Host), KindOf(local, CandidateType.Host), KindOf(remote, CandidateType.Host), null, roundTripUs, sent, received, []);

    /// <summary>Of a settled pair of WebRTC.</summary>
    public static WayFacts OfPair(in SelectedPair pair, TurnTransport? relay, uint? roundTripUs, long sent, long received, IReadOnlyList<string> theirs)
    {
        var (local, remote) = (pair.Local.ToIPAddress(), pair.Remote.ToIPAddress());
        return new WayFacts(
            PlaceOf(local, remote, pair.LocalType, pair.RemoteType), KindOf(local, pair.LocalType), KindOf(remote, pair.RemoteType), relay, roundTripUs, sent, received, theirs);
    }

    /// <summary>Where the other end is, as seen from this one.</summary>
    internal static string PlaceOf(IPAddress? local, IPAddress remote, CandidateType localType, CandidateType remoteType)
    {
        if (localType == CandidateType.Relayed || remoteType == CandidateType.Relayed)
            return "relay";
        (local, remote) = (Unmapped(local), Unmapped(remote)!);
        if (IPAddress.IsLoopback(remote) || remote.Equals(local))
            return "same-machine";
        if (TcpAddresses.NetworkOf(remote) == Network.Same)
            return "same-network";
        if (remote.AddressFamily == AddressFamily.InterNetworkV6)
            return "ipv6";
        // What a private address sends to a public one, a router has changed (RFC 2663 §2).
        return localType != CandidateType.Host || remoteType != CandidateType.Host || (local is not null && TcpAddresses.NetworkOf(local) == Network.Same) ? "through-router" : "internet";
    }

    private static string KindOf(IPAddress? address, CandidateType type) => type switch
    {
        CandidateType.Relayed => "relay",
        CandidateType.ServerReflexive => "router",
        // RFC 8445 §7.3.1.3: an address that a check came from, and that nobody had told: a router's, unless it means nothing outside.
        CandidateType.PeerReflexive when address is not null && TcpAddresses.NetworkOf(Unmapped(address)!) != Network.Same => "router",
        _ => Unmapped(address) is not { } plain ? "unknown"
            : IPAddress.IsLoopback(plain) ? "this-machine"
            : TcpAddresses.NetworkOf(plain) == Network.Same ? "private"
            : plain.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6"
            : "public",
    };

    private static IPAddress? Unmapped(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
