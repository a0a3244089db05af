using System.Buffers.Binary;
using Dapari.Server.Storage.Journal;

namespace Dapari.Server.Storage;

/// <summary>An envelope that the journal holds and the database does not: 64 bytes of memory with its share of the lists.</summary>
/// <param name="Sequence">In its mailbox.</param>
/// <param name="Length">Of the envelope; -1: it was removed.</param>
/// <param name="PostedMs">By the server's clock.</param>
/// <param name="Id">The envelope's.</param>
/// <param name="Segment">Where it lies; null: not durable yet, and nobody's to read.</param>
/// <param name="Offset">Where in the segment the envelope begins; while there is none: where in the frame.</param>
internal readonly record struct FreshEntry(uint Sequence, int Length, long PostedMs, UInt128 Id, JournalSegment? Segment, int Offset)
{
    public bool IsRemoved => Length < 0;

    public byte[] IdBytes()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Id);
        return bytes;
    }

    public static UInt128 ReadId(ReadOnlySpan<byte> id) => BinaryPrimitives.ReadUInt128BigEndian(id);
}
