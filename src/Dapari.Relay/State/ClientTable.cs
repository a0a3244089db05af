using Dapari.Relay.Driving;

namespace Dapari.Relay.State;

/// <summary>Allocations by 5-tuple: open addressing with linear probing, at most half full, without markers of what was removed.</summary>
internal sealed class ClientTable(ulong seed)
{
    private Entry[] _entries = new Entry[64];

    public int Count { get; private set; }

    public Allocation? Find(in ClientKey key)
    {
        var entries = _entries;
        var mask = entries.Length - 1;
        for (var at = (int)(key.Hash(seed) & (uint)mask); ; at = (at + 1) & mask)
        {
            ref readonly var entry = ref entries[at];
            if (entry.Value is null || entry.Key.Equals(key))
                return entry.Value;
        }
    }

    public void Add(in ClientKey key, Allocation value)
    {
        if (2 * (Count + 1) > _entries.Length)
        {
            var old = _entries;
            _entries = new Entry[2 * old.Length];
            foreach (ref readonly var entry in old.AsSpan())
            {
                if (entry.Value is not null)
                    Put(entry);
            }
        }

        Put(new Entry { Key = key, Value = value });
        Count++;
    }

    public void Remove(in ClientKey key)
    {
        var mask = _entries.Length - 1;
        var at = (int)(key.Hash(seed) & (uint)mask);
        for (; _entries[at].Value is not null && !_entries[at].Key.Equals(key); at = (at + 1) & mask)
        {
        }

        if (_entries[at].Value is null)
            return;
        Count--;

        // What follows without a gap moves up, unless it stands before its own place.
        var hole = at;
        for (at = (at + 1) & mask; _entries[at].Value is not null; at = (at + 1) & mask)
        {
            var home = (int)(_entries[at].Key.Hash(seed) & (uint)mask);
            if (((at - home) & mask) < ((at - hole) & mask))
                continue;
            _entries[hole] = _entries[at];
            hole = at;
        }

        _entries[hole] = default;
    }

    private void Put(in Entry entry)
    {
        var mask = _entries.Length - 1;
        var at = (int)(entry.Key.Hash(seed) & (uint)mask);
        while (_entries[at].Value is not null)
            at = (at + 1) & mask;
        _entries[at] = entry;
    }

    private struct Entry
    {
        public ClientKey Key;
        public Allocation? Value;
    }
}
