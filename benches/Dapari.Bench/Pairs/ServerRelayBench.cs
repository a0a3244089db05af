using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Dapari.Bench.Pairs;

/// <summary>
/// Messages between 100 connected pairs through our server, through ejabberd and Prosody (which keep nothing), and through a bare Kestrel relay: the same
/// generator, the same payload, rounds taking turns. Once with as many as go, once with 5,000 a second.
/// </summary>
internal sealed class ServerRelayBench : IBench
{
    private const int Pairs = 100;
    private const int Window = 32;
    private const int Rate = 5000;

    public string Name => "server-relay";

    public string Summary => "messages between 100 connected pairs: full load and 5,000/s, beside ejabberd, Prosody and a bare Kestrel relay";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var (rounds, warmUp, measure) = arguments.Quick ? (3, 300, 1000) : (5, 1000, 3000);
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        var processes = new List<Process>();
        try
        {
            var contenders = new List<Contender>
            {
                await DapariAsync(folder, processes),
                await XmppAsync("ejabberd", XmppServer.EjabberdAsync, folder, processes),
                await BareAsync(processes),
            };
            if (!arguments.Quick)
                contenders.Add(await XmppAsync("prosody", XmppServer.ProsodyAsync, folder, processes));
            foreach (var contender in contenders) // Code is compiled while nobody measures.
                await contender.RoundAsync(0, 1500, 0);
            for (var round = 1; round <= rounds; round++)
            {
                foreach (var contender in contenders)
                {
                    contender.Full.Add(await contender.RoundAsync(warmUp, measure, 0));
                    contender.Paced.Add(await contender.RoundAsync(warmUp, measure, Rate));
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"round {round}: {string.Join(", ", contenders.Select(c => $"{c.Name} {c.Full[^1].MessagesPerSecond:F0}/s (p99 at {Rate}/s {c.Paced[^1].P99Ms:F2} ms)"))}"));
            }

            var report = new BenchReport(Name).Figure("pairs", Pairs).Figure("payload_bytes", PairLink.Payload).Figure("window", Window, "messages on their way in each pair at full load");
            foreach (var contender in contenders)
            {
                report.Figure($"{contender.Name}_per_s", contender.PerSecond, "1/s")
                    .Figure($"{contender.Name}_full_p50_ms", Median(contender.Full, r => r.P50Ms), "ms")
                    .Figure($"{contender.Name}_full_p99_ms", Median(contender.Full, r => r.P99Ms), "ms")
                    .Figure($"{contender.Name}_5000_p50_ms", Median(contender.Paced, r => r.P50Ms), "ms")
                    .Figure($"{contender.Name}_5000_p99_ms", Median(contender.Paced, r => r.P99Ms), "ms");
            }

            var (ours, theirs) = (contenders[0], contenders[1]);
            return report
                .AtLeast("rate_to_ejabberd", Statistics.Median(ours.Full.Zip(theirs.Full, (a, b) => a.MessagesPerSecond / b.MessagesPerSecond)), 2)
                .AtMost("p99_at_5000_to_ejabberd", Statistics.Median(ours.Paced.Zip(theirs.Paced, (a, b) => a.P99Ms / b.P99Ms)), 1);
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

    private static async Task<Contender> DapariAsync(string folder, List<Process> processes)
    {
        var server = BenchProcess.Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", Path.Combine(folder, "data"), "--listen", "127.0.0.1:0",
            "--rate", "all=off", "--relay", "off", "--connections-per-address", "100000");
        processes.Add(server);
        var address = new Uri(await BenchProcess.ReadAsync(server, "Dapari is listening: ")).Authority;
        _ = server.StandardOutput.ReadToEndAsync();
        return await Contender.StartAsync("dapari", "dapari", address, processes);
    }

    private static async Task<Contender> BareAsync(List<Process> processes)
    {
        var relay = BenchProcess.Start(typeof(ServerRelayBench).Assembly.Location, BareRelay.Command);
        processes.Add(relay);
        return await Contender.StartAsync("bare", "bare", await BenchProcess.ReadAsync(relay, "ready "), processes);
    }

    private static async Task<Contender> XmppAsync(string name, Func<string, Task<(Process Process, IPEndPoint Address)>> start, string folder, List<Process> processes)
    {
        var (process, address) = await start(folder);
        processes.Add(process);
        return await Contender.StartAsync(name, "xmpp", address.ToString(), processes);
    }

    private static double Median(List<PairResult> results, Func<PairResult, double> figure) => Statistics.Median(results.Select(figure));

    /// <summary>A server with a generator of its own.</summary>
    private sealed class Contender(string name, Process load)
    {
        public string Name { get; } = name;

        public List<PairResult> Full { get; } = [];

        public List<PairResult> Paced { get; } = [];

        public double PerSecond => Median(Full, r => r.MessagesPerSecond);

        public static async Task<Contender> StartAsync(string name, string protocol, string address, List<Process> processes)
        {
            var load = BenchProcess.Start(typeof(ServerRelayBench).Assembly.Location, PairLoad.Command, protocol, address, Pairs.ToString(CultureInfo.InvariantCulture));
            processes.Add(load);
            await BenchProcess.ReadAsync(load, PairLoad.Ready);
            return new Contender(name, load);
        }

        public async Task<PairResult> RoundAsync(int warmUpMs, int measureMs, int rate)
        {
            await load.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{warmUpMs} {measureMs} {Window} {rate}"));
            return JsonSerializer.Deserialize<PairResult>("{" + await BenchProcess.ReadAsync(load, "{"))!;
        }
    }
}
