using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Machines and the database die while people talk: nothing that was answered is lost, and nothing changes its place.</summary>
public sealed class FaultTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private const int Pairs = 4;
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
        await first.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken); // It was declared dead, and ends.
        await talks.MoreAsync(Some);
        await talks.EndAsync();
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

    /// <summary>Several pairs; sender and owner of each begin at different machines.</summary>
    private sealed class Talks(List<Talk> talks) : IAsyncDisposable
    {
        public static async Task<Talks> BeginAsync(Uri[] machines)
        {
            var talks = Enumerable.Range(0, Pairs).Select(i => new Talk(Ways(machines, i), Ways(machines, i + i / machines.Length + 1))).ToList();
            foreach (var talk in talks)
                await talk.BeginAsync();
            return new Talks(talks);
        }

        public Task MoreAsync(int posts) => Task.WhenAll(talks.Select(t => t.MoreAsync(posts)));

        public async Task EndAsync() => Assert.All(await Task.WhenAll(talks.Select(t => t.EndAsync())), Assert.Null);

        public async ValueTask DisposeAsync()
        {
            foreach (var talk in talks)
                await talk.DisposeAsync();
        }

        private static Uri[] Ways(Uri[] machines, int first) => [.. Enumerable.Range(0, machines.Length).Select(i => machines[(first + i) % machines.Length])];
    }
}
