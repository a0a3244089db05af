namespace Dapari.Server;

/// <summary>
/// The server's time in milliseconds since 1970: the wall clock at start plus the monotonic time since. A jump of the wall clock
/// changes nothing within one run; after a restart with an older clock, ages are clamped at zero and nothing is swept early.
/// </summary>
internal sealed class ServerClock
{
    private readonly TimeProvider _time;
    private readonly long _startWallMs;
    private readonly long _startTimestamp;

    public ServerClock(TimeProvider time)
        : this(time, time.GetUtcNow().ToUnixTimeMilliseconds())
    {
    }

    /// <summary>With another clock's time at the start, which several machines share.</summary>
    public ServerClock(TimeProvider time, long startWallMs)
    {
        _time = time;
        _startWallMs = startWallMs;
        _startTimestamp = time.GetTimestamp();
    }

    public TimeProvider Time => _time;

    public long NowMs => _startWallMs + (long)_time.GetElapsedTime(_startTimestamp).TotalMilliseconds;

    /// <summary>How long something lay that was stored at <paramref name="storedMs"/>; never negative.</summary>
    public ulong AgeMs(long storedMs) => (ulong)Math.Max(0, NowMs - storedMs);
}
