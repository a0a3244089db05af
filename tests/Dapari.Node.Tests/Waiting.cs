namespace Dapari.Node.Tests;

/// <summary>Waits for states that nobody announces to a test.</summary>
internal static class Waiting
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(90);

    public static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > _limit)
                throw new TimeoutException($"Still not: {what}.");
            await pause.WaitForNextTickAsync();
        }
    }
}
