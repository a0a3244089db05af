using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>A set of chunks of a transfer, as ranges in order that do not touch. Small while what is in it lies together.</summary>
internal sealed class ChunkSet
{
    private readonly List<(long First, long End)> _ranges = [];

    /// <summary>Ranges that it takes to say the set.</summary>
    public int Ranges => _ranges.Count;

    /// <summary>Chunks in it.</summary>
    public long Count { get; private set; }

    public bool IsEmpty => _ranges.Count == 0;

    public IEnumerable<(long First, long End)> All => _ranges;

    /// <summary>The first chunk that is not in it.</summary>
    public long Prefix => _ranges.Count > 0 && _ranges[0].First == 0 ? _ranges[0].End : 0;

    public static ChunkSet Of(IEnumerable<ChunkSpan> spans)
    {
        var set = new ChunkSet();
        foreach (var span in spans)
            set.Add((long)span.First, (long)(span.First + span.Count));
        return set;
    }

    public IEnumerable<ChunkSpan> Spans() => _ranges.Select(range => new ChunkSpan { First = (ulong)range.First, Count = (ulong)(range.End - range.First) });

    public bool Contains(long chunk)
    {
        var at = Find(chunk);
        return at < _ranges.Count && _ranges[at].First <= chunk;
    }

    /// <summary>The first chunk at or behind a place that is not in the set.</summary>
    public long NextOutside(long from)
    {
        var at = Find(from);
        return at < _ranges.Count && _ranges[at].First <= from ? _ranges[at].End : from;
    }

    /// <summary>The first chunk at or behind a place that is in the set; <see cref="long.MaxValue"/> if there is none.</summary>
    public long NextInside(long from)
    {
        var at = Find(from);
        return at == _ranges.Count ? long.MaxValue : Math.Max(from, _ranges[at].First);
    }

    /// <summary>Adds chunks; says how many were new.</summary>
    public long Add(long first, long end)
    {
        if (end <= first)
            return 0;
        var at = Find(first);
        // A neighbour that ends where these begin becomes one with them.
        if (at > 0 && _ranges[at - 1].End == first)
            at--;
        var last = at;
        var covered = 0L;
        var (low, high) = (first, end);
        while (last < _ranges.Count && _ranges[last].First <= end)
        {
            covered += Math.Max(0, Math.Min(_ranges[last].End, end) - Math.Max(_ranges[last].First, first));
            low = Math.Min(low, _ranges[last].First);
            high = Math.Max(high, _ranges[last].End);
            last++;
        }

        _ranges.RemoveRange(at, last - at);
        _ranges.Insert(at, (low, high));
        Count += end - first - covered;
        return end - first - covered;
    }

    /// <summary>Takes chunks out; says how many were in.</summary>
    public long Remove(long first, long end)
    {
        var removed = 0L;
        if (end <= first)
            return removed;
        for (var at = Find(first); at < _ranges.Count && _ranges[at].First < end;)
        {
            var (low, high) = _ranges[at];
            removed += Math.Min(high, end) - Math.Max(low, first);
            _ranges.RemoveAt(at);
            if (high > end)
                _ranges.Insert(at, (end, high));
            if (low < first)
                _ranges.Insert(at++, (low, first));
            if (high > end)
                break;
        }

        Count -= removed;
        return removed;
    }

    public void Clear()
    {
        _ranges.Clear();
        Count = 0;
    }

    // The first range that ends behind a chunk.
    private int Find(long chunk)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].End > chunk)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
