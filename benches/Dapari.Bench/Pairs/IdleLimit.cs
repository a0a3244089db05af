using System.Diagnostics;
using System.Globalization;

namespace Dapari.Bench.Pairs;

/// <summary>
/// How many connections this machine holds: as many are added as its memory lets, both ends being here; then what each took (of the server's process, of the kernel), and how fast messages
/// go between twenty pairs of the first server beside all those who only wait. Where a process may not open that many files, servers are added, each with as many as it may have.
/// </summary>
internal static class IdleLimit
{
    /// <summary>What is left to the rest of the machine: below it nothing is added.</summary>
    private const double Reserve = 4.0 * 1024 * 1024 * 1024;

    private const int Step = 9_000;
    private const string Pairs = "20";
    private const int Rate = 1_000;

    /// <summary>Runs once; some minutes.</summary>
    public static async Task<BenchReport> RunAsync(string name, Func<string, Process> serve)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        var processes = new List<Process>();
        try
        {
            var server = await ServeAsync();
            var talk = Keep(BenchProcess.Start(typeof(IdleLimit).Assembly.Location, PairLoad.Command, "dapari", server.Address, Pairs));
            await BenchProcess.ReadAsync(talk, PairLoad.Ready);
            var empty = await TalkAsync(talk);

            var (free, connections, atServers, inServers, servers) = (Available(), 0, 0.0, 0.0, 0);
            var clock = Stopwatch.StartNew();
            var each = 50 * 1024.0; // All that a connection takes of the machine; guessed before the first.
            while (Available() - Math.Min(ServerIdleBench.MostConnections, 100_000) * each > Reserve)
            {
                if (servers++ > 0)
                    server = await ServeAsync();
                var load = Keep(BenchProcess.Start(typeof(IdleLimit).Assembly.Location, IdleLoad.Command, "dapari", server.Address));
                var before = Memory(server.Process);
                for (var here = 0; here + Step <= ServerIdleBench.MostConnections && Available() - Step * each > Reserve; here += Step)
                {
                    await load.StandardInput.WriteLineAsync(Step.ToString(CultureInfo.InvariantCulture));
                    await BenchProcess.ReadAsync(load, IdleLoad.Ready);
                    connections += Step;
                    each = (free - Available()) / connections;
                }

                inServers += Memory(server.Process) - before;
                atServers += Memory(server.Process);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{connections} connections, {servers} servers: {inServers / 1024 / connections:F1} KiB each in them; {Available() / 1e9:F1} GB left; {clock.Elapsed.TotalSeconds:F0} s"));
            }

            clock.Stop();
            var full = await TalkAsync(talk);
            return new BenchReport(name)
                .Figure("connections", connections)
                .Figure("servers", servers)
                .Figure("connections_per_s", connections / clock.Elapsed.TotalSeconds, "1/s")
                .Figure("server_kib_each", inServers / 1024 / connections, "KiB")
                .Figure("machine_kib_each", (free - Available()) / 1024 / connections, "KiB (both ends, the kernel, and the processes themselves)")
                .Figure("servers_gb", atServers / 1e9, "GB")
                .Figure("left_gb", Available() / 1e9, "GB")
                .Figure("empty_p50_ms", empty.P50Ms, "ms")
                .Figure("empty_p99_ms", empty.P99Ms, "ms")
                .Figure("full_p50_ms", full.P50Ms, "ms")
                .Figure("full_p99_ms", full.P99Ms, "ms");
        }
        finally
        {
            processes.Reverse();
            foreach (var process in processes)
            {
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }

            Directory.Delete(folder, true);
        }

        async Task<(Process Process, string Address)> ServeAsync()
        {
            var process = Keep(serve(Path.Combine(folder, processes.Count.ToString(CultureInfo.InvariantCulture))));
            var address = new Uri(await BenchProcess.ReadAsync(process, "Dapari is listening: ")).Authority;
            _ = process.StandardOutput.ReadToEndAsync();
            return (process, address);
        }

        Process Keep(Process process)
        {
            processes.Add(process);
            return process;
        }
    }

    private static async Task<PairResult> TalkAsync(Process talk)
    {
        await talk.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"2000 8000 1 {Rate}"));
        return System.Text.Json.JsonSerializer.Deserialize<PairResult>("{" + await BenchProcess.ReadAsync(talk, "{"))!;
    }

    private static double Memory(Process process) => BenchProcess.Memory(process, "VmRSS:");

    private static double Available() =>
        double.Parse(File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
}
