using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>Counts a share's uses, and says when it is over. Safe from any thread.</summary>
/// <param name="record">What is kept.</param>
/// <param name="size">Of all files, in bytes.</param>
/// <param name="save">Keeps a change.</param>
/// <param name="time">This device's clock.</param>
internal sealed class ShareLedger(ShareRecord record, long size, Action<ShareRecord> save, TimeProvider time)
{
    private const long Slack = 64 * 1024 * 1024;
    private static readonly TimeSpan _freed = TimeSpan.FromMinutes(10);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, object> _present = [];

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether somebody may begin a use, or go on with theirs by another connection.</summary>
    /// <param name="receipt">Whose use.</param>
    /// <param name="by">The connection; one that had it before has it no more.</param>
    public bool TryTake(string receipt, object by)
    {
        lock (_gate)
        {
            if (Now >= record.Ends)
                return false;
            if (record.Uses.TryGetValue(receipt, out var use))
            {
                if (!Holds(receipt, use) && record.Uses.Count(one => Holds(one.Key, one.Value)) >= record.Times)
                    return false;
            }
            else if (record.Uses.Count(one => Holds(one.Key, one.Value)) >= record.Times || record.Uses.Count >= (3 * record.Times) + 8)
                return false;
            else
                record.Uses[receipt] = use = new ShareUse();
            _present[receipt] = by;
            use.Seen = Now;
            save(record);
            return true;
        }
    }

    /// <summary>Whether so many more bytes may be given to a use.</summary>
    public bool TryGive(string receipt, int bytes)
    {
        lock (_gate)
        {
            var use = record.Uses[receipt];
            if (Now >= record.Ends || use.Given + bytes > (2 * size) + Slack)
                return false;
            use.Given += bytes;
            return true;
        }
    }

    /// <summary>It has all.</summary>
    public void Finish(string receipt)
    {
        lock (_gate)
        {
            record.Uses[receipt].Done = true;
            save(record);
        }
    }

    /// <summary>Its connection is gone.</summary>
    public void Leave(string receipt, object by)
    {
        lock (_gate)
        {
            if (_present.GetValueOrDefault(receipt) != by)
                return;
            _present.Remove(receipt);
            record.Uses[receipt].Seen = Now;
            save(record);
        }
    }

    /// <summary>Whether the share is over, and why.</summary>
    public ShareEnd Judge()
    {
        lock (_gate)
        {
            if (Now >= record.Ends)
                return ShareEnd.Time;
            return record.Uses.Count(one => one.Value.Done || (Spent(one.Value) && !IsHere(one.Key, one.Value))) >= record.Times ? ShareEnd.UsedUp : ShareEnd.None;
        }
    }

    // Who was given everything once has had a use, whatever they say.
    private bool Spent(ShareUse use) => use.Done || (size > 0 && use.Given >= size);

    private bool Holds(string receipt, ShareUse use) => Spent(use) || IsHere(receipt, use);

    // Who lost the connection keeps the place for a while.
    private bool IsHere(string receipt, ShareUse use) => _present.ContainsKey(receipt) || Now - use.Seen < _freed.TotalMilliseconds;
}
