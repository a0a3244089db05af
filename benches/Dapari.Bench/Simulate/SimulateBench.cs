using System.Diagnostics;
using System.Globalization;
using Dapari.Simulation;
using World = Dapari.Simulation.Simulation;

namespace Dapari.Bench.Simulate;

/// <summary>
/// "simulate SEEDS [FIRST]": plays so many worlds (docs/protocol/simulation.md), as many at once as there are processors. A world that breaks a promise
/// is printed with its seed and its last events.
/// </summary>
internal sealed class SimulateBench : IBench
{
    private const int Shown = 3;

    public string Name => "simulate";

    public string Summary => "plays SEEDS seeded worlds of peers, servers and faults; seeds per second, and how many kept every promise";

    public Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var seeds = Number(arguments.Rest, 0, arguments.Quick ? 100UL : 1_000UL);
        var first = Number(arguments.Rest, 1, 1);
        var watch = Stopwatch.StartNew();
        var said = new Lock();
        var results = new List<SimulationResult>();
        Parallel.For(0L, (long)seeds, index =>
        {
            var result = World.Run(first + (ulong)index);
            lock (said)
            {
                results.Add(result.Clean ? result with { Trace = "" } : result);
                if (!result.Clean && results.Count(one => !one.Clean) <= Shown)
                    Console.WriteLine(result.Report());
                if (results.Count % 1_000 == 0)
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{results.Count} worlds, {results.Count(one => !one.Clean)} not clean"));
            }
        });
        var seconds = watch.Elapsed.TotalSeconds;
        var bad = results.Where(one => !one.Clean).Select(one => one.Seed).Order().ToList();
        if (bad.Count > 0)
            Console.WriteLine($"not clean: {string.Join(' ', bad.Take(50))}{(bad.Count > 50 ? " …" : "")}");
        return Task.FromResult(new BenchReport(Name)
            .Figure("seeds", seeds)
            .Figure("seeds_per_second", seeds / seconds, "1/s")
            .Figure("messages", results.Sum(one => (double)one.Figures.Messages))
            .Figure("arrived_direct", results.Sum(one => (double)one.Figures.ArrivedDirect))
            .Figure("crashes", results.Sum(one => (double)one.Figures.Crashes))
            .Figure("server_crashes", results.Sum(one => (double)one.Figures.ServerCrashes))
            .Figure("backups_put_back", results.Sum(one => (double)one.Figures.Restores))
            .Figure("attacks", results.Sum(one => (double)one.Figures.Attacks))
            .Figure("message_keys", results.Sum(one => (double)one.Figures.Keys))
            .Figure("virtual_hours", results.Sum(one => one.Figures.VirtualMs / 3_600_000.0), "h")
            .AtMost("not_clean", bad.Count, 0));
    }

    private static ulong Number(IReadOnlyList<string> arguments, int index, ulong otherwise) =>
        arguments.Count > index && ulong.TryParse(arguments[index], CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
