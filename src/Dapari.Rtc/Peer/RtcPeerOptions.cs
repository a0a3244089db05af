using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sctp;

namespace Dapari.Rtc.Peer;

/// <summary>What a peer is made of.</summary>
public sealed record RtcPeerOptions
{
    /// <summary>Whether this end made the offer: it then controls ICE (RFC 8445 §6.1.1) and lets the other end choose the role in DTLS.</summary>
    public required bool Offerer { get; init; }

    /// <summary>This end's certificate; stays its owner's.</summary>
    public required DtlsCertificate Certificate { get; init; }

    /// <summary>How ICE works; <see cref="IceOptions.Controlling"/> follows <see cref="Offerer"/>.</summary>
    public IceOptions Ice { get; init; } = new();

    /// <summary>How SCTP works; <see cref="SctpOptions.MaxPacket"/> is what fits together with DTLS, UDP and IPv6 into 1,280 bytes, and through TURN.</summary>
    public SctpOptions Sctp { get; init; } = new() { MaxPacket = 1_180 };
}
