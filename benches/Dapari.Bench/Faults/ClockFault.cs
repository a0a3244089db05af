using System.Globalization;
using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>The machine's clock is days off at each start, forwards and backwards (libfaketime); nothing that was answered may be taken for expired or lose its place.</summary>
internal sealed class ClockFault : IFault
{
    private static readonly string[] Libraries = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"];

    public string Name => "clock";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var library = Libraries.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("libfaketime is missing.");
        int[] offsets = quick ? [5, -5, 0] : [5, -5, 12, -12, 1, -20, 0, -3, 3, 0];
        var server = await FaultServer.StartAsync(folder);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Address, 32, 16, true, 4, TimeProvider.System, CancellationToken.None);
            foreach (var days in offsets)
            {
                await town.AnsweredAsync(4000, ServerFaultsBench.Patience);
                town.ServerAt(null);
                server.Kill();
                server.Dispose();
                server = await FaultServer.StartAsync(
                    folder, ("LD_PRELOAD", library), ("FAKETIME", string.Create(CultureInfo.InvariantCulture, $"{days:+0;-0;+0}d")), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
                town.ServerAt(server.Address);
            }

            await town.AnsweredAsync(4000, ServerFaultsBench.Patience);
            report.Figure("clock_jumps", offsets.Length);
            return await town.FinishAsync(ServerFaultsBench.Patience);
        }
        finally
        {
            server.Dispose();
        }
    }
}
