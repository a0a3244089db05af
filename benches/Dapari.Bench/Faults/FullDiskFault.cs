using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>A disk of 128 MB is full again and again; now and then the server is killed while it is. When owners come it goes on.</summary>
internal sealed class FullDiskFault : IFault
{
    public string Name => "full";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var (times, random) = (quick ? 3 : 10, new Random(3));
        using var disk = new LoopDisk(folder, 128);
        var data = Path.Combine(disk.Path, "data");
        var server = await FaultServer.StartAsync(data);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Address, 32, 16, false, 3, TimeProvider.System, CancellationToken.None);
            for (var i = 0; i < times; i++)
            {
                await town.RefusedAsync(random.Next(1, 500), ServerFaultsBench.Patience);
                if (i % 2 == 1)
                {
                    town.ServerAt(null);
                    server.Kill();
                    server.Dispose();
                    server = await FaultServer.StartAsync(data);
                    town.ServerAt(server.Address);
                }

                town.Fetch();
                await town.AnsweredAsync(20_000, ServerFaultsBench.Patience);
                town.StayAway();
            }

            report.Figure("full_times", times).Figure("full_refused_posts", town.Refused);
            return await town.FinishAsync(ServerFaultsBench.Patience);
        }
        finally
        {
            server.Dispose();
        }
    }
}
