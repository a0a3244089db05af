namespace Dapari.Simulation.Tests;

/// <summary>Whole worlds, by seed.</summary>
public sealed class StormTests
{
    private const int Worlds = 300;

    [Fact]
    public void Every_promise_is_kept_in_every_world() => Seeds.AllClean(1, Worlds);

    [Fact]
    public void The_same_seed_plays_the_same_world()
    {
        foreach (var seed in new ulong[] { 3, 14, 159, 0xDA9A71 })
        {
            var first = Simulation.Run(seed);
            var again = Simulation.Run(seed);
            Assert.True(first.TraceHash == again.TraceHash, $"seed {seed}: {first.TraceHash:X16}, then {again.TraceHash:X16}");
            Assert.Equal(first.Figures, again.Figures);
            Assert.Equal(first.Trace, again.Trace);
        }
    }

    [Fact]
    public void Different_seeds_play_different_worlds() =>
        Assert.Equal(8, Enumerable.Range(1, 8).Select(seed => Simulation.Run((ulong)seed).TraceHash).Distinct().Count());

    /// <summary>A simulation in which nothing happens proves nothing.</summary>
    [Fact]
    public void The_worlds_are_worth_playing()
    {
        var figures = Enumerable.Range(1, 160).AsParallel().Select(seed => Simulation.Run((ulong)seed).Figures).ToList();
        Assert.True(figures.Sum(one => one.Messages) > 1_000, "few messages");
        Assert.True(figures.Sum(one => one.ArrivedDirect) > 100, "few came directly");
        Assert.True(figures.Sum(one => one.Arrived - one.ArrivedDirect) > 300, "few came by mailbox");
        Assert.True(figures.Sum(one => one.Crashes) > 100, "few crashes");
        Assert.True(figures.Sum(one => one.ServerCrashes) > 10, "few server crashes");
        Assert.True(figures.Sum(one => one.Restores) > 5, "few backups put back");
        Assert.True(figures.Sum(one => one.Paths) > 50, "few paths");
        Assert.True(figures.Sum(one => one.Attacks) > 50, "few attacks");
        Assert.True(figures.Sum(one => one.Hostilities) > 50, "few hostile contacts");
        Assert.True(figures.Sum(one => one.Partings) > 20, "few partings");
        Assert.True(figures.Sum(one => one.MetAgain) > 5, "few words between people who met again");
        Assert.True(figures.Sum(one => one.Unnoticed) > 5, "few unnoticed copies");
        Assert.True(figures.Sum(one => one.Calls) > 50, "few calls");
        Assert.True(figures.Sum(one => one.Talked) > 5, "few calls were answered");
        Assert.True(figures.Sum(one => one.Gatherings) > 10, "few calls of several");
        Assert.True(figures.Sum(one => one.Strangers) > 3, $"few people brought in: {figures.Sum(one => one.Strangers)}");
        Assert.True(figures.Sum(one => one.Keys) > 5_000, "few keys seen");
        Assert.True(figures.Sum(one => one.Files) > 100, "few files");
        Assert.True(figures.Sum(one => one.FilesDirect) > 50, "few files came directly");
        Assert.True(figures.Sum(one => one.FilesLeft) > 30, "few files lay at a server");
        Assert.True(figures.Sum(one => one.FilesEnded) > 1, "few transfers ended otherwise");
    }
}
