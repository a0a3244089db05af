using System.Diagnostics;
using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>kill -9 at any moment, a hundred times; everybody has sixteen posts on the way.</summary>
internal sealed class KillFault : IFault
{
    public string Name => "kill";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var (kills, random, starts) = (quick ? 10 : 100, new Random(1), new List<double>());
        var server = await FaultServer.StartAsync(folder);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Address, 32, 16, true, 1, TimeProvider.System, CancellationToken.None);
            for (var i = 0; i < kills; i++)
            {
                await town.AnsweredAsync(random.Next(1, 4000), ServerFaultsBench.Patience);
                server.Kill();
                town.ServerAt(null);
                server.Dispose();
                var start = Stopwatch.GetTimestamp();
                server = await FaultServer.StartAsync(folder);
                town.ServerAt(server.Address);
                await town.AnsweredAsync(1, ServerFaultsBench.Patience);
                starts.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            report.Figure("kill_times", kills).Figure("kill_to_next_answer_s", Statistics.Median(starts), "s").Figure("kill_to_next_answer_longest_s", starts.Max(), "s");
            return await town.FinishAsync(ServerFaultsBench.Patience);
        }
        finally
        {
            server.Dispose();
        }
    }
}
