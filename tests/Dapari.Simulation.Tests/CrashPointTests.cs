namespace Dapari.Simulation.Tests;

/// <summary>The core walk, once for every place where something can die.</summary>
public sealed class CrashPointTests
{
    private static readonly SimulationOptions s_walk = new() { Scenario = Scenario.CoreWalk };

    [Fact]
    public void The_walk_itself_is_clean() => Seeds.AllClean(1, 10, s_walk);

    [Theory]
    [InlineData(CrashMoment.BeforeCommit, 1)]
    [InlineData(CrashMoment.AfterCommit, 2)]
    [InlineData(CrashMoment.BetweenEffects, 3)]
    [InlineData(CrashMoment.Refused, 4)]
    public void An_app_that_dies_at_any_commit_loses_nothing(CrashMoment moment, ulong seed)
    {
        var commits = Simulation.Run(seed, s_walk).Figures.Commits;
        Assert.True(commits > 30, $"the walk has only {commits} commits");
        Seeds.AllClean(Enumerable.Range(1, commits).Select(commit => (seed, s_walk with { Crash = new CrashPoint(commit, moment) })));
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 6)]
    public void A_server_that_dies_at_any_group_commit_loses_nothing_it_answered(bool kept, ulong seed)
    {
        var groups = Simulation.Run(seed, s_walk).Figures.Groups;
        Assert.True(groups > 20, $"the walk has only {groups} group commits");
        Seeds.AllClean(Enumerable.Range(1, groups).Select(group => (seed, s_walk with { ServerCrash = new ServerCrashPoint(group, kept) })));
    }
}
