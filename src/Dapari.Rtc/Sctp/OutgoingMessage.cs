namespace Dapari.Rtc.Sctp;

/// <summary>A message that was given to be sent, until all of it is acknowledged or given up; used again for later ones.</summary>
internal sealed class OutgoingMessage
{
    private byte[] _buffer = [];

    public ushort Stream { get; private set; }

    public uint Protocol { get; private set; }

    public int Length { get; private set; }

    public SctpDelivery Delivery { get; private set; }

    public long ExpiresAt { get; private set; }

    /// <summary>In its stream: those without order count by themselves with I-DATA, and not at all with DATA.</summary>
    public uint Sequence { get; set; }

    /// <summary>Pieces that were ever cut.</summary>
    public uint Fragments { get; set; }

    /// <summary>Bytes that were cut into pieces.</summary>
    public int Cut { get; set; }

    /// <summary>Pieces that are not acknowledged.</summary>
    public int Pieces { get; set; }

    public bool GivenUp { get; set; }

    public void Fill(BufferPool pool, ushort stream, uint protocol, ReadOnlySpan<byte> data, in SctpDelivery delivery, long now)
    {
        (Stream, Protocol, Length, Delivery) = (stream, protocol, data.Length, delivery);
        ExpiresAt = delivery.Lifetime > 0 ? now + delivery.Lifetime : long.MaxValue;
        (Sequence, Fragments, Cut, Pieces, GivenUp) = (0, 0, 0, 0, false);
        _buffer = pool.Rent(data.Length);
        data.CopyTo(_buffer);
    }

    public ReadOnlySpan<byte> Bytes(int offset, int length) => _buffer.AsSpan(offset, length);

    public void Release(BufferPool pool)
    {
        pool.Return(_buffer);
        _buffer = [];
    }
}

/// <summary>How far a piece is.</summary>
internal enum PieceState : byte
{
    InFlight = 0,
    Lost,
    Acknowledged,
    GivenUp,
}

/// <summary>One DATA or I-DATA chunk that is not acknowledged for good.</summary>
internal struct Piece
{
    public OutgoingMessage Message;
    public int Offset;

    /// <summary>Its number in the message.</summary>
    public uint Fragment;
    public ushort Length;
    public byte Flags;
    public PieceState State;

    /// <summary>Later pieces that were acknowledged before it.</summary>
    public byte Missing;

    public byte Sent;

    public long SentAt;

    /// <summary>Counts sendings: what was sent later has more.</summary>
    public long Order;

    /// <summary>The TSNs in flight that were sent before and after it.</summary>
    public uint Before;

    /// <inheritdoc cref="Before"/>
    public uint After;
}

/// <summary>The pieces in flight in the order of their sending, linked through <see cref="Piece.Before"/> and <see cref="Piece.After"/>: losses are found at its head.</summary>
internal sealed class FlightOrder(PieceRing pieces)
{
    public int Count { get; private set; }

    /// <summary>Sent the longest ago.</summary>
    public uint Oldest { get; private set; }

    /// <summary>Sent last.</summary>
    public uint Newest { get; private set; }

    public void Add(uint tsn)
    {
        ref var piece = ref pieces[tsn];
        if (Count++ == 0)
            Oldest = tsn;
        else
            (piece.Before, pieces[Newest].After) = (Newest, tsn);
        Newest = tsn;
    }

    public void Remove(uint tsn)
    {
        ref var piece = ref pieces[tsn];
        Count--;
        if (tsn != Oldest)
            pieces[piece.Before].After = piece.After;
        if (tsn != Newest)
            pieces[piece.After].Before = piece.Before;
        if (tsn == Oldest)
            Oldest = piece.After;
        if (tsn == Newest)
            Newest = piece.Before;
    }
}

/// <summary>Pieces by TSN, in a ring that grows.</summary>
internal sealed class PieceRing(uint first)
{
    private Piece[] _pieces = new Piece[256];

    /// <summary>The oldest TSN that is not acknowledged.</summary>
    public uint First { get; private set; } = first;

    public int Count { get; private set; }

    /// <summary>The TSN that the next piece gets.</summary>
    public uint Next => unchecked(First + (uint)Count);

    public ref Piece this[uint tsn] => ref _pieces[tsn & (uint)(_pieces.Length - 1)];

    public uint Add(in Piece piece)
    {
        if (Count == _pieces.Length)
        {
            var larger = new Piece[_pieces.Length * 2];
            for (var i = 0u; i < Count; i++)
                larger[unchecked(First + i) & (uint)(larger.Length - 1)] = this[unchecked(First + i)];
            _pieces = larger;
        }

        var tsn = Next;
        this[tsn] = piece;
        Count++;
        return tsn;
    }

    public void RemoveFirst()
    {
        this[First] = default;
        First = unchecked(First + 1);
        Count--;
    }
}
