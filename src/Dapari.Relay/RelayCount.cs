namespace Dapari.Relay;

/// <summary>What the relay counts; see <see cref="RelayShared.Read"/>.</summary>
public enum RelayCount
{
    /// <summary>Datagrams sent on to peers.</summary>
    PacketsUp = 0,

    /// <summary>Their payload's bytes.</summary>
    BytesUp,

    /// <summary>Datagrams sent on to clients.</summary>
    PacketsDown,

    /// <summary>Their payload's bytes.</summary>
    BytesDown,

    /// <summary>Allocations made.</summary>
    Allocated,

    /// <summary>Allocations that ended: given back, expired, or with their connection.</summary>
    Ended,

    /// <summary>Requests answered with success.</summary>
    Succeeded,

    /// <summary>Requests answered with 401 or 438: no, wrong or old credentials.</summary>
    Unauthorized,

    /// <summary>Requests with good credentials that were answered with an error.</summary>
    Refused,

    /// <summary>Errors for a peer address that may not be reached (403).</summary>
    PeerRefused,

    /// <summary>Errors for a quota that is used up (486, 508).</summary>
    OverQuota,

    /// <summary>Dropped: neither STUN nor ChannelData, or malformed.</summary>
    DroppedMalformed,

    /// <summary>Dropped: answers that the limit for unproved sources did not allow.</summary>
    DroppedUnproven,

    /// <summary>Dropped: of a client without allocation, or on a channel that is not bound.</summary>
    DroppedUnknown,

    /// <summary>Dropped: no permission for the peer, in either direction.</summary>
    DroppedForbidden,

    /// <summary>Dropped: the credential's bytes a second were used up.</summary>
    DroppedBandwidth,
}
