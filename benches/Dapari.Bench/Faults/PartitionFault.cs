using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>
/// One machine of three is cut off from the others while people and the database still reach it, until everybody is answered again and for half a minute more; then the line is whole. Each in
/// turn.
/// </summary>
internal sealed class PartitionFault : IFault
{
    public string Name => "partition";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var (times, stays) = quick ? (1, TimeSpan.FromSeconds(2)) : (6, TimeSpan.FromSeconds(30));
        var (cut, healed) = (new List<double>(), new List<double>());
        await using var cluster = await FaultCluster.StartAsync(folder, 2);
        await cluster.Town.AllAnsweredAsync(ServerFaultsBench.Patience);
        using var timer = new PeriodicTimer(stays);
        for (var i = 0; i < times; i++)
        {
            cut.Add(await cluster.CutAsync(i % 3));
            await timer.WaitForNextTickAsync();
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            await cluster.HealAsync(i % 3);
            await cluster.Town.AllAnsweredAsync(ServerFaultsBench.Patience);
            healed.Add(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
            await timer.WaitForNextTickAsync();
        }

        report.Figure("partition_times", times).Figure("partition_to_all_answered_s", Statistics.Median(cut), "s").Figure("partition_longest_s", cut.Max(), "s")
            .Figure("partition_healed_longest_s", healed.Max(), "s").Figure("partition_machines_ended_themselves", cluster.Ended);
        return await cluster.Town.FinishAsync(ServerFaultsBench.Patience);
    }
}
