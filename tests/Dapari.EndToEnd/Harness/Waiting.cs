namespace Dapari.EndToEnd;

/// <summary>Waits for states that nobody announces, by asking again and again until a deadline.</summary>
public static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits until <paramref name="holds"/>; a timeout's message names <paramref name="what"/> was awaited.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds, TimeSpan limit, Func<string>? explain = null)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        using var pause = new PeriodicTimer(Pause, clock);
        while (!await holds())
        {
            if (clock.GetElapsedTime(started) > limit)
                throw new TimeoutException($"After {limit.TotalSeconds:0.#} s still not: {what}. {explain?.Invoke()}");
            await pause.WaitForNextTickAsync();
        }
    }

    /// <inheritdoc cref="UntilAsync(string, Func{Task{bool}}, TimeSpan, Func{string}?)"/>
    public static Task UntilAsync(string what, Func<bool> holds, TimeSpan limit, Func<string>? explain = null) =>
        UntilAsync(what, () => Task.FromResult(holds()), limit, explain);
}
