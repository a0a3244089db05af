namespace Dapari.Simulation.Tests;

/// <summary>Worlds that are broken on purpose: whoever guards the promises must notice.</summary>
public sealed class SabotageTests
{
    [Theory]
    [InlineData(Sabotage.StoreLosesBatch)]
    [InlineData(Sabotage.StoreTearsBatch)]
    [InlineData(Sabotage.ServerDropsPosted)]
    [InlineData(Sabotage.AnnouncesTwice)]
    [InlineData(Sabotage.RewritesRoute)]
    [InlineData(Sabotage.LiesDelivered)]
    [InlineData(Sabotage.ShufflesOrder)]
    // In worlds 4 and 11 a message of the other's turns the ratchet before anything is sealed: then no key is used again, and there is nothing to notice.
    [InlineData(Sabotage.ReusesKeys, 5)]
    public void A_broken_world_is_noticed(Sabotage sabotage, int first = 1) => Noticed(sabotage, first, Scenario.CoreWalk);

    [Theory]
    [InlineData(Sabotage.SpoilsFile)]
    [InlineData(Sabotage.TellsUnverified)]
    [InlineData(Sabotage.KeepsDropOffs)]
    public void A_broken_world_of_files_is_noticed(Sabotage sabotage) => Noticed(sabotage, 1, Scenario.FileWalk);

    private static void Noticed(Sabotage sabotage, int first, Scenario scenario)
    {
        var results = Enumerable.Range(first, 6).AsParallel()
            .Select(seed => Simulation.Run((ulong)seed, new SimulationOptions { Scenario = scenario, Sabotage = sabotage })).ToList();
        Assert.All(results, result => Assert.False(result.Clean, $"seed {result.Seed}: {sabotage} went unnoticed"));
        Assert.All(results, result => Assert.Contains($"seed {result.Seed} ", result.Report(), StringComparison.Ordinal));
    }
}
