using Dapari.Wire.V1;

namespace Dapari.Wire.Files;

/// <summary>
/// Where sealed chunks lie in a drop-off's blob: units in a row, each sealed by itself with its number as nonce. In front of the first chunk of each span,
/// of each item and of each page of leaves lies one unit with the pages over it, from the root down, if the item has more than one chunk.
/// <code>
/// [ pages | tag 16 ] [ chunk | tag 16 ] [ chunk | tag 16 ] … [ pages | tag 16 ] [ chunk | tag 16 ] …
/// </code>
/// </summary>
public static class DropOffLayout
{
    /// <summary>What sealing adds to each unit, in bytes: the tag of AES-256-GCM.</summary>
    public const int TagBytes = 16;

    /// <summary>The bytes of a blob that holds spans of a transfer.</summary>
    /// <param name="items">The transfer's items in order; the first is the manifest, of no bytes if there is none.</param>
    /// <param name="spans">Chunks counted through, in the blob's order; what lies beyond the last chunk counts nothing.</param>
    public static ulong Size(IReadOnlyList<FileId> items, IEnumerable<ChunkSpan> spans)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(spans);
        var starts = new long[items.Count + 1];
        for (var i = 0; i < items.Count; i++)
            starts[i + 1] = starts[i] + items[i].Shape.Chunks;
        var size = 0UL;
        foreach (var span in spans)
        {
            var end = (long)Math.Min(span.First + span.Count, (ulong)starts[^1]);
            var at = (long)Math.Min(span.First, (ulong)end);
            for (var item = 0; at < end; item++)
            {
                if (starts[item + 1] <= at)
                    continue;
                var until = Math.Min(end, starts[item + 1]);
                size += Size(items[item].Shape, at - starts[item], until - starts[item]);
                at = until;
            }
        }

        return size;
    }

    private static ulong Size(FileShape shape, long first, long end)
    {
        var bytes = ((end - first - 1) * FileShape.ChunkBytes) + shape.ChunkLength(end - 1) + ((end - first) * TagBytes);
        for (var chunk = first; shape.Levels > 0 && chunk < end; chunk += FileShape.FanOut - (chunk % FileShape.FanOut))
        {
            bytes += TagBytes;
            for (var level = 1; level <= shape.Levels; level++)
                bytes += shape.PageCount(level, FileShape.PageOver(chunk, level)) * TreeHash.Length;
        }

        return (ulong)bytes;
    }
}
