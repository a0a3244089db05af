namespace Dapari.Server.Storage;

/// <summary>
/// What is known of a mailbox between batches. The writer's thread has it; sequences and early acknowledgements are shared with the connections,
/// which hand posts to a connected owner before they are written.
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

    public long Number { get; } = number;

    public long StoredBytes { get; set; }

    public int StoredEnvelopes { get; set; }

    public long HighestRemoved { get; set; }

    /// <summary>The marks have to be written before the commit.</summary>
    public bool Dirty { get; set; }

    /// <summary>Acknowledgements of posts that were never written are not in the file yet; they go with the next commit.</summary>
    public bool IsMarkWaiting { get; set; }

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

    /// <summary>The writer reads the file anew: nobody takes a sequence from here any more.</summary>
    public void Forget()
    {
        lock (_gate)
            _forgotten = true;
    }
}
