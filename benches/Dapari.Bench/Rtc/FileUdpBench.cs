using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Dapari.Bench.Pairs;

namespace Dapari.Bench.Rtc;

/// <summary>
/// Bytes by ICE, DTLS and SCTP between two processes over loopback: ours, libdatachannel (npm node-datachannel) and libwebrtc (npm @roamhq/wrtc), rounds taking
/// turns, the same messages of 64 KiB; and a small message there and back.
/// </summary>
internal sealed class FileUdpBench : IBench
{
    public string Name => "file-udp";

    public string Summary => "bytes by ICE, DTLS and SCTP between two processes, and a small message's round trip, beside libdatachannel and libwebrtc";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = (arguments.Quick ? 128L : 1024L) << 20;
        var rounds = arguments.Quick ? 3 : 5;
        var modules = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../npm"));
        if (!Directory.Exists(Path.Combine(modules, "node_modules", "node-datachannel")))
            throw new InvalidOperationException($"The packages of the other stacks are missing in {modules}: ./bench installs them.");
        var contenders = new List<Contender>();
        try
        {
            foreach (var name in new[] { "dapari", "libdatachannel", "libwebrtc" })
                contenders.Add(await Contender.StartAsync(name, modules));
            foreach (var one in contenders)
            {
                await one.PumpAsync(64 << 20);
                await one.EchoAsync(500);
            }

            for (var round = 1; round <= rounds; round++)
            {
                foreach (var one in contenders)
                {
                    one.Rates.Add(await one.PumpAsync(size));
                    one.Echoes.Add(await one.EchoAsync(arguments.Quick ? 2_000 : 10_000));
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {string.Join(", ", contenders.Select(c => $"{c.Name} {c.Rates[^1]:F0} MB/s, {c.Echoes[^1].P50:F0} µs"))}"));
            }

            var report = new BenchReport(Name).Figure("size", size / 1e6, "MB");
            foreach (var one in contenders)
            {
                report.Figure($"{one.Name}_mb_per_s", Statistics.Median(one.Rates), "MB/s")
                    .Figure($"{one.Name}_round_trip_p50_us", Statistics.Median(one.Echoes.Select(e => e.P50)), "µs")
                    .Figure($"{one.Name}_round_trip_p99_us", Statistics.Median(one.Echoes.Select(e => e.P99)), "µs")
                    .Figure($"{one.Name}_memory_mb", one.Memory / 1e6, "MB, both ends, at the most");
            }

            double Best(Func<Contender, double> figure, Func<double, double, double> better) => better(figure(contenders[1]), figure(contenders[2]));
            var (ours, echo) = (Statistics.Median(contenders[0].Rates), Statistics.Median(contenders[0].Echoes.Select(e => e.P50)));
            return report
                .AtLeast("to_the_better", ours / Best(c => Statistics.Median(c.Rates), Math.Max), 1.5)
                .AtMost("round_trip_to_the_better", echo / Best(c => Statistics.Median(c.Echoes.Select(e => e.P50)), Math.Min), 1);
        }
        finally
        {
            foreach (var one in contenders)
                one.Dispose();
        }
    }

    private sealed class Contender : IDisposable
    {
        private readonly Process _sender;
        private readonly Process _receiver;

        private Contender(string name, Process sender, Process receiver) => (Name, _sender, _receiver) = (name, sender, receiver);

        public string Name { get; }

        public List<double> Rates { get; } = [];

        public List<(double P50, double P99)> Echoes { get; } = [];

        public double Memory => BenchProcess.Memory(_sender, "VmHWM:") + BenchProcess.Memory(_receiver, "VmHWM:");

        public static async Task<Contender> StartAsync(string name, string modules)
        {
            var made = new Contender(name, Start(name, "offerer", modules), Start(name, "answerer", modules));
            await Task.WhenAll(made.ConnectAsync(made._sender, made._receiver), made.ConnectAsync(made._receiver, made._sender)).WaitAsync(TimeSpan.FromSeconds(30));
            return made;
        }

        /// <summary>MB/s.</summary>
        public async Task<double> PumpAsync(long bytes)
        {
            await SayAsync(_receiver, new JsonObject { ["expect"] = bytes });
            var began = Stopwatch.GetTimestamp();
            await SayAsync(_sender, new JsonObject { ["pump"] = bytes });
            await HearAsync(_receiver, "received");
            return bytes / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        public async Task<(double P50, double P99)> EchoAsync(int rounds)
        {
            await SayAsync(_sender, new JsonObject { ["echo"] = rounds });
            var told = await HearAsync(_sender, "p50");
            return ((double)told["p50"]!, (double)told["p99"]!);
        }

        public void Dispose()
        {
            foreach (var process in new[] { _sender, _receiver })
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
            }
        }

        private static Process Start(string name, string role, string modules)
        {
            var start = new ProcessStartInfo(name == "dapari" ? "dotnet" : "node") { RedirectStandardInput = true, RedirectStandardOutput = true };
            string[] arguments = name == "dapari"
                ? [typeof(FileUdpBench).Assembly.Location, RtcProcess.Command, role]
                : [Path.Combine(AppContext.BaseDirectory, "peer.mjs"), name, role, modules];
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
            return Process.Start(start)!;
        }

        /// <summary>Passes signals on until this end is open.</summary>
        private async Task ConnectAsync(Process one, Process other)
        {
            while (await one.StandardOutput.ReadLineAsync() is { } line)
            {
                var told = JsonNode.Parse(line)!.AsObject();
                if (told.ContainsKey("open"))
                    return;
                await SayAsync(other, told);
            }

            throw new InvalidOperationException($"{Name} ended before it was connected.");
        }

        private async Task<JsonObject> HearAsync(Process process, string what)
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (JsonNode.Parse(line)!.AsObject() is { } told && told.ContainsKey(what))
                    return told;
            }

            throw new InvalidOperationException($"{Name} ended before it said \"{what}\".");
        }

        private static Task SayAsync(Process process, JsonObject what) => process.StandardInput.WriteLineAsync(what.ToJsonString());
    }
}
