namespace Dapari.Rtc.Sctp;

/// <summary>Which TSNs arrived: all up to one, and ranges beyond it.</summary>
internal sealed class ReceivedTsns(uint cumulative)
{
    // A gap block's ends are 16-bit distances.
    private const uint Farthest = ushort.MaxValue;

    private readonly List<(uint First, uint Last)> _ranges = [];

    public uint Cumulative { get; private set; } = cumulative;

    public bool HasGaps => _ranges.Count > 0;

    /// <summary>Counts a TSN; false: it was there already, or is too far away to be told of.</summary>
    public bool Add(uint tsn, out bool duplicate)
    {
        duplicate = !Tsn.IsAfter(tsn, Cumulative);
        if (duplicate || unchecked(tsn - Cumulative) > Farthest)
            return false;
        if (tsn == unchecked(Cumulative + 1))
        {
            Cumulative = tsn;
            if (_ranges.Count > 0 && _ranges[0].First == unchecked(tsn + 1))
            {
                Cumulative = _ranges[0].Last;
                _ranges.RemoveAt(0);
            }

            return true;
        }

        // The last range that begins at or before it: nearly always the last one of all.
        var at = _ranges.Count;
        while (at > 0 && Tsn.IsAfter(_ranges[at - 1].First, tsn))
            at--;
        if (at > 0 && !Tsn.IsAfter(tsn, _ranges[at - 1].Last))
        {
            duplicate = true;
            return false;
        }

        var joinsBefore = at > 0 && unchecked(_ranges[at - 1].Last + 1) == tsn;
        var joinsAfter = at < _ranges.Count && unchecked(tsn + 1) == _ranges[at].First;
        if (joinsBefore && joinsAfter)
        {
            _ranges[at - 1] = (_ranges[at - 1].First, _ranges[at].Last);
            _ranges.RemoveAt(at);
        }
        else if (joinsBefore)
            _ranges[at - 1] = (_ranges[at - 1].First, tsn);
        else if (joinsAfter)
            _ranges[at] = (tsn, _ranges[at].Last);
        else
            _ranges.Insert(at, (tsn, tsn));
        return true;
    }

    /// <summary>All up to here counts as arrived.</summary>
    public void Forward(uint cumulative)
    {
        if (!Tsn.IsAfter(cumulative, Cumulative))
            return;
        Cumulative = cumulative;
        while (_ranges.Count > 0 && !Tsn.IsAfter(_ranges[0].First, unchecked(Cumulative + 1)))
        {
            if (Tsn.IsAfter(_ranges[0].Last, Cumulative))
                Cumulative = _ranges[0].Last;
            _ranges.RemoveAt(0);
        }
    }

    /// <summary>The ranges as distances from the cumulative TSN; returns how many.</summary>
    public int Blocks(Span<(ushort Start, ushort End)> destination)
    {
        var count = Math.Min(destination.Length, _ranges.Count);
        for (var i = 0; i < count; i++)
            destination[i] = unchecked(((ushort)(_ranges[i].First - Cumulative), (ushort)(_ranges[i].Last - Cumulative)));
        return count;
    }
}
