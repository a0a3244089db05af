namespace Dapari.Rtc.Ice;

/// <summary>What an agent tells its owner.</summary>
public abstract record IceEvent
{
    private IceEvent()
    {
    }

    /// <summary>To be told to the other end.</summary>
    public sealed record CandidateFound(IceCandidate Candidate) : IceEvent;

    /// <summary>All servers have answered or failed: there will be no more until a restart or a new base.</summary>
    public sealed record GatheringDone : IceEvent;

    /// <summary>The state changed.</summary>
    public sealed record StateChanged(IceState State) : IceEvent;

    /// <summary>Data goes by this pair from now on.</summary>
    public sealed record Selected(SelectedPair Pair) : IceEvent;
}

/// <summary>The pair that data goes by.</summary>
/// <param name="Local">The base to send from.</param>
/// <param name="Remote">Where to.</param>
/// <param name="LocalType">Host when the other end sees the base itself.</param>
/// <param name="RemoteType">As it was told or learned.</param>
/// <param name="RoundTripMs">Of the last check on it.</param>
public readonly record struct SelectedPair(Endpoint Local, Endpoint Remote, CandidateType LocalType, CandidateType RemoteType, long RoundTripMs);

/// <summary>How an agent stands.</summary>
public enum IceState
{
    /// <summary>Nothing to check yet.</summary>
    New = 0,

    /// <summary>Looking for a pair.</summary>
    Checking,

    /// <summary>A pair was nominated, and the other end consents to it.</summary>
    Connected,

    /// <summary>The nominated pair is silent; others are looked for.</summary>
    Disconnected,

    /// <summary>No pair works, or consent was not renewed for 30 s; only a restart helps.</summary>
    Failed,

    /// <summary>Closed by its owner.</summary>
    Closed,
}

/// <summary>What became of a datagram.</summary>
public enum IceReceipt
{
    /// <summary>No STUN of this agent's: for the next protocol, if <see cref="IceAgent.MayReceive"/> says so.</summary>
    NotIce = 0,

    /// <summary>Taken.</summary>
    Taken,

    /// <summary>STUN that is malformed, unknown or not authentic: dropped without an answer.</summary>
    Refused,
}

/// <summary>To be sent as it is.</summary>
/// <param name="Local">The base to send from: a socket's address, or a relayed address.</param>
/// <param name="Remote">Where to.</param>
/// <param name="Bytes">The datagram.</param>
public readonly record struct IceDatagram(Endpoint Local, Endpoint Remote, byte[] Bytes);
