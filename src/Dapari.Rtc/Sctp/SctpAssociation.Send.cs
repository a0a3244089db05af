using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>Messages in, packets out; streams that this end resets.</summary>
public sealed partial class SctpAssociation
{
    private readonly Dictionary<ushort, OutStream> _out = [];
    private readonly Queue<OutStream> _turns = [];
    private readonly Stack<OutgoingMessage> _spare = [];
    private readonly BufferPool _pool;
    private readonly PieceRing _pieces;
    private readonly FlightOrder _flight;
    private uint _lostFrom;
    private readonly HashSet<ushort> _toReset = [];
    private readonly List<ushort> _resetting = [];
    private OutgoingMessage? _cutting;
    private uint _resetRequest;
    private int _resetTries;
    private long _deadlineReset = long.MaxValue;
    private bool _forward;
    private long _nextExpiry = long.MaxValue;
    private long _order;

    /// <summary>Takes a message to be sent; its bytes are copied.</summary>
    public SctpSend Send(ushort stream, uint protocol, ReadOnlySpan<byte> message, SctpDelivery delivery, long now)
    {
        if (State is SctpState.Ended or SctpState.ShutdownPending or SctpState.ShutdownSent or SctpState.ShutdownReceived or SctpState.ShutdownAckSent)
            return SctpSend.Closed;
        if (message.IsEmpty || message.Length > _options.MaxMessage)
            return SctpSend.BadLength;
        if (stream >= (_peerStreams == 0 ? _options.Streams : _peerStreams) || _toReset.Contains(stream) || _resetting.Contains(stream))
            return SctpSend.BadStream;
        if (Buffered + message.Length > _options.SendBuffer && Buffered > 0)
            return SctpSend.Full;
        if (!_out.TryGetValue(stream, out var queue))
            _out.Add(stream, queue = new OutStream(stream));
        if (!_spare.TryPop(out var made))
            made = new OutgoingMessage();
        made.Fill(_pool, stream, protocol, message, delivery, now);
        queue.Waiting.Enqueue(made);
        TakesTurns(queue);
        queue.Unacknowledged++;
        queue.Buffered += message.Length;
        Buffered += message.Length;
        _nextExpiry = Math.Min(_nextExpiry, made.ExpiresAt);
        return SctpSend.Accepted;
    }

    /// <summary>Bytes of a stream that were accepted to be sent and are not acknowledged.</summary>
    public long BufferedOf(ushort stream) => _out.TryGetValue(stream, out var queue) ? queue.Buffered : 0;

    /// <summary>Resets an outgoing stream once all of it is acknowledged (RFC 6525); nothing more is taken for it until <see cref="SctpEvent.OutgoingReset"/>.</summary>
    public void ResetStream(ushort stream, long now)
    {
        if (State is SctpState.Ended || stream >= _options.Streams || _resetting.Contains(stream) || !_toReset.Add(stream))
            return;
        ResetIfDone(now);
    }

    private int DataOverhead => _interleaves ? IDataChunk.Overhead : DataChunk.Overhead;

    // The packet that the next lost piece needs.
    private int LargestLost
    {
        get
        {
            if (_lost == 0)
                return 0;
            while (_pieces[_lostFrom].State != PieceState.Lost && Tsn.IsAfter(_pieces.Next, _lostFrom))
                _lostFrom = unchecked(_lostFrom + 1);
            return SctpPacket.HeaderLength + SctpPacket.Padded(DataOverhead + _pieces[_lostFrom].Length);
        }
    }

    private bool HasDataToSend(long now)
    {
        _ = now;
        return State is SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownReceived
            && (_lost > 0 || ((_cutting is not null || _turns.Count > 0) && Math.Min(Room, _peerWindow) > 0));
    }

