namespace Dapari.Rtc.Sockets.Peers;

/// <summary>A TURN server that lends an address.</summary>
/// <param name="Address">Its address and port.</param>
/// <param name="Username">A long-term credential's name (RFC 8489 §9.2).</param>
/// <param name="Password">Its password.</param>
/// <param name="Transport">How it is reached; what it lends is for UDP all the same.</param>
/// <param name="Name">Whose certificate it must show over TLS (RFC 8656 §3.1); empty: its address's.</param>
public sealed record TurnServer(Endpoint Address, string Username, string Password, TurnTransport Transport = TurnTransport.Udp, string Name = "");
