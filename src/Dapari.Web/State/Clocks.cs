namespace Dapari.Web.State;

/// <summary>Waiting on a clock.</summary>
internal static class Clocks
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(40);

    /// <summary>Waits until something holds, at most so long; whether it does.</summary>
    public static async Task<bool> WaitUntilAsync(this TimeProvider clock, Func<bool> holds, TimeSpan limit)
    {
        var started = clock.GetTimestamp();
        while (!holds())
        {
            if (clock.GetElapsedTime(started) > limit) return false;
            await Task.Delay(_pause, clock);
        }

        return true;
    }
}
