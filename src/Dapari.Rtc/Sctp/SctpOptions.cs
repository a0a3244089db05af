namespace Dapari.Rtc.Sctp;

/// <summary>How an association works. Times are in microseconds, sizes in bytes.</summary>
public sealed record SctpOptions
{
    /// <summary>Both ports; 5000 with WebRTC (RFC 8841 §5.2).</summary>
    public ushort Port { get; init; } = 5000;

    /// <summary>The largest packet; what DTLS, UDP and IP add goes on top. 1,200 passes everywhere.</summary>
    public int MaxPacket { get; init; } = 1_200;

    /// <summary>No packet is larger: that is what a DTLS record holds (RFC 6347 §4.1).</summary>
    public const int LargestPacket = 1 << 14;

    /// <summary>The largest packet that this end takes; told to the other, which else sends none that does not fit into 1,500 bytes. 0: not told.</summary>
    public int LargestTaken { get; init; } = LargestPacket;

    /// <summary>Streams in each direction.</summary>
    public ushort Streams { get; init; } = 1_024;

    /// <summary>What may be received and not taken yet.</summary>
    public int ReceiveBuffer { get; init; } = 4 << 20;

    /// <summary>What may be accepted to be sent and not acknowledged yet; beyond it <see cref="SctpAssociation.Send"/> says that it is full.</summary>
    public int SendBuffer { get; init; } = 4 << 20;

    /// <summary>Whether pieces of a long message let others pass between them (RFC 8260), if the other end can do that too.</summary>
    public bool Interleaving { get; init; } = true;

    /// <summary>The longest message, in either direction.</summary>
    public int MaxMessage { get; init; } = 256 << 10;

    /// <summary>RFC 9260 §16: RTO.Initial is 1 s there; over a path that ICE has just measured it is known to be less.</summary>
    public long InitialRto { get; init; } = 500_000;

    /// <summary>RFC 9260 §16 has 1 s for RTO.Min; WebRTC's ends use 120 to 400 ms.</summary>
    public long MinRto { get; init; } = 200_000;

    /// <summary>RTO.Max.</summary>
    public long MaxRto { get; init; } = 10_000_000;

    /// <summary>How long an acknowledgement waits for a second packet (RFC 9260 §6.2: at most 500 ms).</summary>
    public long SackDelay { get; init; } = 20_000;

    /// <summary>A silent peer is asked for a sign so often.</summary>
    public long HeartbeatEvery { get; init; } = 15_000_000;

    /// <summary>Timeouts in a row after which the association fails (RFC 9260 §16, Association.Max.Retrans).</summary>
    public int MaxRetransmits { get; init; } = 10;
}

/// <summary>How an association stands (RFC 9260 §4).</summary>
public enum SctpState
{
    /// <summary>Not begun.</summary>
    Closed = 0,

    /// <summary>INIT was sent.</summary>
    CookieWait,

    /// <summary>COOKIE ECHO was sent.</summary>
    CookieEchoed,

    /// <summary>Data may go.</summary>
    Established,

    /// <summary>Shut down when all is acknowledged.</summary>
    ShutdownPending,

    /// <summary>SHUTDOWN was sent.</summary>
    ShutdownSent,

    /// <summary>The other end sent SHUTDOWN.</summary>
    ShutdownReceived,

    /// <summary>SHUTDOWN ACK was sent.</summary>
    ShutdownAckSent,

    /// <summary>Over: nothing more is sent or taken.</summary>
    Ended,
}

/// <summary>Why an association ended.</summary>
public enum SctpEnd
{
    /// <summary>Both ends agreed.</summary>
    ShutDown = 0,

    /// <summary>The other end broke it off.</summary>
    Aborted,

    /// <summary>This end broke it off.</summary>
    Closed,

    /// <summary>The other end does not answer.</summary>
    TimedOut,

    /// <summary>The other end broke the protocol's rules.</summary>
    ProtocolViolation,
}

/// <summary>What became of a message given to be sent.</summary>
public enum SctpSend
{
    /// <summary>It is on its way.</summary>
    Accepted = 0,

    /// <summary>The send buffer is full: again when <see cref="SctpAssociation.Buffered"/> is less.</summary>
    Full,

    /// <summary>Longer than the longest message, or empty.</summary>
    BadLength,

    /// <summary>No such stream, or it is being reset.</summary>
    BadStream,

    /// <summary>The association is shutting down or over.</summary>
    Closed,
}

/// <summary>How a message is to be sent.</summary>
/// <param name="Unordered">It need not wait for earlier ones of its stream.</param>
/// <param name="MaxRetransmits">Given up after so many repeats (RFC 7496 §4.2); null: never.</param>
/// <param name="Lifetime">Given up so many microseconds after it was given to be sent (RFC 3758 §4.1); 0: never.</param>
public readonly record struct SctpDelivery(bool Unordered = false, int? MaxRetransmits = null, long Lifetime = 0);

/// <summary>What an association tells its owner.</summary>
public abstract record SctpEvent
{
    private SctpEvent()
    {
    }

    /// <summary>Data may go.</summary>
    public sealed record Connected : SctpEvent;

    /// <summary>The other end reset its stream: what comes by it begins anew.</summary>
    public sealed record IncomingReset(ushort Stream) : SctpEvent;

    /// <summary>The other end knows that this end's stream was reset.</summary>
    public sealed record OutgoingReset(ushort Stream) : SctpEvent;

    /// <summary>It is over.</summary>
    public sealed record Ended(SctpEnd Why) : SctpEvent;
}
