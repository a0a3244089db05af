using System.Buffers;

namespace Dapari.Rtc.Sctp;

/// <summary>A message that was given to be sent, until all of it is acknowledged or given up.</summary>
internal sealed class OutgoingMessage(ushort stream, uint protocol, ReadOnlySpan<byte> data, SctpDelivery delivery, long now)
{
    private readonly byte[] _buffer = Copy(data);

    public ushort Stream { get; } = stream;

    public uint Protocol { get; } = protocol;

    public int Length { get; } = data.Length;

    public SctpDelivery Delivery { get; } = delivery;

    public long ExpiresAt { get; } = delivery.Lifetime > 0 ? now + delivery.Lifetime : long.MaxValue;

    public ushort Sequence { get; set; }

    /// <summary>Bytes that were cut into pieces.</summary>
    public int Cut { get; set; }

    /// <summary>Pieces that are not acknowledged.</summary>
    public int Pieces { get; set; }

    public bool GivenUp { get; set; }

    public ReadOnlySpan<byte> Bytes(int offset, int length) => _buffer.AsSpan(offset, length);

    public void Release() => ArrayPool<byte>.Shared.Return(_buffer);

    private static byte[] Copy(ReadOnlySpan<byte> data)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(buffer);
        return buffer;
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

/// <summary>One DATA chunk that is not acknowledged for good.</summary>
internal struct Piece
{
    public OutgoingMessage Message;
    public int Offset;
    public ushort Length;
    public byte Flags;
    public PieceState State;

    /// <summary>Later pieces that were acknowledged before it.</summary>
    public byte Missing;

    public byte Sent;

    public long SentAt;

    /// <summary>Counts sendings: what was sent later has more.</summary>
    public long Order;
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