    private int WriteData(Span<byte> destination, int ordinary, long now)
    {
        if (State is not (SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownReceived))
            return 0;
        var at = 0;
        if (_lost > 0)
            at += WriteLost(destination, now);
        destination = destination[..Math.Max(at, Math.Min(destination.Length, ordinary))];
        while (destination.Length - at > DataOverhead && _pieces.Count < ushort.MaxValue / 2 && NextToCut() is { } message)
        {
            var room = destination.Length - at - DataOverhead;
            var left = message.Length - message.Cut;
            var size = Math.Min(left, room);
            // No crumbs: the rest of a packet is filled only when it takes a fair piece.
            if (size < left && at > 0 && room < 256)
                break;
            // RFC 9260 §6.1: with no room there and nothing under way one piece asks for room.
            if (_inFlight > 0 && size > Math.Min(Room, _peerWindow))
                break;
            at += Cut(destination[at..], message, size, now);
        }

        return at;
    }

    private int Cut(Span<byte> destination, OutgoingMessage message, int size, long now)
    {
        if (message.Cut == 0 && (_interleaves || !message.Delivery.Unordered))
            message.Sequence = _out[message.Stream].TakeSequence(message.Delivery.Unordered);
        byte flags = 0;
        if (message.Delivery.Unordered)
            flags |= DataChunk.Unordered;
        if (message.Cut == 0)
            flags |= DataChunk.Beginning;
        if (message.Cut + size == message.Length)
            flags |= DataChunk.Ending;
        var piece = new Piece { Message = message, Offset = message.Cut, Fragment = message.Fragments++, Length = (ushort)size, Flags = flags, State = PieceState.InFlight, Sent = 1, SentAt = now, Order = ++_order };
        var tsn = _pieces.Add(piece);
        _flight.Add(tsn);
        message.Cut += size;
        message.Pieces++;
        Sent(size);
        _peerWindow -= size;
        // With I-DATA every stream has its turn after a piece, without it after a message.
        if (message.Cut == message.Length || _interleaves)
            EndTurn(message);
        // The last one of all: its acknowledgement should not wait for a second packet.
        if (_cutting is null && _turns.Count == 0)
            flags |= DataChunk.Immediate;
        Armed(now);
        return Write(destination, flags, tsn, piece);
    }

    private int Write(Span<byte> destination, byte flags, uint tsn, in Piece piece)
    {
        var message = piece.Message;
        var data = message.Bytes(piece.Offset, piece.Length);
        return _interleaves
            ? IDataChunk.Write(destination, flags, tsn, message.Stream, message.Sequence, piece.Fragment == 0 ? message.Protocol : piece.Fragment, data)
            : DataChunk.Write(destination, flags, tsn, message.Stream, (ushort)message.Sequence, message.Protocol, data);
    }

    private int WriteLost(Span<byte> destination, long now)
    {
        var at = 0;
        if (Tsn.IsAfter(_pieces.First, _lostFrom))
            _lostFrom = _pieces.First;
        for (; _lost > 0 && Tsn.IsAfter(_pieces.Next, _lostFrom); _lostFrom = unchecked(_lostFrom + 1))
        {
            var tsn = _lostFrom;
            ref var piece = ref _pieces[tsn];
            if (piece.State != PieceState.Lost)
                continue;
            if (destination.Length - at < SctpPacket.Padded(DataOverhead + piece.Length))
                break;
            // RFC 9260 §7.2.4: the first packet of what is sent again does not wait for the window.
            if (_inFlight > 0 && piece.Length > Room && !_urgent)
                break;
            var delivery = piece.Message.Delivery;
            if (_peerForwards && (now >= piece.Message.ExpiresAt || piece.Sent > delivery.MaxRetransmits))
            {
                GiveUp(piece.Message);
                continue;
            }

            (piece.State, piece.Missing, piece.SentAt, piece.Order) = (PieceState.InFlight, 0, now, ++_order);
            piece.Sent = (byte)Math.Min(piece.Sent + 1, byte.MaxValue);
            _lost--;
            _flight.Add(tsn);
            Sent(piece.Length);
            at += Write(destination[at..], (byte)(piece.Flags | DataChunk.Immediate), tsn, piece);
        }

        if (at > 0)
        {
            _urgent = false;
            Armed(now);
        }

        return at;
    }

