using System.Buffers;
using Dapari.Server.Blobs.Places;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// Appends to a drop-off in a store. Bytes are gathered until a piece is whole, which is sent while the next one comes in; at the end the last is sent
/// as it is. An upload that goes on amid a piece has that piece's beginning read back first, and replaces it by a longer one under another name.
/// </summary>
internal sealed class S3Writer : IBlobWriter
{
    private readonly S3Place _place;
    private readonly string _folder;
    private readonly long _reserved;
    private readonly List<Piece> _pieces = [];
    private long _left;
    private string? _short;
    private bool _isShortReplaced;

    /// <param name="place">Where to.</param>
    /// <param name="folder">The drop-off's.</param>
    /// <param name="received">Of it so far.</param>
    /// <param name="length">About to come.</param>
    /// <param name="reserved">Bytes of memory that were granted, and are given back at the end.</param>
    public S3Writer(S3Place place, string folder, long received, long length, long reserved)
    {
        (_place, _folder, _left, _reserved) = (place, folder, length, reserved);
        if (received % S3Names.PieceBytes is > 0 and var there)
        {
            _short = S3Names.Piece(folder, received / S3Names.PieceBytes, (int)there);
            _pieces.Add(new Piece(received / S3Names.PieceBytes, Rent((int)there)) { Length = (int)there });
        }
    }

    public long KeepEvery => 1;

    /// <summary>One piece is on its way, one comes in. What a connection gives at once fits behind it.</summary>
    public long KeepBehind => (2 * S3Names.PieceBytes) - (1 << 20);

    /// <summary>The object to read back first; null: none.</summary>
    public string? Short => _short;

    /// <summary>Where to.</summary>
    public Memory<byte> ShortBytes => _pieces[0].Buffer.AsMemory(0, _pieces[0].Length);

    public long Whole(long position) => position - (position % S3Names.PieceBytes);

    public ValueTask WriteAsync(ReadOnlySequence<byte> bytes, long position)
    {
        while (!bytes.IsEmpty)
        {
            if (_pieces.Count == 0 || _pieces[^1].Length == S3Names.PieceBytes)
                _pieces.Add(new Piece(position / S3Names.PieceBytes, Rent(0)));
            var piece = _pieces[^1];
            var part = bytes.Slice(0, Math.Min(bytes.Length, S3Names.PieceBytes - piece.Length));
            part.CopyTo(piece.Buffer.AsSpan(piece.Length));
            piece.Length += (int)part.Length;
            position += part.Length;
            _left -= part.Length;
            bytes = bytes.Slice(part.End);
        }

        return ValueTask.CompletedTask;
    }

    public async Task FlushAsync(long position)
    {
        // Before the first wait: what is written meanwhile goes to other pieces.
        var due = _pieces.TakeWhile(piece => piece.Number * S3Names.PieceBytes < position).ToList();
        _pieces.RemoveRange(0, due.Count);
        try
        {
            foreach (var piece in due)
            {
                await _place.PutAsync(S3Names.Piece(_folder, piece.Number, piece.Length), piece.Buffer.AsMemory(0, piece.Length));
                _isShortReplaced |= _short is not null;
            }
        }
        finally
        {
            due.ForEach(piece => ArrayPool<byte>.Shared.Return(piece.Buffer));
        }
    }

    public void Kept()
    {
        if (!_isShortReplaced || _short is null)
            return;
        _place.Forget(_short);
        _short = null;
    }

    public ValueTask DisposeAsync()
    {
        _pieces.ForEach(piece => ArrayPool<byte>.Shared.Return(piece.Buffer));
        _pieces.Clear();
        _place.GiveBack(_reserved);
        return ValueTask.CompletedTask;
    }

    /// <summary>A buffer for what is there of a piece and what may come: a small file takes little.</summary>
    private byte[] Rent(int there) => ArrayPool<byte>.Shared.Rent((int)Math.Min(S3Names.PieceBytes, there + _left));

    private sealed class Piece(long number, byte[] buffer)
    {
        public long Number => number;

        public byte[] Buffer => buffer;

        public int Length { get; set; }
    }
}
