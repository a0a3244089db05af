using System.Net;
using System.Net.Security;
using Dapari.Rtc.Peer;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>What an <see cref="RtcDriver"/> drives, and by which sockets.</summary>
public sealed record RtcDriverOptions
{
    /// <summary>The peer's own.</summary>
    public required RtcPeerOptions Peer { get; init; }

    /// <summary>Addresses to bind, a port each; null: all of this machine, as long as they are its own (<see cref="LocalInterfaces"/>).</summary>
    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    /// <summary>STUN servers that tell the address from outside.</summary>
    public IReadOnlyList<Endpoint> StunServers { get; init; } = [];

    /// <summary>
    /// TURN servers that lend an address. With relays only, a peer has no others. Those of TCP and TLS are asked where no one lends over UDP within a second.
    /// </summary>
    public IReadOnlyList<TurnServer> TurnServers { get; init; } = [];

    /// <summary>Judges the certificates of TURN servers of TLS; null: as the system does.</summary>
    public RemoteCertificateValidationCallback? Judge { get; init; }

    /// <summary>Asks routers for the ports of its sockets; stays its owner's. Null: nobody is asked.</summary>
    public Mapping.PortMapper? Mapper { get; init; }

    /// <summary>
    /// Tells this machine's addresses by names that only its own networks resolve (draft-ietf-mmusic-mdns-ice-candidates), for whoever is not to learn them;
    /// stays its owner's. An address for which there is no name left is not used. Null: addresses are told.
    /// </summary>
    public Multicast.MdnsResolver? Names { get; init; }

    /// <summary>Whether there are candidates of TCP too (RFC 6544): for networks that let no UDP through.</summary>
    public bool Tcp { get; init; } = true;

    /// <summary>Whether only what every platform has is used for sending and receiving.</summary>
    public bool Portable { get; init; }

    /// <summary>Messages of <see cref="RtcDriver.SendAsync"/> that may wait for room in one channel; more make the caller wait.</summary>
    public int WaitingMessages { get; init; } = 64;
}
