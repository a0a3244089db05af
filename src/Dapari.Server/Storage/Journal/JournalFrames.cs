using System.Buffers.Binary;

namespace Dapari.Server.Storage.Journal;

/// <summary>Finds the frames of a segment that was read as a whole.</summary>
internal static class JournalFrames
{
    /// <summary>A frame begins here, whole, and is the one that is expected.</summary>
    public static bool TryRead(ReadOnlySpan<byte> segment, int start, long number, ulong salt, out ReadOnlySpan<byte> records)
    {
        records = default;
        if (!IsPlausible(segment, start, out var length, out var found) || found != number)
            return false;
        var frame = segment.Slice(start + 8, length + 8);
        if (JournalBatch.Checksum(salt, frame) != BinaryPrimitives.ReadUInt32LittleEndian(segment[(start + 4)..]))
            return false;
        records = frame[8..];
        return true;
    }

    /// <summary>
    /// Whether a whole frame of a number at or after the given one is anywhere from there on. One frame is on its way to the disk at a time: what follows
    /// a torn one is no frame, and if it is, then the disk has spoilt what was durable.
    /// </summary>
    public static bool IsAnyAfter(ReadOnlySpan<byte> segment, int start, long number, ulong salt)
    {
        for (var at = start; at < segment.Length; at++)
        {
            var zeros = segment[at..].IndexOfAnyExcept((byte)0);
            if (zeros < 0)
                return false;
            at = Math.Max(at, at + zeros - 3); // A length's low bytes may be zero.
            if (IsPlausible(segment, at, out _, out var found) && found >= number && found - number < 1L << 40 && TryRead(segment, at, found, salt, out _))
                return true;
        }

        return false;
    }

    private static bool IsPlausible(ReadOnlySpan<byte> segment, int start, out int length, out long number)
    {
        (length, number) = (0, 0);
        if (segment.Length - start <= JournalSegment.FrameHeaderLength)
            return false;
        length = BinaryPrimitives.ReadInt32LittleEndian(segment[start..]);
        number = BinaryPrimitives.ReadInt64LittleEndian(segment[(start + 8)..]);
        return length > 0 && length <= segment.Length - start - JournalSegment.FrameHeaderLength;
    }
}
