using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>
/// The power goes: the server is stopped, the file system shut down without its log, the server killed, and both begin anew from what the disk has. Nothing is left to the machine's memory: what was
/// answered must have been on the disk. (The order in which a real disk loses its own cache is not in this; the store's tests lose single sectors.)
/// </summary>
internal sealed class PowerFault : IFault
{
    public string Name => "power";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var (cuts, random) = (quick ? 5 : 40, new Random(2));
        using var disk = new LoopDisk(folder, 1024);
        var data = Path.Combine(disk.Path, "data");
        var server = await FaultServer.StartAsync(data);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Address, 32, 16, true, 2, TimeProvider.System, CancellationToken.None);
            for (var i = 0; i < cuts; i++)
            {
                await town.AnsweredAsync(random.Next(1, 4000), ServerFaultsBench.Patience);
                town.ServerAt(null);
                server.Freeze(); // Without power it says nothing more; what it has said holds.
                disk.Cut();
                server.Kill();
                server.Dispose();
                disk.Remount();
                server = await FaultServer.StartAsync(data);
                town.ServerAt(server.Address);
            }

            report.Figure("power_cuts", cuts);
            return await town.FinishAsync(ServerFaultsBench.Patience);
        }
        finally
        {
            server.Dispose();
        }
    }
}
