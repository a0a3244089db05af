namespace Dapari.Rtc.Sockets;

/// <summary>A datagram that lies in a slot, at <see cref="ReactorOptions.HeadRoom"/>.</summary>
/// <param name="From">Who sent it; an IPv4 address is IPv4, whatever the socket.</param>
/// <param name="Length">Its bytes in the slot.</param>
/// <param name="Truncated">It was longer than the slot: its end is missing.</param>
public readonly record struct Received(Endpoint From, int Length, bool Truncated);
