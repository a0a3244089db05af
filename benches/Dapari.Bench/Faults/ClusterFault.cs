using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>Of three machines on one PostgreSQL, every minute for ten: one machine is killed, and half a minute later the database.</summary>
internal sealed class ClusterFault : IFault
{
    public string Name => "cluster";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var (minutes, minute) = quick ? (1, TimeSpan.FromSeconds(4)) : (10, TimeSpan.FromMinutes(1));
        var (machines, database) = (new List<double>(), new List<double>());
        await using var cluster = await FaultCluster.StartAsync(folder, 1);
        await cluster.Town.AllAnsweredAsync(ServerFaultsBench.Patience);
        using var half = new PeriodicTimer(minute / 2);
        for (var i = 0; i < minutes; i++)
        {
            await half.WaitForNextTickAsync();
            machines.Add(await cluster.KillMachineAsync(i % 3));
            await half.WaitForNextTickAsync();
            database.Add(await cluster.KillDatabaseAsync());
        }

        report.Figure("cluster_kills_of_each", minutes)
            .Figure("cluster_machine_to_all_answered_s", Statistics.Median(machines), "s").Figure("cluster_machine_longest_s", machines.Max(), "s")
            .Figure("cluster_database_to_all_answered_s", Statistics.Median(database), "s").Figure("cluster_database_longest_s", database.Max(), "s")
            .Figure("cluster_machines_ended_themselves", cluster.Ended);
        return await cluster.Town.FinishAsync(ServerFaultsBench.Patience);
    }
}
