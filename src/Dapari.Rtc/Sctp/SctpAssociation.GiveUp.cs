using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>Messages that are given up, and how the other end is told.</summary>
public sealed partial class SctpAssociation
{
    private void GiveUpExpired(long now)
    {
        if (_nextExpiry > now || !_peerForwards)
            return;
        _nextExpiry = long.MaxValue;
        for (var i = 0u; i < _pieces.Count; i++)
        {
            ref var piece = ref _pieces[unchecked(_pieces.First + i)];
            if (piece.State is PieceState.InFlight or PieceState.Lost && !piece.Message.GivenUp)
                Judge(piece.Message, now);
        }

        foreach (var queue in _out.Values)
        {
            foreach (var message in queue.Waiting.Where(message => !message.GivenUp))
                Judge(message, now);
        }
    }

    private void Judge(OutgoingMessage message, long now)
    {
        if (message.ExpiresAt <= now)
            GiveUp(message);
        else
            _nextExpiry = Math.Min(_nextExpiry, message.ExpiresAt);
    }

    // RFC 3758 §3.5: all pieces of the message.
    private void GiveUp(OutgoingMessage message)
    {
        if (message.GivenUp)
            return;
        message.GivenUp = true;
        // What was begun must have an end for the other side: the rest gets numbers that are forwarded over.
        if (message.Cut > 0 && message.Cut < message.Length)
        {
            _pieces.Add(new Piece { Message = message, Offset = message.Cut, Length = 0, State = PieceState.GivenUp, Order = ++_order });
            message.Pieces++;
            message.Cut = message.Length;
            EndTurn(message);
        }

        for (var i = 0u; i < _pieces.Count; i++)
        {
            var tsn = unchecked(_pieces.First + i);
            ref var piece = ref _pieces[tsn];
            if (piece.Message != message || piece.State is PieceState.Acknowledged or PieceState.GivenUp)
                continue;
            if (piece.State == PieceState.Lost)
                _lost--;
            else
                Landed(tsn, ref piece);
            piece.State = PieceState.GivenUp;
        }

        _forward = true;
    }

    // RFC 3758 §3.5 A2, A3: as far as everything was given up or arrived.
    private int WriteForward(Span<byte> destination)
    {
        if (!_forward || _pieces.Count == 0)
        {
            _forward = false;
            return 0;
        }

        Span<SkippedMessage> skipped = stackalloc SkippedMessage[64];
        var count = 0;
        var through = unchecked(_pieces.First - 1);
        for (var i = 0u; i < _pieces.Count && count < skipped.Length; i++)
        {
            ref var piece = ref _pieces[unchecked(_pieces.First + i)];
            if (piece.State is not (PieceState.GivenUp or PieceState.Acknowledged))
                break;
            // What arrived behind the last one that was given up may be the beginning of a message that goes on: the other end keeps it.
            if (piece.State != PieceState.GivenUp)
                continue;
            through = unchecked(_pieces.First + i);
            if (piece.Message.Delivery.Unordered && !_interleaves)
                continue;
            var next = new SkippedMessage(piece.Message.Stream, piece.Message.Delivery.Unordered, piece.Message.Sequence);
            var known = 0;
            while (known < count && (skipped[known].Stream != next.Stream || skipped[known].Unordered != next.Unordered))
                known++;
            // Of interleaved messages the later one may have been given up before the earlier.
            if (known == count || Tsn.IsAfter(next.Message, skipped[known].Message) || !_interleaves)
                skipped[known] = next;
            count = Math.Max(count, known + 1);
        }

        _forward = false;
        if (through == unchecked(_pieces.First - 1) || destination.Length < 8 + ((_interleaves ? 8 : 4) * count))
            return 0;
        _forwarded = through;
        return WriteForward(destination, through, skipped[..count]);
    }

    private int WriteForward(Span<byte> destination, uint through, ReadOnlySpan<SkippedMessage> skipped)
    {
        if (_interleaves)
            return IForwardTsnChunk.Write(destination, through, skipped);
        Span<(ushort Stream, ushort Sequence)> ordered = stackalloc (ushort, ushort)[skipped.Length];
        for (var i = 0; i < skipped.Length; i++)
            ordered[i] = (skipped[i].Stream, (ushort)skipped[i].Message);
        return ForwardTsnChunk.Write(destination, through, ordered);
    }
}
