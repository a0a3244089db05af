namespace Dapari.Rtc.Ice;

/// <summary>Where a pair's check stands (RFC 8445 §6.1.2.6).</summary>
internal enum PairState
{
    Frozen = 0,
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// <summary>A base of ours and an address of theirs.</summary>
internal sealed class CandidatePair(IceSession session, IceBase local, IceCandidate remote)
{
    public IceSession Session { get; } = session;

    public IceBase Local { get; } = local;

    public IceCandidate Remote { get; set; } = remote;

    public PairState State { get; set; }

    public ulong Priority { get; set; }

    public string Foundation => Local.Foundation + "/" + Remote.Foundation;

    /// <summary>The last check on it was answered.</summary>
    public bool IsValid { get; set; }

    /// <summary>The other end asked for it before the check of this end was answered (RFC 8445 §7.3.1.5).</summary>
    public bool NominateOnSuccess { get; set; }

    /// <summary>This end's next check on it nominates.</summary>
    public bool Nominating { get; set; }

    /// <summary>An authentic check came by it.</summary>
    public bool Heard { get; set; }

    public CandidateType LocalType { get; set; } = local.Type;

    public IceTransaction? Running { get; set; }

    public long RoundTripMs { get; set; }

    public long AnsweredAt { get; set; } = long.MinValue;

    public long NextConsent { get; set; } = long.MaxValue;

    public SelectedPair Facts => new(Local.Address, Remote.Address, LocalType, Remote.Type, RoundTripMs);
}
