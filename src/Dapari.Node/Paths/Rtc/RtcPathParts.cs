using System.Net;
using System.Net.Security;
using Dapari.Rtc.Sockets.Mapping;
using Dapari.Rtc.Sockets.Multicast;

namespace Dapari.Node.Paths.Rtc;

/// <summary>What all paths by WebRTC share; stays its owner's.</summary>
/// <param name="Addresses">To use instead of all that this machine has; empty: its own.</param>
/// <param name="Names">Resolves browsers' names of candidates; null: such candidates are passed over.</param>
/// <param name="Mapper">Asks routers for ports; null: nobody is asked.</param>
/// <param name="Judge">Judges the certificates of relays of TLS.</param>
/// <param name="Time">For limits and facts.</param>
internal sealed record RtcPathParts(IReadOnlyList<IPAddress> Addresses, MdnsResolver? Names, PortMapper? Mapper, RemoteCertificateValidationCallback Judge, TimeProvider Time);