    // Streams in turns: a message each, or a piece each (RFC 8260).
    private OutgoingMessage? NextToCut()
    {
        while (_cutting is null && _turns.TryDequeue(out var queue))
        {
            queue.HasTurn = false;
            if (queue.Begun is null && !queue.Waiting.TryDequeue(out queue.Begun))
                continue;
            if (!queue.Begun.GivenUp)
            {
                _cutting = queue.Begun;
                continue;
            }

            if (queue.Begun.Cut == 0)
                Finished(queue.Begun);
            queue.Begun = null;
            TakesTurns(queue);
        }

        return _cutting;
    }

    private void TakesTurns(OutStream queue)
    {
        // The one whose turn it is comes back by itself.
        if (queue.HasTurn || (_cutting is not null && queue.Begun == _cutting) || (queue.Begun is null && queue.Waiting.Count == 0))
            return;
        queue.HasTurn = true;
        _turns.Enqueue(queue);
    }

    private void EndTurn(OutgoingMessage message)
    {
        var queue = _out[message.Stream];
        if (_cutting == message)
            _cutting = null;
        if (message.Cut == message.Length && queue.Begun == message)
            queue.Begun = null;
        TakesTurns(queue);
    }

    private void Finished(OutgoingMessage message)
    {
        Buffered -= message.Length;
        var queue = _out[message.Stream];
        queue.Unacknowledged--;
        queue.Buffered -= message.Length;
        message.Release(_pool);
        _spare.Push(message);
    }

    private void ResetIfDone(long now)
    {
        if (_resetting.Count > 0 || _toReset.Count == 0 || State is not SctpState.Established)
            return;
        foreach (var stream in _toReset.Where(stream => !_out.TryGetValue(stream, out var queue) || queue.Unacknowledged == 0).Take(ReConfigChunk.MaxStreams).ToList())
        {
            _toReset.Remove(stream);
            _resetting.Add(stream);
        }

        if (_resetting.Count == 0)
            return;
        _resetTries = 0;
        AskReset(now);
    }

    private void AskReset(long now)
    {
        if (_resetting.Count == 0)
        {
            _deadlineReset = long.MaxValue;
            return;
        }

        if (++_resetTries > _options.MaxRetransmits)
        {
            Abort(SctpEnd.TimedOut);
            return;
        }

        var bytes = new byte[SctpPacket.Padded(8 + 12 + (2 * _resetting.Count))];
        ReConfigChunk.WriteReset(bytes, _resetRequest, _peerReset, unchecked(_pieces.Next - 1), _resetting.ToArray());
        if (_control.Count < 64)
            _control.Enqueue(bytes);
        _deadlineReset = now + Math.Min(_rto << Math.Min(_resetTries, 6), _options.MaxRto);
    }

    private void Responded(uint request, uint result, long now)
    {
        if (request != _resetRequest || _resetting.Count == 0)
            return;
        if (result == ReConfigChunk.InProgress)
        {
            // It lacks something that is on its way: asked again when the timer says so.
            _resetTries = 0;
            return;
        }

        foreach (var stream in _resetting)
        {
            if (_out.TryGetValue(stream, out var queue))
                queue.Restart();
            _events.Enqueue(new SctpEvent.OutgoingReset(stream));
        }

        _resetting.Clear();
        _resetRequest = unchecked(_resetRequest + 1);
        _deadlineReset = long.MaxValue;
        ResetIfDone(now);
    }

    private sealed class OutStream(ushort id)
    {
        private uint _nextOrdered;
        private uint _nextUnordered;

        /// <summary>The message of which pieces were cut, and more are to be.</summary>
        public OutgoingMessage? Begun;

        public ushort Id { get; } = id;

        /// <summary>Whether it stands among those that wait for their turn.</summary>
        public bool HasTurn { get; set; }

        public Queue<OutgoingMessage> Waiting { get; } = [];

        public int Unacknowledged { get; set; }

        public long Buffered { get; set; }

        // DATA takes the lower 16 bits of it.
        public uint TakeSequence(bool unordered)
        {
            ref var next = ref unordered ? ref _nextUnordered : ref _nextOrdered;
            return unchecked(next++);
        }

        public void Restart() => (_nextOrdered, _nextUnordered) = (0, 0);
    }
}
