using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Ice;

namespace Dapari.Rtc.Peer;

/// <summary>What happened.</summary>
public enum RtcEventKind
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><see cref="RtcEvent.Candidate"/> is to be told to the other end.</summary>
    CandidateFound,

    /// <summary>All servers have answered or failed.</summary>
    GatheringDone,

    /// <summary><see cref="RtcEvent.Candidate"/> of the other end has a name: its owner finds the address and gives <see cref="IceCandidate.Resolved"/> to <see cref="RtcPeer.AddRemoteCandidate"/>.</summary>
    NameToResolve,

    /// <summary>Data goes by <see cref="RtcEvent.Pair"/> from now on.</summary>
    PairSelected,

    /// <summary>Both ends are who they were told to be, and channels work.</summary>
    Connected,

    /// <summary>The pair is silent; others are tried.</summary>
    Disconnected,

    /// <summary>The pair answers again.</summary>
    Reconnected,

    /// <summary>No pair works: only a restart helps.</summary>
    Failed,

    /// <summary>Messages may go by <see cref="RtcEvent.Channel"/>; when it is not ours, the other end opened it.</summary>
    ChannelOpened,

    /// <summary><see cref="RtcEvent.Channel"/> is over.</summary>
    ChannelClosed,

    /// <summary>There was no message and there is one: to be taken with <see cref="RtcPeer.TryReceive"/> until there is none.</summary>
    MessageWaiting,

    /// <summary>Few bytes of <see cref="RtcEvent.Channel"/> wait, after many, or after a message was refused.</summary>
    BufferedLow,

    /// <summary>Over for good, for <see cref="RtcEvent.Reason"/>.</summary>
    Closed,
}

/// <summary>Why a peer ended.</summary>
public enum RtcEnd
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>This end closed it.</summary>
    Closed,

    /// <summary>The other end closed it.</summary>
    ClosedByPeer,

    /// <summary>The other end's certificate is not the one that was told.</summary>
    WrongCertificate,

    /// <summary>The handshake failed.</summary>
    HandshakeFailed,

    /// <summary>The other end broke a protocol's rules.</summary>
    ProtocolViolation,

    /// <summary>The other end does not answer any more.</summary>
    TimedOut,
}

/// <summary>What a peer tells its owner.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Channel">Of events of a channel.</param>
/// <param name="Candidate">Of events of a candidate.</param>
/// <param name="Pair">Of <see cref="RtcEventKind.PairSelected"/>.</param>
/// <param name="Reason">Of <see cref="RtcEventKind.Closed"/>.</param>
public readonly record struct RtcEvent(RtcEventKind Kind, RtcChannel? Channel = null, IceCandidate? Candidate = null, SelectedPair Pair = default, RtcEnd Reason = RtcEnd.None);
