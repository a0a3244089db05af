namespace Dapari.Node.Api.Bodies;

/// <summary>A contact, and the direct path to them whole.</summary>
/// <param name="Contact">With the way that a message would go now, and why.</param>
/// <param name="Way">The path as its driver sees it; null: none is open, nor being opened.</param>
/// <param name="FilesByHttps">Bytes of files leave the path for HTTPS: their browser reached this node so.</param>
internal sealed record LiveRouteBody(ContactBody Contact, WayBody? Way, bool FilesByHttps);

/// <summary>A direct path as it is at one moment. No address: kinds alone.</summary>
/// <param name="Kind">"tcp", "webrtc", or "none" while it is being opened.</param>
/// <param name="Place">"same-machine", "same-network", "ipv6", "internet", "through-router" or "relay".</param>
/// <param name="Here">This end's address: "this-machine", "private", "ipv6", "public", "router" (as a router shows it), "relay" or "unknown".</param>
/// <param name="There">The other end's, as seen from here; the same words.</param>
/// <param name="RelayTransport">"udp", "tcp" or "tls": how this end reaches its relay; null: it uses none.</param>
/// <param name="SinceMs">When it opened, in milliseconds since 1970.</param>
/// <param name="RoundTripUs">In microseconds.</param>
/// <param name="SentBytes">So far, with what encryption adds; over TCP what the other end has acknowledged.</param>
/// <param name="ReceivedBytes">So far, with what encryption adds.</param>
/// <param name="TheirCandidates">Kinds that the other end told over WebRTC: "own", "hidden" (a name in its place), "router", "relay".</param>
/// <param name="NotUsed">What else was tried, and why it is not used.</param>
internal sealed record WayBody(
    string Kind, string? Place, string? Here, string? There, string? RelayTransport, ulong? SinceMs, uint? RoundTripUs, long SentBytes, long ReceivedBytes,
    IReadOnlyList<string> TheirCandidates, IReadOnlyList<TriedWayBody> NotUsed);

/// <summary>A way that is not used.</summary>
/// <param name="Kind">"tcp" or "webrtc".</param>
/// <param name="Why">"failed", "no-answer", "not-offered" (a browser has no TCP), "tcp-is-better" or "standing-by" (until TCP has proved itself).</param>
internal sealed record TriedWayBody(string Kind, string Why);
