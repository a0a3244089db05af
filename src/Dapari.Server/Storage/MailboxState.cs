namespace Dapari.Server.Storage;

/// <summary>
/// What is known of a mailbox: its marks, what the journal holds for it (fresh), and how much the database holds (settled). The writer's thread changes it; connections
/// read the fresh envelopes, and take sequences when they hand posts to a connected owner before they are written.
/// </summary>
internal sealed class MailboxState(long number)
{
    private readonly Lock _gate = new();
    private long _next = 1;
    private long _reserved;
    private long _acknowledged;
    private int _unannounced;
    private int _handedOver;
    private object? _holder;
    private bool _forgotten;
    private readonly FreshQueue _fresh = new();
    private int _settledEnvelopes;
    private HashSet<uint>? _removals;

    public long Number { get; } = number;

    /// <summary>What lies here. Removals from the database that are not done yet still count.</summary>
    public long StoredBytes => _fresh.Bytes + SettledBytes;

    public int StoredEnvelopes => _fresh.Count + _settledEnvelopes;

    public int FreshEnvelopes => _fresh.Count;

    public int SettledEnvelopes => _settledEnvelopes;

    public long SettledBytes { get; private set; }

    public long HighestRemoved { get; set; }

    /// <summary>The database does not know the present marks.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The journal does not know the present marks; they go with the next commit.</summary>
    public bool IsMarkWaiting { get; set; }

    /// <summary>Envelopes in the database that are to be removed.</summary>
    public int Removals => _removals?.Count ?? 0;

    /// <summary>The next envelope's sequence; from 1, never reused.</summary>
    public long NextSequence
    {
        get
        {
            lock (_gate)
                return _next;
        }
        set
        {
            lock (_gate)
                _next = value;
        }
    }

    /// <summary>Sequences up to here are this process's to give: another one begins after them, whatever of them was never written.</summary>
    public long ReservedThrough { get; set; }

    public long HighestAcknowledged
    {
        get
        {
            lock (_gate)
                return _acknowledged;
        }
    }

    public void Acknowledged(long sequence)
    {
        lock (_gate)
            _acknowledged = Math.Max(_acknowledged, sequence);
    }

    /// <summary>The writer's: a sequence for a post that is told to the owner when it is durable.</summary>
    public long TakeSequence()
    {
        lock (_gate)
        {
            _unannounced++;
            return _next++;
        }
    }

    // Envelopes. Changed by the writer's thread.
    public void Settle(int envelopes, long bytes)
    {
        lock (_gate)
        {
            _settledEnvelopes += envelopes;
            SettledBytes += bytes;
        }
    }

    public bool HoldsFresh(UInt128 id) => _fresh.Holds(id);

    public bool TryFindFresh(uint sequence, out FreshEntry entry) => _fresh.TryFind(sequence, out entry);

    public void AddFresh(in FreshEntry entry)
    {
        lock (_gate)
            _fresh.Add(entry);
    }

    public void ReplaceFresh(in FreshEntry entry)
    {
        lock (_gate)
            _fresh.Replace(entry);
    }

    public bool TryRemoveFresh(uint sequence, out FreshEntry entry)
    {
        lock (_gate)
            return _fresh.TryRemove(sequence, out entry);
    }

    /// <summary>An envelope went from the journal to the database; a reader sees it in one of them at least.</summary>
    public bool TrySettleFresh(uint sequence, out FreshEntry entry)
    {
        lock (_gate)
        {
            if (!_fresh.TryRemove(sequence, out entry))
                return false;
            _settledEnvelopes++;
            SettledBytes += entry.Length;
            return true;
        }
    }

    /// <summary>An envelope that the database may hold is removed from now on. False: it was already.</summary>
    public bool Remove(uint sequence)
    {
        lock (_gate)
            return (_removals ??= []).Add(sequence);
    }

    public bool IsRemoved(uint sequence) => _removals?.Contains(sequence) == true;

    /// <summary>Some of what is to be removed, in order.</summary>
    public uint[] SomeRemovals(int limit)
    {
        uint[] some = [.. _removals?.Take(limit) ?? []];
        Array.Sort(some);
        return some;
    }

    /// <summary>They are gone from the database.</summary>
    public void Removed(uint[] sequences, int envelopes, long bytes)
    {
        lock (_gate)
        {
            foreach (var sequence in sequences)
                _removals!.Remove(sequence);
            if (_removals!.Count == 0)
                _removals = null;
            _settledEnvelopes -= envelopes;
            SettledBytes -= bytes;
        }
    }

    /// <summary>Any thread: durable fresh envelopes after a sequence; whether the database may hold more, and what of that does not count.</summary>
    public bool CopyAfter(long sequence, int count, List<FreshEntry> fresh, out HashSet<uint>? removals)
    {
        lock (_gate)
        {
            _fresh.CopyAfter(sequence, count, fresh);
            removals = _removals is null ? null : [.. _removals];
            return _settledEnvelopes > 0;
        }
    }

    /// <summary>Fresh envelopes that lie in one segment, at most so many.</summary>
    public void CopyOf(Journal.JournalSegment segment, int count, List<FreshEntry> to)
    {
        lock (_gate)
            _fresh.CopyOf(segment, count, to);
    }

    // Sequences.
    /// <summary>The sequence that was just taken was not needed.</summary>
    public void GiveBack()
    {
        lock (_gate)
        {
            _unannounced--;
            _next--;
        }
    }

    /// <summary>What <see cref="TakeSequence"/> began has been told to the owner, if there is one.</summary>
    public void Announced()
    {
        lock (_gate)
            _unannounced--;
    }

    /// <summary>
    /// A sequence for a post that goes to its owner before it is written; 0: it has to go by the file. So it is while others are on their way through
    /// the file, or were handed to an earlier connection and are not settled: whoever delivers, delivers in order.
    /// </summary>
    public long TryHandOver(object holder)
    {
        lock (_gate)
        {
            if (_forgotten || _unannounced > 0 || _next > _reserved || _next > uint.MaxValue)
                return 0;
            if (_holder != holder)
            {
                if (_handedOver > 0)
                    return 0;
                _holder = holder;
            }

            _handedOver++;
            return _next++;
        }
    }

    /// <summary>What <see cref="TryHandOver"/> began is acknowledged, or written and told to a later owner.</summary>
    public void Settled()
    {
        lock (_gate)
            _handedOver--;
    }

    /// <summary><see cref="ReservedThrough"/> is durable.</summary>
    public void Reserve()
    {
        lock (_gate)
            _reserved = ReservedThrough;
    }

    /// <summary>If all of it can be read from the database again, nobody takes a sequence from here any more.</summary>
    public bool TryForget()
    {
        lock (_gate)
        {
            if (_fresh.Count > 0 || Removals > 0 || IsDirty || IsMarkWaiting || _unannounced > 0 || _handedOver > 0)
                return false;
            _forgotten = true;
            return true;
        }
    }

    /// <summary>The mailbox is gone: nobody takes a sequence from here any more.</summary>
    public void Forget()
    {
        lock (_gate)
            _forgotten = true;
    }
}
