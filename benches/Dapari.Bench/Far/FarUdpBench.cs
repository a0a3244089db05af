using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Dapari.Bench.Rtc;

namespace Dapari.Bench.Far;

/// <summary>Bytes by ICE, DTLS and SCTP over long and lossy lines, beside the kernel's TCP over the same lines.</summary>
internal sealed class FarUdpBench : IBench
{
    private const double RoundTrip = 0.05;
    private const double Rate = 20e6;

    public string Name => "file-udp-far";

    public string Summary => "bytes by ICE, DTLS and SCTP at 50 ms, without loss and with 1 %, beside TCP on the same line; needs root and /dev/net/tun";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var report = new BenchReport(Name);
        if (!FarLine.IsPossible)
        {
            Console.WriteLine("A line of its own needs Linux, root and /dev/net/tun: nothing was measured.");
            return report;
        }

        var rounds = arguments.Quick ? 1 : 5;
        // A queue of one round trip's bytes, as routers have it.
        var (ours, tcp, _) = await MeasureAsync(0, arguments.Quick ? 100 : 200, rounds);
        var (oursLossy, tcpLossy, part) = await MeasureAsync(0.01, arguments.Quick ? 16 : 32, rounds);
        // Mathis et al. 1997: MSS / RTT × √(3/2) / √p, of packets of 1,380 bytes of data.
        var newReno = 1_380 / RoundTrip * Math.Sqrt(1.5) / Math.Sqrt(0.01) / 1e6;
        return report
            .Figure("line", Rate / 1e6, "MB/s, 50 ms there and back, 1 MB of queue")
            .Figure("dapari, 50 ms", Statistics.Median(ours), "MB/s")
            .Figure("tcp, 50 ms", Statistics.Median(tcp), "MB/s")
            .Figure("dapari, 50 ms and 1 %", Statistics.Median(oursLossy), "MB/s")
            .Figure("tcp, 50 ms and 1 %", Statistics.Median(tcpLossy), "MB/s")
            .Figure("newreno by formula, 50 ms and 1 %", newReno, "MB/s")
            .Figure("lost by the line, part", part)
            .AtLeast("50 ms: dapari ÷ tcp", Statistics.Median(ours) / Statistics.Median(tcp), 0.8)
            .AtLeast("50 ms and 1 %: dapari ÷ newreno by formula", Statistics.Median(oursLossy) / newReno, 5);
    }

    private static async Task<(List<double> Ours, List<double> Tcp, double Lost)> MeasureAsync(double loss, int mega, int rounds)
    {
        List<double> ours = [], tcp = [];
        using var line = new FarLine(TimeSpan.FromSeconds(RoundTrip / 2), loss, Rate, (int)(Rate * RoundTrip), seed: 7);
        for (var round = 1; round <= rounds; round++)
        {
            tcp.Add(await TcpAsync(line, (long)(mega * 1e6)));
            ours.Add(await OursAsync(line, (long)(mega * 1e6)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loss {loss:P0}, round {round}: dapari {ours[^1]:F2} MB/s, tcp {tcp[^1]:F2} MB/s"));
        }

        Console.WriteLine($"The kernel's congestion control: {(await File.ReadAllTextAsync("/proc/sys/net/ipv4/tcp_congestion_control")).Trim()}.");
        var (went, lost) = line.Count;
        return (ours, tcp, (double)lost / went);
    }

    private static async Task<double> TcpAsync(FarLine line, long bytes)
    {
        using var receiver = line.Start(1, FarTcp.Command, "listen", FarLine.Address(1));
        await HearAsync(receiver, "listening");
        using var sender = line.Start(0, FarTcp.Command, "connect", FarLine.Address(1));
        try
        {
            await HearAsync(sender, "open");
            await HearAsync(receiver, "open");
            var text = bytes.ToString(CultureInfo.InvariantCulture);
            var began = Stopwatch.GetTimestamp();
            await receiver.StandardInput.WriteLineAsync(text);
            await sender.StandardInput.WriteLineAsync(text);
            await HearAsync(receiver, "received");
            return bytes / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            End(sender, receiver);
        }
    }

    private static async Task<double> OursAsync(FarLine line, long bytes)
    {
        using var sender = line.Start(0, RtcProcess.Command, "offerer", FarLine.Address(0));
        using var receiver = line.Start(1, RtcProcess.Command, "answerer", FarLine.Address(1));
        try
        {
            await Task.WhenAll(ConnectAsync(sender, receiver), ConnectAsync(receiver, sender)).WaitAsync(TimeSpan.FromSeconds(60));
            await SayAsync(receiver, new JsonObject { ["expect"] = bytes });
            var began = Stopwatch.GetTimestamp();
            await SayAsync(sender, new JsonObject { ["pump"] = bytes });
            await HearAsync(receiver, "received");
            return bytes / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            End(sender, receiver);
        }
    }

    private static async Task ConnectAsync(Process one, Process other)
    {
        while (await one.StandardOutput.ReadLineAsync() is { } line)
        {
            var told = JsonNode.Parse(line)!.AsObject();
            if (told.ContainsKey("open"))
                return;
            await SayAsync(other, told);
        }

        throw new InvalidOperationException("An end was over before it was connected.");
    }

    private static async Task HearAsync(Process process, string what)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(what, StringComparison.Ordinal))
                return;
        }

        throw new InvalidOperationException($"An end was over before it said \"{what}\".");
    }

    private static Task SayAsync(Process process, JsonObject what) => process.StandardInput.WriteLineAsync(what.ToJsonString());

    private static void End(params Process[] processes)
    {
        foreach (var process in processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
    }
}
