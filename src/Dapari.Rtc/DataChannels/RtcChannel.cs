using Dapari.Rtc.Sctp;

namespace Dapari.Rtc.DataChannels;

/// <summary>How a channel stands.</summary>
public enum ChannelState
{
    /// <summary>There is no connection yet.</summary>
    Waiting = 0,

    /// <summary>Messages may go.</summary>
    Open,

    /// <summary>One of the ends has closed it: what was sent before still arrives.</summary>
    Closing,

    /// <summary>Over.</summary>
    Closed,
}

/// <summary>What became of a message given to be sent.</summary>
public enum SendResult
{
    /// <summary>It is on its way; its bytes were copied.</summary>
    Accepted = 0,

    /// <summary>Too much waits already: again after <see cref="Peer.RtcEventKind.BufferedLow"/>.</summary>
    Full,

    /// <summary>Longer than this end or the other one takes.</summary>
    TooLong,

    /// <summary>The channel is not open (yet, or any more).</summary>
    NotOpen,
}

/// <summary>One data channel (RFC 8831); belongs to its <see cref="Peer.RtcPeer"/>, which does everything with it.</summary>
public sealed class RtcChannel
{
    internal RtcChannel(OpenMessage opening, bool isOurs)
    {
        Opening = opening;
        IsOurs = isOurs;
        Acknowledged = !isOurs;
        Delivery = new SctpDelivery(!opening.Ordered, opening.Reliability.MaxRetransmits, (opening.Reliability.LifetimeMs ?? 0) * 1_000L);
    }

    /// <summary>The stream, once it is open; -1 before.</summary>
    public int Id { get; internal set; } = -1;

    /// <summary>As its maker named it.</summary>
    public string Label => Opening.Label;

    /// <summary>As its maker named it.</summary>
    public string Protocol => Opening.Protocol;

    /// <summary>Whether messages come in the order in which they were sent.</summary>
    public bool IsOrdered => Opening.Ordered;

    /// <summary>When messages are given up.</summary>
    public ChannelReliability Reliability => Opening.Reliability;

    /// <summary>How it stands.</summary>
    public ChannelState State { get; internal set; }

    /// <summary>At or below this many bytes of the channel's own, after more, <see cref="Peer.RtcEventKind.BufferedLow"/> is told.</summary>
    public long LowThreshold { get; set; }

    /// <summary>Whether this end opened it.</summary>
    public bool IsOurs { get; }

    /// <summary>For its owner's use; the library does not look at it.</summary>
    public object? Tag { get; set; }

    internal OpenMessage Opening { get; }

    internal SctpDelivery Delivery { get; }

    /// <summary>The other end has answered the opening: from then on messages may overtake it (RFC 8832 §6).</summary>
    internal bool Acknowledged { get; set; }

    /// <summary>More than the threshold waited, or a message was refused.</summary>
    internal bool IsHigh { get; set; }

    internal bool WasRefused { get; set; }

    internal bool OutgoingReset { get; set; }

    /// <summary>The other end has closed it, after so many messages of the association.</summary>
    internal long EndsAt { get; set; } = long.MaxValue;
}
