using System.Diagnostics;
using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>A million envelopes wait; the server is killed, and comes back to people who all want theirs at once. How long until posts are answered again, and until everybody has everything.</summary>
internal sealed class CrowdFault : IFault
{
    public string Name => "crowd";

    public async Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report)
    {
        var envelopes = quick ? 100_000 : 1_000_000;
        var server = await FaultServer.StartAsync(folder);
        try
        {
            await using var town = await FaultTown.StartAsync(server.Address, 200, 64, false, 5, TimeProvider.System, CancellationToken.None);
            await town.AnsweredAsync(envelopes, ServerFaultsBench.Patience);
            report.Figure("crowd_envelopes", town.Answered).Figure("crowd_memory_bytes", server.MemoryBytes, "bytes of the server's memory with them");
            server.Kill();
            town.ServerAt(null);
            server.Dispose();
            var start = Stopwatch.GetTimestamp();
            server = await FaultServer.StartAsync(folder);
            report.Figure("crowd_start_s", Stopwatch.GetElapsedTime(start).TotalSeconds, "s until it listens");
            town.ServerAt(server.Address);
            await town.AnsweredAsync(1000, ServerFaultsBench.Patience);
            report.Figure("crowd_service_s", Stopwatch.GetElapsedTime(start).TotalSeconds, "s until a thousand more posts were answered");
            var verdict = await town.FinishAsync(ServerFaultsBench.Patience);
            report.Figure("crowd_all_s", Stopwatch.GetElapsedTime(start).TotalSeconds, "s until all mailboxes were empty").Figure("crowd_memory_after_bytes", server.MemoryBytes, "bytes");
            return verdict;
        }
        finally
        {
            server.Dispose();
        }
    }
}
