using System.Diagnostics.CodeAnalysis;
using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>
/// One end of an SCTP association (RFC 9260) over a channel that is authenticated and encrypted already (RFC 8261): packets, messages and time in; packets,
/// messages, events and the next deadline out. With partial reliability (RFC 3758, RFC 7496) and stream reset (RFC 6525). One owner; not thread-safe. Times
/// are monotonic microseconds.
/// </summary>
/// <remarks>
/// Both ends may connect at once (RFC 9260 §5.2.1), as WebRTC's do. One address for each end. A new INIT within an association is not answered: whoever starts
/// anew has a new DTLS connection, and with it a new association.
/// </remarks>
public sealed partial class SctpAssociation
{
    private readonly SctpOptions _options;
    private readonly Entropy _entropy;
    private readonly Queue<byte[]> _control = [];
    private readonly Queue<SctpEvent> _events = [];
    private readonly uint _tag;
    private readonly uint _initialTsn;
    private long _deadlineSetup = long.MaxValue;
    private long _deadlineHeartbeat = long.MaxValue;
    private byte[]? _setup;
    private int _setupTries;
    private int _timeouts;

    /// <summary>An association that is not begun.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The largest packet has no room for a chunk.</exception>
    public SctpAssociation(SctpOptions options, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(entropy);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPacket, 512);
        _options = options;
        _entropy = entropy;
        do
            _tag = unchecked((uint)entropy.Next());
        while (_tag == 0);
        _initialTsn = unchecked((uint)entropy.Next());
        _pool = new BufferPool(options.SendBuffer + (long)options.ReceiveBuffer);
        _pieces = new PieceRing(_initialTsn);
        _flight = new FlightOrder(_pieces);
        _packet = _packetLimit = options.MaxPacket;
        _congestion = new SctpCongestion(options.MaxPacket);
        _rto = options.InitialRto;
        _reassembly = new Reassembly(options.MaxMessage, _pool);
        _cookieKey = new byte[32];
        entropy.Fill(_cookieKey);
        _resetRequest = _initialTsn;
    }

    /// <summary>How it stands.</summary>
    public SctpState State { get; private set; }

    /// <summary>Bytes that were accepted to be sent and are not acknowledged.</summary>
    public long Buffered { get; private set; }

    /// <summary>Streams that this end may send by; as the other end has it once that is known.</summary>
    public int OutgoingStreams => _peerStreams == 0 ? _options.Streams : _peerStreams;

    /// <summary>Messages that were ever taken with <see cref="TryReceive"/>.</summary>
    public long Taken => _reassembly.Taken;

    /// <summary>Messages that ever became whole and next in their order: those beyond <see cref="Taken"/> wait.</summary>
    public long Completed => _reassembly.Completed;

    /// <summary>The smoothed round trip; 0 before the first measurement.</summary>
    public long RoundTrip => _srtt;

    /// <summary>When <see cref="Tick"/> is wanted; null: never.</summary>
    public long? NextDeadline
    {
        get
        {
            if (State is SctpState.Ended)
                return null;
            var next = Math.Min(Math.Min(_deadlineSetup, _deadlineRtx), Math.Min(_deadlineSack, _deadlineHeartbeat));
            next = Math.Min(next, Math.Min(_deadlineProbe, Math.Min(_deadlineReset, Math.Min(_deadlinePace, _deadlineMtu))));
            return next == long.MaxValue ? null : next;
        }
    }

    /// <summary>Begins.</summary>
    public void Connect(long now)
    {
        if (State is not SctpState.Closed)
            return;
        State = SctpState.CookieWait;
        var bytes = new byte[SctpChunk.HeaderLength + 64];
        var length = InitChunk.Write(bytes, SctpChunkType.Init, _tag, (uint)_options.ReceiveBuffer, _options.Streams, _initialTsn, _options.Interleaving, _options.LargestTaken, []);
        Setup(bytes[..length], now);
    }

    /// <summary>Takes a packet that came.</summary>
    /// <returns>Why it was dropped, or none. Packets of a wrong port or tag are dropped without a word.</returns>
    public SctpFault Receive(ReadOnlySpan<byte> bytes, long now)
    {
        if (!SctpPacket.TryRead(bytes, out var packet, out var fault))
            return fault;
        if (State is SctpState.Ended || packet.SourcePort != _options.Port || packet.DestinationPort != _options.Port)
            return SctpFault.None;
        var any = false;
        foreach (var chunk in packet.Chunks)
        {
            if (!IsForUs(packet, chunk))
                return SctpFault.None;
            any = true;
            if (!Take(chunk, now))
                break;
            if (State is SctpState.Ended)
                return SctpFault.None;
        }

        if (any)
        {
            Arrived(now);
            ShutDownIfDone(now);
        }

        return SctpFault.None;
    }

    /// <summary>Does what is due.</summary>
    public void Tick(long now)
    {
        if (_deadlineSetup <= now)
            SetupTimedOut(now);
        if (_deadlineRtx <= now)
            RetransmissionTimedOut(now);
        if (_deadlineProbe <= now)
            Probe();
        if (_deadlineSack <= now)
            SackNow();
        if (_deadlineReset <= now)
            AskReset(now);
        if (_deadlineHeartbeat <= now)
            Heartbeat(now);
        if (_deadlineMtu <= now)
            MtuTimedOut(now);
        GiveUpExpired(now);
    }

    /// <summary>Writes the next packet that wants to go.</summary>
    /// <param name="destination">At least <see cref="SctpOptions.MaxPacket"/>; and as much as <see cref="PathChanged"/> was told, or packets stay smaller.</param>
    /// <param name="length">Its length.</param>
    /// <param name="now">The time.</param>
    /// <returns>False: nothing wants to go now.</returns>
    public bool TryTakePacket(Span<byte> destination, out int length, long now)
    {
        length = 0;
        if (State is SctpState.Ended && _control.Count == 0)
            return false;
        length = WriteProbe(destination, now);
        if (length > 0)
            return true;
        // A piece that was cut for larger packets than go now is sent again as it is: the network below cuts it, or it is lost (RFC 9260 §6.9).
        destination = destination[..Math.Min(destination.Length, Math.Max(_packet, LargestLost))];
        Pace(now);
        var at = SctpPacket.HeaderLength;
        while (_control.TryPeek(out var control) && (at + control.Length <= destination.Length || at == SctpPacket.HeaderLength))
        {
            _control.Dequeue();
            control.CopyTo(destination[at..]);
            at += control.Length;
            // RFC 9260 §6.10: INIT and INIT ACK go alone.
            if (control[0] is (byte)SctpChunkType.Init or (byte)SctpChunkType.InitAck)
            {
                length = Finish(destination, at, control[0] == (byte)SctpChunkType.Init ? 0 : _peerTag);
                return true;
            }
        }

        at += WriteSack(destination[at..], now);
        at += WriteForward(destination[at..]);
        at += WriteData(destination[at..], _packet - at, now);
        if (at == SctpPacket.HeaderLength)
            return false;
        length = Finish(destination, at, _peerTag);
        return true;
    }

    /// <summary>The next event.</summary>
    public bool TryTake([NotNullWhen(true)] out SctpEvent? told) => _events.TryDequeue(out told);

    /// <summary>The next message that arrived whole; its owner disposes it.</summary>
    public bool TryReceive(out SctpMessage message)
    {
        if (!_reassembly.TryTake(out message))
            return false;
        // RFC 9260 §6.2: a sender that waits for room is told when there is plenty again.
        if (_toldWindow < _options.ReceiveBuffer / 4 && Window > _options.ReceiveBuffer / 2)
            SackNow();
        return true;
    }

    /// <summary>For tests: how sending goes.</summary>
    internal string Describe() => $"{State}, window {_congestion.Window}, in flight {_inFlight}, lost {_lost}, room there {_peerWindow}, round trip {_srtt}, RTO {_rto}, timeouts {_timeouts}";

    private int Finish(Span<byte> destination, int length, uint tag)
    {
        SctpPacket.WriteHeader(destination, _options.Port, _options.Port, tag);
        SctpPacket.Seal(destination[..length]);
        return length;
    }

    private bool Take(in SctpChunk chunk, long now)
    {
        switch (chunk.Type)
        {
            case SctpChunkType.Data or SctpChunkType.IData when chunk.Type is SctpChunkType.Data || _options.Interleaving:
                return TakeData(chunk, now);
            case SctpChunkType.Sack:
                return TakeSack(chunk, now);
            case SctpChunkType.Init:
                return TakeInit(chunk, now);
            case SctpChunkType.InitAck:
                return TakeInitAck(chunk, now);
            case SctpChunkType.CookieEcho:
                return TakeCookie(chunk, now);
            case SctpChunkType.CookieAck:
                if (State is SctpState.CookieEchoed)
                    Establish(now);
                return true;
            case SctpChunkType.Heartbeat:
                Answer(SctpChunkType.HeartbeatAck, chunk.Value);
                return true;
            case SctpChunkType.HeartbeatAck:
                TakeHeartbeatAck(chunk, now);
                return true;
            case SctpChunkType.Abort:
                End(SctpEnd.Aborted);
                return false;
            case SctpChunkType.Shutdown or SctpChunkType.ShutdownAck or SctpChunkType.ShutdownComplete:
                return TakeShutdown(chunk, now);
            case SctpChunkType.ForwardTsn when !_interleaves:
                return TakeForward(chunk);
            case SctpChunkType.IForwardTsn when _interleaves:
                return TakeIForward(chunk);
            case SctpChunkType.ReConfig:
                return TakeReConfig(chunk, now);
            case SctpChunkType.Error or SctpChunkType.Pad:
                return true;
            default:
                if (chunk.IsReported)
                    Report(chunk);
                return chunk.IsSkippable;
        }
    }

    // RFC 9260 §8.5: every packet carries our tag, but for INIT (0), and for ABORT and SHUTDOWN COMPLETE that reflect the peer's.
    private bool IsForUs(in SctpPacket packet, in SctpChunk chunk) => chunk.Type switch
    {
        SctpChunkType.Init => packet.VerificationTag == 0,
        SctpChunkType.Abort or SctpChunkType.ShutdownComplete when (chunk.Flags & PlainChunk.TagReflected) != 0 => packet.VerificationTag == _peerTag,
        _ => packet.VerificationTag == _tag,
    };

    private void Answer(SctpChunkType type, ReadOnlySpan<byte> value, byte flags = 0)
    {
        // A flood of what wants an answer gets few.
        if (_control.Count >= 64 || value.Length + SctpChunk.HeaderLength + SctpPacket.HeaderLength > _options.MaxPacket)
            return;
        var bytes = new byte[SctpPacket.Padded(SctpChunk.HeaderLength + value.Length)];
        PlainChunk.Write(bytes, type, value, flags);
        _control.Enqueue(bytes);
    }

    // RFC 9260 §3.3.10.6: Unrecognized Chunk Type, with its first bytes.
    private void Report(in SctpChunk chunk)
    {
        Span<byte> cause = [0, 6, 0, 8, (byte)chunk.Type, chunk.Flags, 0, SctpChunk.HeaderLength];
        Answer(SctpChunkType.Error, cause);
    }

    private void End(SctpEnd why)
    {
        if (State is SctpState.Ended)
            return;
        State = SctpState.Ended;
        _deadlineSetup = _deadlineRtx = _deadlineProbe = _deadlineSack = _deadlineHeartbeat = _deadlineReset = _deadlinePace = _deadlineMtu = long.MaxValue;
        _events.Enqueue(new SctpEvent.Ended(why));
    }

    private void Violated()
    {
        Abort(SctpEnd.ProtocolViolation);
    }

    private void Abort(SctpEnd why)
    {
        if (State is SctpState.Ended)
            return;
        _control.Clear();
        if (_peerTag != 0)
            Answer(SctpChunkType.Abort, []);
        End(why);
    }
}
