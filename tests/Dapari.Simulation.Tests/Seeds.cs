namespace Dapari.Simulation.Tests;

/// <summary>Plays many worlds at once, on as many threads as there are processors.</summary>
internal static class Seeds
{
    /// <summary>Plays seeds <paramref name="first"/> and following; fails with the report of the smallest seed that is not clean.</summary>
    public static void AllClean(ulong first, int count, SimulationOptions? options = null) =>
        AllClean(Enumerable.Range(0, count).Select(i => (first + (ulong)i, options ?? new SimulationOptions())));

    /// <summary>Plays all of these; fails with the report of the first that is not clean.</summary>
    public static void AllClean(IEnumerable<(ulong Seed, SimulationOptions Options)> worlds)
    {
        var bad = worlds.AsParallel().AsOrdered()
            .WithCancellation(TestContext.Current.CancellationToken)
            .Select(world => (world.Options, Result: Simulation.Run(world.Seed, world.Options)))
            .Where(played => !played.Result.Clean)
            .ToList();
        if (bad.Count > 0)
            Assert.Fail($"{bad.Count} worlds were not clean; the first, with {bad[0].Options}:\n{bad[0].Result.Report()}");
    }
}
