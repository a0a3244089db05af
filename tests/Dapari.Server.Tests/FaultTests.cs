using Dapari.Faults;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>The short version of the benchmark "server-faults".</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Ten_kills_under_load_lose_double_and_overtake_nothing()
    {
        var data = Directory.CreateTempSubdirectory("dapari-kills-").FullName;
        var random = new Random(1);
        var server = await ChildServer.StartAsync(data);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Uri, 8, 16, true, 1, TimeProvider.System, TestContext.Current.CancellationToken);
            for (var kill = 0; kill < 10; kill++)
            {
                await town.AnsweredAsync(random.Next(1, 500), Patience);
                server.Kill();
                town.ServerAt(null);
                server.Dispose();
                server = await ChildServer.StartAsync(data);
                town.ServerAt(server.Uri);
            }

            await town.AnsweredAsync(500, Patience);
            var verdict = await town.FinishAsync(Patience);
            Assert.True(verdict.IsClean, $"{verdict}");
        }
        finally
        {
            server.Dispose();
            Directory.Delete(data, true);
        }
    }

    [Fact]
    public async Task A_clock_that_jumps_days_forwards_and_backwards_between_starts_changes_nothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var town = await FaultTown.StartAsync(server.Uri, 4, 8, true, 2, TimeProvider.System, TestContext.Current.CancellationToken);
        foreach (var days in (int[])[3, -9, 20, -5])
        {
            await town.AnsweredAsync(300, Patience);
            var restart = server.RestartAsync(new FakeTimeProvider(server.Time.GetUtcNow().AddDays(days)));
            town.ServerAt(null);
            await restart;
            town.ServerAt(server.Uri);
        }

        await town.AnsweredAsync(300, Patience);
        var verdict = await town.FinishAsync(Patience);
        Assert.True(verdict.IsClean, $"{verdict}");
    }

    [Fact]
    public async Task A_store_that_is_full_refuses_and_loses_doubles_and_overtakes_nothing()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxDataBytes = 2 * 1024 * 1024 });
        await using var town = await FaultTown.StartAsync(server.Uri, 4, 8, false, 3, TimeProvider.System, TestContext.Current.CancellationToken);
        await town.RefusedAsync(50, Patience);
        town.Fetch();
        await town.AnsweredAsync(500, Patience);
        town.StayAway();
        await town.RefusedAsync(50, Patience);
        var verdict = await town.FinishAsync(Patience);
        Assert.True(verdict is { IsClean: true, Refused: >= 100 }, $"{verdict}");
    }
}
