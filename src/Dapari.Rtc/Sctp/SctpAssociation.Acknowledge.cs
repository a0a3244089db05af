using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>What the other end says that it has: round trips, losses, timers.</summary>
public sealed partial class SctpAssociation
{
    // RFC 9260 §7.2.4: reports of later pieces after which one counts as lost. Counted by the order of sending, so that a repeat can be missed too (as RFC 8985).
    private const int MissingReports = 3;

    // A report of so many gaps may have more that found no room (20 are told by dcsctp, 200 by this library): behind its last block nothing counts as missing.
    private const int FewBlocks = 16;

    private readonly SctpCongestion _congestion;
    private readonly LossJudge _judge = new();
    private long _inFlight;
    private int _lost;
    private bool _urgent;
    private long _srtt;
    private long _rttvar;
    private long _rto;
    private int _probes;
    private long _recoveryOrder;
    private uint? _forwarded;
    private List<(uint First, uint Last)> _blocks = [];
    private List<(uint First, uint Last)> _newBlocks = [];

    // Proportional rate reduction (RFC 6937 §3): what may go while a loss is being repaired, so that what the losses freed does not go all at once.
    private bool _recovering;
    private long _recoverFlight;
    private long _prrDelivered;
    private long _prrSent;
    private long _prrLately;

    private long _tokens = long.MaxValue / 2;
    private long _pacedAt;
    private long _deadlinePace = long.MaxValue;
    private long _deadlineRtx = long.MaxValue;
    private long _deadlineProbe = long.MaxValue;

    private bool TakeSack(in SctpChunk chunk, long now)
    {
        if (!SackChunk.TryRead(chunk, out var sack))
            return true;
        // RFC 9260 §6.2.1: an old one, or one for what was never sent.
        if (Tsn.IsAfter(sack.CumulativeTsn, unchecked(_pieces.Next - 1)) || Tsn.IsAfter(unchecked(_pieces.First - 1), sack.CumulativeTsn))
            return true;
        var (bytes, newest, sample) = (0, 0L, 0L);
        Acknowledge(sack.CumulativeTsn, now, ref bytes, ref newest, ref sample);
        TakeBlocks(sack, now, ref bytes, ref newest, ref sample);

        // RFC 9260 §6.2.1: the window counts from the cumulative TSN.
        _peerWindow = Math.Max(0, (long)sack.ReceiveWindow - _inFlight);
        if (sample > 0)
            Measured(sample, now);
        if (newest > 0)
        {
            (_timeouts, _probes) = (0, 0);
            if (newest > _recoveryOrder)
                _recovering = false;
            (_prrDelivered, _prrLately) = (_prrDelivered + bytes, bytes);
            CountMissing(newest, sack.Blocks < FewBlocks ? _pieces.Next : unchecked(sack.CumulativeTsn + sack[sack.Blocks - 1].End), bytes, now);
            if (_congestion.IsSlowStart && _judge.IsQueueing)
                _congestion.EndSlowStart();
            if (!_recovering)
                _congestion.Acknowledged(bytes, _srtt, now);
        }

        // What the other end had, and threw away for want of room (RFC 9260 §6.2.1 D iii).
        if (_pieces.Count > 0 && _pieces[_pieces.First].State == PieceState.Acknowledged)
        {
            MarkLost(_pieces.First, ref _pieces[_pieces.First]);
        }

        if (_pieces.Count > 0 && _pieces[_pieces.First].State == PieceState.GivenUp && _forwarded != unchecked(_pieces.First - 1))
            _forward |= _pieces[_pieces.First].State == PieceState.GivenUp;
        _deadlineRtx = _deadlineProbe = long.MaxValue;
        Armed(now);
        ResetIfDone(now);
        return true;
    }

