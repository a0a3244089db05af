using System.Buffers.Binary;
using System.Numerics;

namespace Dapari.Server.Storage.Journal;

/// <summary>Kinds of records. Numbers are what is written.</summary>
internal enum RecordKind : byte
{
    Post = 1,
    Acknowledged = 2,
    Swept = 3,
    Marks = 4,
}

/// <summary>The records of one commit: a frame that is being made. Of the writer's thread.</summary>
/// <remarks>
/// Numbers are little-endian.
/// <code>
/// post:         1 | mailbox (4) | sequence (4) | posted, ms since 1970 (8) | envelope's id (16) | length (4) | envelope
/// acknowledged: 2 | mailbox (4) | count (2) | sequences (4 each)
/// swept:        3 | mailbox (4) | count (2) | sequences (4 each)
/// marks:        4 | mailbox (4) | highest acknowledged (4) | highest swept (4) | reserved through (4)
/// </code>
/// </remarks>
internal sealed class JournalBatch
{
    /// <summary>A post's bytes beside its envelope.</summary>
    public const int PostOverhead = 37;

    /// <summary>What is kept for the next batch; a larger one was an exception.</summary>
    private const int KeptBytes = 4 * 1024 * 1024;

    private byte[] _bytes = new byte[64 * 1024];
    private int _length;

    public JournalBatch() => Clear();

    public bool IsEmpty => _length == JournalSegment.FrameHeaderLength;

    /// <summary>Of the frame as it would be written now.</summary>
    public int Length => _length;

    public void Clear()
    {
        _length = JournalSegment.FrameHeaderLength;
        if (_bytes.Length > KeptBytes)
            _bytes = new byte[64 * 1024];
    }

    /// <summary>Where in the frame the envelope begins.</summary>
    public int Post(long mailbox, long sequence, long postedMs, ReadOnlySpan<byte> id, ReadOnlySpan<byte> envelope)
    {
        var record = Add(PostOverhead + envelope.Length);
        record[0] = (byte)RecordKind.Post;
        BinaryPrimitives.WriteUInt32LittleEndian(record[1..], (uint)mailbox);
        BinaryPrimitives.WriteUInt32LittleEndian(record[5..], (uint)sequence);
        BinaryPrimitives.WriteInt64LittleEndian(record[9..], postedMs);
        id.CopyTo(record[17..33]);
        BinaryPrimitives.WriteInt32LittleEndian(record[33..], envelope.Length);
        envelope.CopyTo(record[PostOverhead..]);
        return _length - envelope.Length;
    }

    /// <param name="kind">Acknowledged or swept.</param>
    /// <param name="mailbox">The mailbox's number.</param>
    /// <param name="sequences">65,535 at most.</param>
    public void Removed(RecordKind kind, long mailbox, IReadOnlyList<uint> sequences)
    {
        var record = Add(7 + 4 * sequences.Count);
        record[0] = (byte)kind;
        BinaryPrimitives.WriteUInt32LittleEndian(record[1..], (uint)mailbox);
        BinaryPrimitives.WriteUInt16LittleEndian(record[5..], checked((ushort)sequences.Count));
        for (var i = 0; i < sequences.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(record[(7 + 4 * i)..], sequences[i]);
    }

    public void Marks(long mailbox, long acknowledged, long swept, long reserved)
    {
        var record = Add(17);
        record[0] = (byte)RecordKind.Marks;
        BinaryPrimitives.WriteUInt32LittleEndian(record[1..], (uint)mailbox);
        BinaryPrimitives.WriteUInt32LittleEndian(record[5..], (uint)acknowledged);
        BinaryPrimitives.WriteUInt32LittleEndian(record[9..], (uint)swept);
        BinaryPrimitives.WriteUInt32LittleEndian(record[13..], (uint)reserved);
    }

    /// <summary>The finished frame.</summary>
    public ReadOnlySpan<byte> Seal(long number, ulong salt)
    {
        var frame = _bytes.AsSpan(0, _length);
        BinaryPrimitives.WriteInt32LittleEndian(frame, _length - JournalSegment.FrameHeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Checksum(salt, frame[8..]));
        return frame;
    }

    /// <summary>CRC-32C (RFC 3720 §12.1): processors do it eight bytes at a time.</summary>
    public static uint Checksum(ulong salt, ReadOnlySpan<byte> bytes)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, salt);
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }

    private Span<byte> Add(int count)
    {
        if (_length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
