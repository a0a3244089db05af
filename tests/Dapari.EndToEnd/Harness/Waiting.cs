namespace Dapari.EndToEnd;

/// <summary>Waits for states that nobody announces, by asking again and again until a deadline.</summary>
public static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>What is awaited may take at least so long, whatever is asked for: a busy machine of two cores is slow, and a test measures no times.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Waits until <paramref name="holds"/>, at most <paramref name="limit"/> or <see cref="Patience"/>, whichever is longer; a timeout's message names
    /// <paramref name="what"/> was awaited.
    /// </summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds, TimeSpan limit, Func<string>? explain = null)
    {
        if (limit < Patience) limit = Patience;
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
