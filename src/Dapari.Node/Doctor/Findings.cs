using System.Net;
using Dapari.Node.Api.Bodies;
using Dapari.Rtc;

namespace Dapari.Node.Doctor;

/// <summary>What the examination found, before anything is concluded of it.</summary>
/// <param name="Own">This machine's addresses, without loopback and link-local ones of IPv6.</param>
/// <param name="Online">The home server is reached.</param>
/// <param name="Port">Of the socket that asked over IPv4.</param>
/// <param name="Seen">What each server of STUN answered; null: nothing.</param>
/// <param name="Relays">Doors of relays.</param>
/// <param name="PortMapping">As <see cref="DoctorBody"/> has it.</param>
/// <param name="Nearby">Contacts on the same network are looked for.</param>
internal sealed record Findings(
    IReadOnlyList<IPAddress> Own, bool Online, int Port, IReadOnlyList<(Endpoint Server, Endpoint? Mapped)> Seen, IReadOnlyList<ReachBody> Relays, string PortMapping, bool Nearby);
