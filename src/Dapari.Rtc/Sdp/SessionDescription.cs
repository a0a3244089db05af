using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;

namespace Dapari.Rtc.Sdp;

/// <summary>Who begins the DTLS handshake (RFC 8842 §5.2).</summary>
public enum SetupRole
{
    /// <summary>Either: the other end decides. Every offer says so.</summary>
    ActPass = 0,

    /// <summary>The describing end begins.</summary>
    Active,

    /// <summary>The describing end waits.</summary>
    Passive,
}

/// <summary>What one end tells the other before they connect: the parts of an offer or answer (RFC 8829) that data channels need.</summary>
/// <param name="Ice">Name and password.</param>
/// <param name="Fingerprint">Of the certificate.</param>
/// <param name="Setup">Who begins.</param>
public sealed record SessionDescription(IceCredentials Ice, DtlsFingerprint Fingerprint, SetupRole Setup)
{
    /// <summary>RFC 8841 §5.1: the SCTP port.</summary>
    public ushort SctpPort { get; init; } = 5000;

    /// <summary>RFC 8841 §6.1: the longest message that the describing end takes; 0: any.</summary>
    public long MaxMessageSize { get; init; } = 256 << 10;

    /// <summary>RFC 5888: the media section's name; an answer repeats the offer's.</summary>
    public string Mid { get; init; } = "0";

    /// <summary>Candidates that are told at once; others may be trickled. <see cref="IceCandidate.Name"/> may be set.</summary>
    public IReadOnlyList<IceCandidate> Candidates { get; init; } = [];

    /// <summary>RFC 8838 §8: there will be no more.</summary>
    public bool EndOfCandidates { get; init; }
}