    // What the report before this one told already is passed over: reports repeat all gaps, and there may be thousands of pieces between them.
    private void TakeBlocks(in SackChunk sack, long now, ref int bytes, ref long newest, ref long sample)
    {
        var known = 0;
        _newBlocks.Clear();
        for (var i = 0; i < sack.Blocks; i++)
        {
            var (start, end) = sack[i];
            var (tsn, last) = unchecked((sack.CumulativeTsn + start, sack.CumulativeTsn + end));
            if (!Tsn.IsAfter(_pieces.Next, last))
                break;
            _newBlocks.Add((tsn, last));
            while (!Tsn.IsAfter(tsn, last))
            {
                while (known < _blocks.Count && Tsn.IsAfter(tsn, _blocks[known].Last))
                    known++;
                if (known < _blocks.Count && !Tsn.IsAfter(_blocks[known].First, tsn))
                {
                    tsn = unchecked(_blocks[known].Last + 1);
                    continue;
                }

                ref var piece = ref _pieces[tsn];
                if (piece.State is PieceState.InFlight or PieceState.Lost)
                {
                    Got(tsn, ref piece, ref bytes, ref newest, ref sample, now);
                    piece.State = PieceState.Acknowledged;
                }

                tsn = unchecked(tsn + 1);
            }
        }

        (_blocks, _newBlocks) = (_newBlocks, _blocks);
    }

    private void Acknowledge(uint cumulativeTsn, long now)
    {
        var (bytes, newest, sample) = (0, 0L, 0L);
        if (Tsn.IsAfter(_pieces.Next, cumulativeTsn))
            Acknowledge(cumulativeTsn, now, ref bytes, ref newest, ref sample);
        Armed(now);
    }

    private void Acknowledge(uint cumulativeTsn, long now, ref int bytes, ref long newest, ref long sample)
    {
        while (_pieces.Count > 0 && !Tsn.IsAfter(_pieces.First, cumulativeTsn))
        {
            ref var piece = ref _pieces[_pieces.First];
            if (piece.State is not (PieceState.Acknowledged or PieceState.GivenUp))
                Got(_pieces.First, ref piece, ref bytes, ref newest, ref sample, now);
            else if (piece.State == PieceState.GivenUp)
                newest = Math.Max(newest, 1);
            var message = piece.Message;
            _pieces.RemoveFirst();
            if (--message.Pieces == 0 && message.Cut == message.Length)
                Finished(message);
        }
    }

    private void Got(uint tsn, ref Piece piece, ref int bytes, ref long newest, ref long sample, long now)
    {
        if (piece.State == PieceState.Lost)
            _lost--;
        else
            Landed(tsn, ref piece);
        bytes += piece.Length;
        // Karn: what was sent twice measures nothing.
        if (piece.Sent == 1 && piece.Order > newest)
            sample = Math.Max(1, now - piece.SentAt);
        // RFC 8985 §6.2: an answer sooner than any round trip is to a former sending, and says nothing of what was sent since.
        newest = Math.Max(newest, piece.Sent > 1 && now - piece.SentAt < _judge.Shortest ? 1 : piece.Order);
    }

    /// <summary>Bytes that may go now: as the window and the pace have it.</summary>
    private long Room => Math.Min(_tokens, WindowRoom);

    private long WindowRoom
    {
        get
        {
            var window = _congestion.Window;
            if (!_recovering)
                return window - _inFlight;
            return _inFlight > window
                ? (_prrDelivered * window / Math.Max(1, _recoverFlight)) - _prrSent
                : Math.Min(window - _inFlight, Math.Max(_prrDelivered - _prrSent, _prrLately) + _packet);
        }
    }

    // RFC 9002 §7.7: spread over the round trip, a little faster than the window; a burst only of what two milliseconds hold. What a window's worth
    // at once would do to the queue of a slow line is lost, and half of the window with it.
    private void Pace(long now)
    {
        if (_srtt == 0)
        {
            _tokens = long.MaxValue / 2;
            return;
        }

        var rate = (_congestion.IsSlowStart ? 2.0 : 1.25) * _congestion.Window / _srtt;
        var most = Math.Max(16L * _packet, (long)(rate * 2_000));
        _tokens = (long)Math.Min(most, Math.Min(_tokens, most) + (rate * (now - _pacedAt)));
        _pacedAt = now;
        _deadlinePace = _tokens >= _packet || WindowRoom < _packet || (_lost == 0 && _cutting is null && _turns.Count == 0)
            ? long.MaxValue
            : now + 1 + (long)((_packet - _tokens) / rate);
    }

    private void Sent(int bytes)
    {
        _tokens -= bytes;
        _inFlight += bytes;
        _prrSent += bytes;
    }

