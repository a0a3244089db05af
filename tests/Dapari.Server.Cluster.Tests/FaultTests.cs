using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Machines and the database die while people talk: nothing that was answered is lost, and nothing changes its place.</summary>
public sealed class FaultTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private const int Some = 100;

    [Fact]
    public async Task A_machine_is_killed_while_people_talk_through_it()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var first = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var second = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var talks = await Talks.BeginAsync([first.Uri, second.Uri]);
        await talks.MoreAsync(Some);
        await first.KillAsync();
        await talks.MoreAsync(Some);
        await using var third = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await talks.EndAsync();
    }

    [Fact]
    public async Task A_machine_that_was_silent_for_long_comes_back_and_harms_nothing()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var first = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var second = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var talks = await Talks.BeginAsync([first.Uri, second.Uri]);
        await talks.MoreAsync(Some);
        first.Freeze();
        await talks.MoreAsync(Some); // The other has taken all mailboxes.
        first.Thaw();
        // It was declared dead, and ends in a way that whoever started it starts it again.
        Assert.Equal(1, await first.EndedAsync(TestContext.Current.CancellationToken));
        await talks.MoreAsync(Some);
        await talks.EndAsync();
        // Neither what waited in the machine that came back nor what owners had given up elsewhere took a mailbox from whoever had it by then.
        Assert.Equal(0, talks.Taken);
    }

    [Fact]
    public async Task Machines_are_ended_and_replaced_one_after_the_other()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var first = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var second = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var third = await MachineProcess.StartAsync(fixture.Postgres, cluster);
        await using var talks = await Talks.BeginAsync([first.Uri, second.Uri, third.Uri]);
        await talks.MoreAsync(Some);
        await first.EndAsync();
        await talks.MoreAsync(Some);
        await second.EndAsync();
        await talks.MoreAsync(Some);
        await talks.EndAsync();
    }

    [Fact]
    public async Task The_database_is_killed_and_comes_back_while_people_talk()
    {
        await using var own = await TestPostgres.StartAsync();
        var cluster = Guid.NewGuid().ToString();
        await using var first = await MachineProcess.StartAsync(own, cluster);
        await using var second = await MachineProcess.StartAsync(own, cluster);
        await using var talks = await Talks.BeginAsync([first.Uri, second.Uri]);
        for (var time = 0; time < 3; time++)
        {
            await talks.MoreAsync(Some);
            await own.KillAsync();
            await own.BeginAsync();
        }

        await talks.MoreAsync(Some);
        await talks.EndAsync();
    }
}
