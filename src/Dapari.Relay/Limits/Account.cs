namespace Dapari.Relay.Limits;

/// <summary>What one credential's id uses, over all cores.</summary>
internal sealed class Account(string id, long bytesPerSecond)
{
    private readonly Lock _lock = new();
    private readonly long[] _tokens = [bytesPerSecond, bytesPerSecond];
    private readonly long[] _filledAt = new long[2];

    public string Id => id;

    /// <summary>Allocations and kept ports; guarded by the ledger's lock.</summary>
    public int Allocations { get; set; }

    /// <summary>Takes up to <paramref name="wanted"/> bytes, but no less than <paramref name="least"/>, out of a direction's bucket.</summary>
    /// <returns>How many; 0 when there are less than the least.</returns>
    public long Take(Direction direction, long least, long wanted, long nowMs)
    {
        lock (_lock)
        {
            ref var tokens = ref _tokens[(int)direction];
            ref var filledAt = ref _filledAt[(int)direction];
            var passed = Math.Clamp(nowMs - filledAt, 0, 1000);
            var more = bytesPerSecond * passed / 1000;
            // A second's worth is the most that is saved up; what is too little to count is left for the next time.
            if (more > 0)
            {
                tokens = Math.Min(bytesPerSecond, tokens + more);
                filledAt = nowMs;
            }

            if (tokens < least)
                return 0;
            var taken = Math.Min(tokens, Math.Max(least, wanted));
            tokens -= taken;
            return taken;
        }
    }
}

/// <summary>Which way bytes go.</summary>
internal enum Direction
{
    /// <summary>From the client to a peer.</summary>
    Up = 0,

    /// <summary>From a peer to the client.</summary>
    Down = 1,
}