    private void CountMissing(long newest, uint told, long delivered, long now)
    {
        var (any, before, lost) = (false, _inFlight, 0L);
        var (left, next) = (_flight.Count, _flight.Oldest);
        while (left-- > 0)
        {
            var tsn = next;
            ref var piece = ref _pieces[tsn];
            if (piece.Order >= newest)
                break;
            next = piece.After;
            if (Tsn.IsAfter(tsn, told))
                continue;
            // Three later ones in one report count as three reports: the reports themselves may be lost.
            var missing = piece.Order + MissingReports <= newest ? MissingReports : piece.Missing + 1;
            piece.Missing = (byte)missing;
            if (missing < MissingReports)
                continue;
            Landed(tsn, ref piece);
            MarkLost(tsn, ref piece);
            lost += piece.Length;
            if (piece.Order > _recoveryOrder)
                any = true;
        }

        _judge.Count(delivered, lost, _srtt, now);
        if (!any)
            return;
        _urgent = true;
        if (!_judge.IsCongestion())
            return;
        // One reduction for what was sent before it was known (RFC 9260 §7.2.4, fast recovery).
        _congestion.Lost();
        (_recoveryOrder, _recovering, _recoverFlight) = (_order, true, before);
        _prrDelivered = _prrSent = _prrLately = 0;
    }

    // Not in flight any more, whatever became of it.
    private void Landed(uint tsn, ref Piece piece)
    {
        _inFlight -= piece.Length;
        _flight.Remove(tsn);
    }

    private void MarkLost(uint tsn, ref Piece piece)
    {
        piece.State = PieceState.Lost;
        if (_lost++ == 0 || Tsn.IsAfter(_lostFrom, tsn))
            _lostFrom = tsn;
    }

    // RFC 6298 §2.
    private void Measured(long sample, long now)
    {
        _judge.Measured(sample, now);
        if (_srtt == 0)
        {
            (_srtt, _rttvar) = (sample, sample / 2);
        }
        else
        {
            _rttvar = ((3 * _rttvar) + Math.Abs(_srtt - sample)) / 4;
            _srtt = ((7 * _srtt) + sample) / 8;
        }

        _rto = Math.Clamp(_srtt + Math.Max(4 * _rttvar, 10_000), _options.MinRto, _options.MaxRto);
    }

    private void Armed(long now)
    {
        if (_inFlight == 0 && _lost == 0 && !(_pieces.Count > 0))
        {
            _deadlineRtx = _deadlineProbe = long.MaxValue;
            return;
        }

        if (_deadlineRtx == long.MaxValue)
            _deadlineRtx = now + Math.Min(_rto << Math.Min(_timeouts, 6), _options.MaxRto);
        // The last pieces of a burst have none behind them that tell of their loss: one is sent again early (as RFC 8985 §7).
        if (_deadlineProbe == long.MaxValue && _probes < 2 && _srtt > 0 && _inFlight > 0 && _lost == 0)
            _deadlineProbe = Math.Min(now + (2 * _srtt) + _options.SackDelay + 5_000, _deadlineRtx);
    }

    private void Probe()
    {
        _deadlineProbe = long.MaxValue;
        if (_flight.Count == 0)
            return;
        var tsn = _flight.Newest;
        ref var piece = ref _pieces[tsn];
        Landed(tsn, ref piece);
        MarkLost(tsn, ref piece);
        _probes++;
        _urgent = true;
    }

    // RFC 9260 §6.3.3.
    private void RetransmissionTimedOut(long now)
    {
        _deadlineRtx = _deadlineProbe = long.MaxValue;
        if (_pieces.Count == 0)
            return;
        if (++_timeouts > _options.MaxRetransmits)
        {
            Abort(SctpEnd.TimedOut);
            return;
        }

        _congestion.TimedOut();
        NoticeBlackHole(now);
        (_recoveryOrder, _recovering) = (_order, false);
        while (_flight.Count > 0)
        {
            var tsn = _flight.Oldest;
            ref var piece = ref _pieces[tsn];
            Landed(tsn, ref piece);
            MarkLost(tsn, ref piece);
        }

        _forward = _pieces[_pieces.First].State == PieceState.GivenUp;
        _urgent = true;
        Armed(now);
    }
}
