namespace Dapari.Server.Storage;

/// <summary>One mailbox's fresh envelopes by sequence. Removed mostly from the front, added mostly at the end. Guarded by its <see cref="MailboxState"/>.</summary>
internal sealed class FreshQueue
{
    /// <summary>From so many on a set finds ids; below, looking through is quicker and takes no memory.</summary>
    private const int SetFrom = 16;

    private readonly List<FreshEntry> _entries = [];
    private HashSet<UInt128>? _ids;
    private int _head;

    /// <summary>That were not removed.</summary>
    public int Count { get; private set; }

    /// <summary>Of the envelopes.</summary>
    public long Bytes { get; private set; }

    public bool Holds(UInt128 id)
    {
        if (_ids is not null)
            return _ids.Contains(id);
        for (var i = _head; i < _entries.Count; i++)
        {
            if (_entries[i].Id == id && !_entries[i].IsRemoved)
                return true;
        }

        return false;
    }

    public void Add(in FreshEntry entry)
    {
        var at = _entries.Count;
        if (at > _head && _entries[at - 1].Sequence >= entry.Sequence)
            at = IndexFrom(entry.Sequence); // Handed over before one that went by the file, and written after it.
        _entries.Insert(at, entry);
        Count++;
        Bytes += entry.Length;
        if (_ids is not null)
            _ids.Add(entry.Id);
        else if (Count >= SetFrom)
        {
            _ids = [];
            for (var i = _head; i < _entries.Count; i++)
            {
                if (!_entries[i].IsRemoved)
                    _ids.Add(_entries[i].Id);
            }
        }
    }

    public bool TryFind(uint sequence, out FreshEntry entry)
    {
        var at = IndexFrom(sequence);
        entry = at < _entries.Count ? _entries[at] : default;
        return at < _entries.Count && entry.Sequence == sequence && !entry.IsRemoved;
    }

    public void Replace(in FreshEntry entry)
    {
        var at = IndexFrom(entry.Sequence);
        if (at < _entries.Count && _entries[at].Sequence == entry.Sequence && !_entries[at].IsRemoved)
            _entries[at] = entry;
    }

    public bool TryRemove(uint sequence, out FreshEntry entry)
    {
        if (!TryFind(sequence, out entry))
            return false;
        _entries[IndexFrom(sequence)] = entry with { Length = -1, Segment = null };
        Count--;
        Bytes -= entry.Length;
        _ids?.Remove(entry.Id);
        while (_head < _entries.Count && _entries[_head].IsRemoved)
            _head++;
        if (_head == _entries.Count)
        {
            _entries.Clear();
            if (_entries.Capacity > 64)
                _entries.Capacity = 0;
            (_head, _ids) = (0, null);
        }
        else if (_head > 32 && _head > _entries.Count / 2)
        {
            _entries.RemoveRange(0, _head);
            _head = 0;
        }

        return true;
    }

    /// <summary>Durable entries after a sequence, in order, at most so many.</summary>
    public void CopyAfter(long sequence, int count, List<FreshEntry> to)
    {
        if (sequence >= uint.MaxValue)
            return;
        for (var i = IndexFrom((uint)(sequence + 1)); i < _entries.Count && to.Count < count; i++)
        {
            if (_entries[i] is { IsRemoved: false, Segment: not null } entry)
                to.Add(entry);
        }
    }

    /// <summary>Entries that lie in one segment, at most so many.</summary>
    public void CopyOf(Journal.JournalSegment segment, int count, List<FreshEntry> to)
    {
        for (var i = _head; i < _entries.Count && to.Count < count; i++)
        {
            if (_entries[i].Segment == segment)
                to.Add(_entries[i]);
        }
    }

    /// <summary>Where the first of this sequence or after it is.</summary>
    private int IndexFrom(uint sequence)
    {
        var (low, high) = (_head, _entries.Count);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_entries[middle].Sequence < sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
