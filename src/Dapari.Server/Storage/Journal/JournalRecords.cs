using System.Buffers.Binary;

namespace Dapari.Server.Storage.Journal;

/// <summary>Reads the records of a frame whose checksum was right. Call <see cref="TryNext"/>, then the properties of its kind.</summary>
internal ref struct JournalRecords(ReadOnlySpan<byte> records)
{
    private readonly ReadOnlySpan<byte> _records = records;
    private int _next;
    private int _start;

    public RecordKind Kind { get; private set; }

    public long Mailbox { get; private set; }

    /// <summary>Bytes are left that are no record that this build knows.</summary>
    public bool IsMalformed { get; private set; }

    private readonly ReadOnlySpan<byte> Record => _records[_start.._next];

    // A post's.
    public readonly uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(Record[5..]);

    public readonly long PostedMs => BinaryPrimitives.ReadInt64LittleEndian(Record[9..]);

    public readonly ReadOnlySpan<byte> Id => Record[17..33];

    public readonly int EnvelopeLength => Record.Length - JournalBatch.PostOverhead;

    /// <summary>Where among the records the envelope begins.</summary>
    public readonly int EnvelopeStart => _start + JournalBatch.PostOverhead;

    // What was removed.
    public readonly int Count => BinaryPrimitives.ReadUInt16LittleEndian(Record[5..]);

    public readonly uint Removed(int index) => BinaryPrimitives.ReadUInt32LittleEndian(Record[(7 + 4 * index)..]);

    // Marks.
    public readonly uint Acknowledged => BinaryPrimitives.ReadUInt32LittleEndian(Record[5..]);

    public readonly uint Swept => BinaryPrimitives.ReadUInt32LittleEndian(Record[9..]);

    public readonly uint Reserved => BinaryPrimitives.ReadUInt32LittleEndian(Record[13..]);

    public bool TryNext()
    {
        _start = _next;
        var rest = _records[_start..];
        if (rest.IsEmpty)
            return false;
        Kind = (RecordKind)rest[0];
        var length = Kind switch
        {
            RecordKind.Post when rest.Length >= JournalBatch.PostOverhead => JournalBatch.PostOverhead + (long)BinaryPrimitives.ReadUInt32LittleEndian(rest[33..]),
            RecordKind.Acknowledged or RecordKind.Swept when rest.Length >= 7 => 7 + 4L * BinaryPrimitives.ReadUInt16LittleEndian(rest[5..]),
            RecordKind.Marks => 17,
            _ => long.MaxValue,
        };
        if (length > rest.Length)
        {
            IsMalformed = true;
            return false;
        }

        Mailbox = BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]);
        _next = _start + (int)length;
        return true;
    }
}
