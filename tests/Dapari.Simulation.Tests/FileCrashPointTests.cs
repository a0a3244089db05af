namespace Dapari.Simulation.Tests;

/// <summary>Files straight to the other, through the server, and both, once for every place where something can die.</summary>
public sealed class FileCrashPointTests
{
    private static readonly SimulationOptions s_walk = new() { Scenario = Scenario.FileWalk };

    [Fact]
    public void The_walk_itself_is_clean_and_goes_by_both_ways()
    {
        Seeds.AllClean(1, 10, s_walk);
        var figures = Enumerable.Range(1, 10).Select(seed => Simulation.Run((ulong)seed, s_walk).Figures).ToList();
        Assert.Equal(20, figures.Sum(one => one.Files));
        Assert.InRange(figures.Sum(one => one.FilesDirect), 10, 20);
        Assert.InRange(figures.Sum(one => one.FilesLeft), 5, 20);
    }

    [Theory]
    [InlineData(CrashMoment.BeforeCommit, 1)]
    [InlineData(CrashMoment.AfterCommit, 2)]
    [InlineData(CrashMoment.BetweenEffects, 3)]
    [InlineData(CrashMoment.Refused, 4)]
    public void An_app_that_dies_at_any_commit_costs_no_file_a_chunk(CrashMoment moment, ulong seed)
    {
        var commits = Simulation.Run(seed, s_walk).Figures.Commits;
        Assert.True(commits > 100, $"the walk has only {commits} commits");
        Seeds.AllClean(Enumerable.Range(1, commits).Select(commit => (seed, s_walk with { Crash = new CrashPoint(commit, moment) })));
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 6)]
    public void A_server_that_dies_at_any_group_commit_costs_no_file_a_chunk(bool kept, ulong seed)
    {
        var groups = Simulation.Run(seed, s_walk).Figures.Groups;
        Assert.True(groups > 20, $"the walk has only {groups} group commits");
        Seeds.AllClean(Enumerable.Range(1, groups).Select(group => (seed, s_walk with { ServerCrash = new ServerCrashPoint(group, kept) })));
    }
}
