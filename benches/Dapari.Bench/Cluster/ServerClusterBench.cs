using System.Diagnostics;
using System.Globalization;
using Dapari.Bench.Pairs;
using Dapari.Server.Cluster.Tests;

namespace Dapari.Bench.Cluster;

/// <summary>
/// Messages between 100 connected pairs, all to be durable or with the recipient before they are answered: the server alone with files of its own, and one, two and three machines of a
/// cluster on one PostgreSQL; rounds take turns. Once with both of a pair at the same machine, once with the pairs' senders at the next machine. All on this machine, so several share its
/// cores: how much more several can do is seen only as far as cores are left.
/// </summary>
internal sealed class ServerClusterBench : IBench
{
    private const int Pairs = 99;
    private const int Window = 32;

    public string Name => "server-cluster";

    public string Summary => "messages between 99 pairs: one server with files of its own beside clusters of 1, 2 and 3 machines on one PostgreSQL";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var (rounds, warmUp, measure) = arguments.Quick ? (3, 300, 1000) : (5, 1000, 3000);
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        var processes = new List<Process>();
        await using var postgres = await TestPostgres.StartAsync();
        try
        {
            var contenders = new List<Contender>
            {
                await Contender.StartAsync("alone", [await ServerAsync(folder, "alone", null, processes)], 0, processes),
            };
            foreach (var machines in new[] { 1, 2, 3 })
            {
                var addresses = new List<string>();
                for (var i = 0; i < machines; i++)
                    addresses.Add(await ServerAsync(folder, $"{machines}-{i}", postgres.Url, processes, $"c{machines}"));
                contenders.Add(await Contender.StartAsync($"machines_{machines}", addresses, 0, processes));
                if (machines == 2)
                    contenders.Add(await Contender.StartAsync("machines_2_across", addresses, 1, processes));
            }

            foreach (var contender in contenders) // Code is compiled while nobody measures.
                await contender.RoundAsync(0, 1500);
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var contender in contenders)
                    contender.Rounds.Add(await contender.RoundAsync(warmUp, measure));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {string.Join(", ", contenders.Select(c => $"{c.Name} {c.Rounds[^1].MessagesPerSecond:F0}/s (p99 {c.Rounds[^1].P99Ms:F1} ms)"))}"));
            }

            var report = new BenchReport(Name).Figure("pairs", Pairs).Figure("payload_bytes", PairLink.Payload).Figure("window", Window);
            foreach (var contender in contenders)
            {
                report.Figure($"{contender.Name}_per_s", Statistics.Median(contender.Rounds.Select(r => r.MessagesPerSecond)), "1/s")
                    .Figure($"{contender.Name}_p50_ms", Statistics.Median(contender.Rounds.Select(r => r.P50Ms)), "ms")
                    .Figure($"{contender.Name}_p99_ms", Statistics.Median(contender.Rounds.Select(r => r.P99Ms)), "ms");
            }

            double Ratio(int a, int b) => Statistics.Median(contenders[a].Rounds.Zip(contenders[b].Rounds, (x, y) => x.MessagesPerSecond / y.MessagesPerSecond));
            return report.Figure("machines_2_to_1", Ratio(2, 1)).Figure("machines_3_to_1", Ratio(4, 1)).AtLeast("machine_to_alone", Ratio(1, 0), 0.3);
        }
        finally
        {
            processes.Reverse(); // Generators go before their servers.
            foreach (var process in processes)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            Directory.Delete(folder, true);
        }
    }

    private static async Task<string> ServerAsync(string folder, string name, string? database, List<Process> processes, string cluster = "")
    {
        string[] alone = [
            Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", Path.Combine(folder, name), "--listen", "127.0.0.1:0", "--rate", "all=off", "--relay", "off",
            "--connections-per-address", "100000",
        ];
        var server = BenchProcess.Start(alone[0], database is null ? alone[1..] : [.. alone[1..], "--cluster", database, "--cluster-name", cluster, "--silo-port", "0", "--advertise", "127.0.0.1"]);
        processes.Add(server);
        var address = new Uri(await BenchProcess.ReadAsync(server, "Dapari is listening: ")).Authority;
        _ = server.StandardOutput.ReadToEndAsync();
        return address;
    }

    /// <summary>A server or a cluster, with a generator for each of its machines.</summary>
    private sealed class Contender(string name, List<Process> loads)
    {
        public string Name { get; } = name;

        public List<PairResult> Rounds { get; } = [];

        /// <param name="name">In the report.</param>
        /// <param name="addresses">Of its machines.</param>
        /// <param name="across">How many machines further the senders connect.</param>
        /// <param name="processes">To be ended.</param>
        public static async Task<Contender> StartAsync(string name, List<string> addresses, int across, List<Process> processes)
        {
            var loads = new List<Process>();
            for (var i = 0; i < addresses.Count; i++)
            {
                var load = BenchProcess.Start(
                    typeof(ServerClusterBench).Assembly.Location, PairLoad.Command, "dapari", addresses[i], (Pairs / addresses.Count).ToString(CultureInfo.InvariantCulture), addresses[(i + across) % addresses.Count]);
                processes.Add(load);
                loads.Add(load);
                await BenchProcess.ReadAsync(load, PairLoad.Ready);
            }

            return new Contender(name, loads);
        }

        /// <summary>All generators at once; rates add up, the slowest one's times count.</summary>
        public async Task<PairResult> RoundAsync(int warmUpMs, int measureMs)
        {
            var results = await Task.WhenAll(loads.Select(async load =>
            {
                await load.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{warmUpMs} {measureMs} {Window} 0"));
                return System.Text.Json.JsonSerializer.Deserialize<PairResult>("{" + await BenchProcess.ReadAsync(load, "{"))!;
            }));
            return new PairResult(results.Sum(r => r.MessagesPerSecond), results.Max(r => r.P50Ms), results.Max(r => r.P99Ms));
        }
    }
}
