using Dapari.Wire.Files;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// Records of one direction of a lane as they come from a stream, in whatever parts: bytes go in, messages come out. Holds two of the longest records, whatever comes. One owner.
/// </summary>
/// <param name="seal">Of what comes; stays its owner's.</param>
internal sealed class LaneReader(LaneSeal seal)
{
    /// <summary>The longest message.</summary>
    public const int MostMessage = FileChannelCodec.PieceHeader + FileShape.ChunkBytes;

    private const int MostRecord = MostMessage + LaneSeal.Overhead;
    private readonly byte[] _buffer = new byte[2 * MostRecord];
    private int _start;
    private int _end;

    /// <summary>Whether something came that may not come: the lane is over, and nothing behind it is read.</summary>
    public bool IsOver { get; private set; }

    /// <summary>How many bytes lack to the end of the next record, at least 1; while its length has not come, to that. Asked when there is no whole one.</summary>
    public int Missing => Whole is { } record ? record - (_end - _start) : LaneSeal.HeaderBytes - (_end - _start);

    private int? Whole => LaneSeal.TryReadLength(_buffer.AsSpan(_start, _end - _start), MostMessage, out var length) && length is { } bytes ? bytes + LaneSeal.Overhead : null;

    /// <summary>How long the next message is; null: it is not here in whole, or the lane is over.</summary>
    public int? Next()
    {
        if (IsOver)
            return null;
        IsOver = !LaneSeal.TryReadLength(_buffer.AsSpan(_start, _end - _start), MostMessage, out var length);
        return !IsOver && length is { } bytes && bytes + LaneSeal.Overhead <= _end - _start ? bytes : null;
    }

    /// <summary>Opens the next message, after <see cref="Next"/> has said how long it is; false: it is not what the other end sent next.</summary>
    /// <param name="message">As long as that; cleared if it is refused.</param>
    public bool TryOpen(Span<byte> message)
    {
        var record = message.Length + LaneSeal.Overhead;
        IsOver = IsOver || !seal.TryOpen(_buffer.AsSpan(_start, record), message);
        _start += record;
        return !IsOver;
    }

    /// <summary>Where the next bytes go: always room for one at least, when there is no whole record.</summary>
    public Memory<byte> Room()
    {
        // Moved only when what is missing would not fit behind it.
        if (_start > 0 && (_start == _end || _buffer.Length - _start < MostRecord))
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes are in the room.</summary>
    public void Add(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _end);
        _end += bytes;
    }
}
