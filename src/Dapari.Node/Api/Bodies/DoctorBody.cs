namespace Dapari.Node.Api.Bodies;

/// <summary>What keeps this machine from direct paths, or does not.</summary>
/// <param name="Conclusion">"no-network", "server-unreachable", "nothing-to-ask", "udp-blocked", "mapped-by-router", "mapping-varies", "open", "mapping-steady" or "mapping-unknown".</param>
/// <param name="Ipv4">An address of IPv4 that others could reach, even if only through a router.</param>
/// <param name="Ipv6">A global address of IPv6.</param>
/// <param name="Udp">An answer came over UDP; null: there was nobody to ask.</param>
/// <param name="Mapping">RFC 4787 §4.1: "none", "endpoint-independent", "address-dependent" (or on address and port), or "unknown".</param>
/// <param name="Seen">What each server of STUN sees.</param>
/// <param name="Relays">The home server's relay, for each transport.</param>
/// <param name="PortMapping">"off", "no-router" (none has answered so far), "refused" (none is open so far) or "mapped".</param>
/// <param name="Nearby">Contacts on the same network are looked for.</param>
internal sealed record DoctorBody(
    string Conclusion, bool Ipv4, bool Ipv6, bool? Udp, string Mapping, IReadOnlyList<SeenBody> Seen, IReadOnlyList<ReachBody> Relays, string PortMapping, bool Nearby);

/// <summary>What a server of STUN sees.</summary>
/// <param name="Server">Its address.</param>
/// <param name="Mapped">Where this machine is seen from; null: it did not answer.</param>
internal sealed record SeenBody(string Server, string? Mapped);

/// <summary>A door of a relay.</summary>
/// <param name="Server">Its address.</param>
/// <param name="Transport">"udp", "tcp" or "tls".</param>
/// <param name="Answers">It answered.</param>
internal sealed record ReachBody(string Server, string Transport, bool Answers);
