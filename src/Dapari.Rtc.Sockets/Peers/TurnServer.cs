namespace Dapari.Rtc.Sockets.Peers;

/// <summary>A TURN server that lends an address, over UDP.</summary>
/// <param name="Address">Its address and port.</param>
/// <param name="Username">A long-term credential's name (RFC 8489 §9.2).</param>
/// <param name="Password">Its password.</param>
public sealed record TurnServer(Endpoint Address, string Username, string Password);
