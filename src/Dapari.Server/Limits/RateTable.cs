namespace Dapari.Server.Limits;

/// <summary>
/// One token bucket for each key, bounded: when the table is full, full buckets are forgotten (they say nothing), and if none is full,
/// newcomers share one bucket. Safe from any thread.
/// </summary>
internal sealed class RateTable<TKey>(Rate rate, TimeProvider time, int capacity = 65_536)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Bucket> _buckets = [];
    private Bucket _shared = new(rate.Burst, time.GetTimestamp());
    private long _lastPurge = time.GetTimestamp();

    private readonly record struct Bucket(double Tokens, long Timestamp);

    /// <summary>How many keys are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _buckets.Count;
        }
    }

    /// <summary>Takes one token, or says after how many milliseconds there will be one.</summary>
    public bool TryTake(TKey key, out uint retryAfterMs)
    {
        retryAfterMs = 0;
        if (rate.IsUnlimited)
            return true;

        lock (_gate)
        {
            var now = time.GetTimestamp();
            var known = _buckets.TryGetValue(key, out var bucket);
            var shared = false;
            if (!known)
            {
                bucket = new Bucket(rate.Burst, now);
                if (_buckets.Count >= capacity && !Purge(now))
                {
                    shared = true;
                    bucket = _shared;
                }
            }

            var tokens = Filled(bucket, now);
            var taken = tokens >= 1;
            if (!taken)
                retryAfterMs = (uint)Math.Ceiling((1 - tokens) * 60_000 / rate.PerMinute);
            bucket = new Bucket(taken ? tokens - 1 : tokens, now);
            if (shared)
                _shared = bucket;
            else
                _buckets[key] = bucket;
            return taken;
        }
    }

    private double Filled(Bucket bucket, long now) =>
        Math.Min(rate.Burst, bucket.Tokens + time.GetElapsedTime(bucket.Timestamp, now).TotalMinutes * rate.PerMinute);

    private bool Purge(long now)
    {
        // At most once a second: a flood of addresses must not make every look-up a walk through the table.
        if (time.GetElapsedTime(_lastPurge, now) < TimeSpan.FromSeconds(1))
            return false;
        _lastPurge = now;
        foreach (var (key, bucket) in _buckets)
        {
            if (Filled(bucket, now) >= rate.Burst)
                _buckets.Remove(key);
        }

        return _buckets.Count < capacity;
    }
}
