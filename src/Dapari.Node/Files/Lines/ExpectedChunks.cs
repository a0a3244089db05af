using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.Lines;

/// <summary>What may arrive by a channel: the ranges that the engine asked for. Safe for threads.</summary>
internal sealed class ExpectedChunks
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TransferId, List<(int Item, long First, long End)>> _ranges = [];

    /// <summary>These may come.</summary>
    public void Add(TransferId transfer, ChunkRange range)
    {
        lock (_lock)
        {
            if (!_ranges.TryGetValue(transfer, out var ranges))
                _ranges.Add(transfer, ranges = []);
            ranges.Add(((int)range.Item, range.First, (long)range.First + range.Count));
        }
    }

    /// <summary>None of the transfer's may any more.</summary>
    public void Clear(TransferId transfer)
    {
        lock (_lock)
            _ranges.Remove(transfer);
    }

    /// <summary>Whether a chunk may come.</summary>
    public bool Has(TransferId transfer, int item, long chunk)
    {
        lock (_lock)
            return _ranges.TryGetValue(transfer, out var ranges) && Find(ranges, item, chunk) >= 0;
    }

    /// <summary>A chunk of an item that may come; null: none.</summary>
    public long? Any(TransferId transfer, int item)
    {
        lock (_lock)
        {
            var at = _ranges.TryGetValue(transfer, out var ranges) ? ranges.FindIndex(one => one.Item == item) : -1;
            return at < 0 ? null : ranges![at].First;
        }
    }

    /// <summary>It came: it may not come again. False: it might not come at all.</summary>
    public bool TryTake(TransferId transfer, int item, long chunk)
    {
        lock (_lock)
        {
            if (!_ranges.TryGetValue(transfer, out var ranges) || Find(ranges, item, chunk) is not (>= 0 and var at))
                return false;
            var (_, first, end) = ranges[at];
            ranges.RemoveAt(at);
            if (chunk + 1 < end)
                ranges.Insert(at, (item, chunk + 1, end));
            if (first < chunk)
                ranges.Insert(at, (item, first, chunk));
            return true;
        }
    }

    private static int Find(List<(int Item, long First, long End)> ranges, int item, long chunk) =>
        ranges.FindIndex(one => one.Item == item && one.First <= chunk && chunk < one.End);
}
