using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.DropOffs;

/// <summary>Where everything lies in a drop-off's blob (docs/protocol/files.md, "Drop-offs"): runs of chunks of one item under one page of leaves, each behind its pages.</summary>
internal sealed class DropOffPlan
{
    private readonly long[] _starts;

    /// <param name="items">The transfer's, in order; the first is the manifest.</param>
    /// <param name="spans">Chunks counted through, in the blob's order.</param>
    public DropOffPlan(IReadOnlyList<FileId> items, IEnumerable<ChunkSpan> spans)
    {
        _starts = new long[items.Count + 1];
        for (var i = 0; i < items.Count; i++)
            _starts[i + 1] = _starts[i] + items[i].Shape.Chunks;
        var runs = new List<DropOffRun>();
        var unit = 0L;
        var number = 0;
        foreach (var span in spans)
        {
            var end = (long)Math.Min(span.First + span.Count, (ulong)_starts[^1]);
            var item = 0;
            for (var at = (long)Math.Min(span.First, (ulong)end); at < end;)
            {
                while (_starts[item + 1] <= at)
                    item++;
                var first = at - _starts[item];
                var shape = items[item].Shape;
                var count = Math.Min(Math.Min(end, _starts[item + 1]) - at, FileShape.FanOut - (first % FileShape.FanOut));
                var pages = Enumerable.Range(1, shape.Levels).Sum(level => shape.PageCount(level, FileShape.PageOver(first, level)) * TreeHash.Length);
                var run = new DropOffRun(item, shape, first, first + count, unit, Size, pages, number);
                runs.Add(run);
                unit += count + (pages > 0 ? 1 : 0);
                Size = run.ChunkEnd(run.End - 1);
                at += count;
            }

            number++;
        }

        Runs = runs;
    }

    /// <summary>In the blob's order.</summary>
    public IReadOnlyList<DropOffRun> Runs { get; }

    /// <summary>Of the whole blob, in bytes.</summary>
    public long Size { get; }

    /// <summary>Bytes of chunks that are whole below an offset.</summary>
    public ulong BytesBelow(long offset) => (ulong)Below(offset).Sum(one => ((one.Whole - 1) * FileShape.ChunkBytes) + one.Run.Shape.ChunkLength(one.Run.First + one.Whole - 1));

    /// <summary>The spans of chunks that are whole below an offset. Two spans stay two: between them lie pages.</summary>
    public IReadOnlyList<ChunkSpan> SpansBelow(long offset)
    {
        var spans = new List<ChunkSpan>();
        var last = -1;
        foreach (var (run, whole) in Below(offset))
        {
            if (run.Span == last)
                spans[^1].Count += (ulong)whole;
            else
                spans.Add(new ChunkSpan { First = (ulong)(_starts[run.Item] + run.First), Count = (ulong)whole });
            last = run.Span;
        }

        return spans;
    }

    private IEnumerable<(DropOffRun Run, long Whole)> Below(long offset)
    {
        foreach (var run in Runs)
        {
            var whole = run.WholeBelow(offset);
            if (whole > 0)
                yield return (run, whole);
            if (whole < run.End - run.First)
                yield break;
        }
    }
}

/// <summary>Chunks of one item under one page of leaves, in a row.</summary>
/// <param name="Item">Which item.</param>
/// <param name="Shape">The item's.</param>
/// <param name="First">Its first chunk.</param>
/// <param name="End">The chunk behind its last.</param>
/// <param name="Unit">Number of its first unit: that of the pages, if there are any.</param>
/// <param name="Offset">Where that begins.</param>
/// <param name="Pages">Bytes of the pages before sealing; 0: the item has none.</param>
/// <param name="Span">Of which span.</param>
internal sealed record DropOffRun(int Item, FileShape Shape, long First, long End, long Unit, long Offset, int Pages, int Span)
{
    /// <summary>Where a sealed chunk begins.</summary>
    public long ChunkOffset(long chunk) => Offset + (Pages > 0 ? Pages + DropOffLayout.TagBytes : 0) + ((chunk - First) * (FileShape.ChunkBytes + DropOffLayout.TagBytes));

    /// <summary>Where it ends.</summary>
    public long ChunkEnd(long chunk) => ChunkOffset(chunk) + Shape.ChunkLength(chunk) + DropOffLayout.TagBytes;

    /// <summary>A chunk's number among the units.</summary>
    public long ChunkUnit(long chunk) => Unit + (Pages > 0 ? 1 : 0) + chunk - First;

    /// <summary>How many of its chunks are whole below an offset.</summary>
    public long WholeBelow(long offset) => offset >= ChunkEnd(End - 1)
        ? End - First
        : Math.Clamp((offset - ChunkOffset(First)) / (FileShape.ChunkBytes + DropOffLayout.TagBytes), 0, End - First - 1);
}
