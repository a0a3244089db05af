namespace Dapari.Rtc.Ice;

/// <summary>How an address was learned (RFC 8445 §5.1.1).</summary>
public enum CandidateType
{
    /// <summary>An address of an interface of the device itself.</summary>
    Host = 0,

    /// <summary>As a STUN server sees the device.</summary>
    ServerReflexive,

    /// <summary>As the other end of a check saw it.</summary>
    PeerReflexive,

    /// <summary>Lent by a TURN server.</summary>
    Relayed,
}
