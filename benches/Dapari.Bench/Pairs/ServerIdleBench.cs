using System.Diagnostics;
using System.Globalization;

namespace Dapari.Bench.Pairs;

/// <summary>
/// What an idle connection costs: resident memory of the process before and after, divided by the connections. Ours has said hello and owns an open
/// mailbox; what it is compared with is a Kestrel WebSocket that waits for a message.
/// </summary>
internal sealed class ServerIdleBench : IBench
{
    private const int WarmUp = 500;

    public string Name => "server-idle";

    public string Summary => "memory of the server for each idle connection, beside a bare Kestrel WebSocket. --limit: as many as the machine holds";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        if (arguments.Rest.Contains("--limit"))
            return await IdleLimit.RunAsync(Name, Serve);
        var count = arguments.Rest is [var asked, ..] ? int.Parse(asked, CultureInfo.InvariantCulture) : Math.Min(arguments.Quick ? 5_000 : 20_000, MostConnections);
        var rounds = arguments.Quick ? 3 : 5;
        var (ours, bare) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            ours.Add(await MeasureAsync("dapari", count));
            bare.Add(await MeasureAsync("bare", count));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {ours[^1]:F1} KiB, bare {bare[^1]:F1} KiB"));
        }

        return new BenchReport(Name)
            .Figure("connections", count)
            .Figure("kib_each", Statistics.Median(ours), "KiB")
            .Figure("bare_kib_each", Statistics.Median(bare), "KiB")
            .AtMost("to_bare", Statistics.Median(ours.Zip(bare, (a, b) => a / b)), 1.15);
    }

    /// <summary>What a process may hold here, with the server's own reserve for other files, and the warming-up; the generator is under the same limit.</summary>
    internal static int MostConnections =>
        File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var limit, ..]
            && int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var files) ? Math.Max(1000, files - 2_000) : int.MaxValue;

    /// <summary>KiB for each connection.</summary>
    private static async Task<double> MeasureAsync(string protocol, int count)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        using var server = protocol == "dapari"
            ? Serve(folder)
            : BenchProcess.Start(typeof(ServerIdleBench).Assembly.Location, BareRelay.Command);
        try
        {
            var address = protocol == "dapari" ? new Uri(await BenchProcess.ReadAsync(server, "Dapari is listening: ")).Authority : await BenchProcess.ReadAsync(server, "ready ");
            _ = server.StandardOutput.ReadToEndAsync();
            using var load = BenchProcess.Start(typeof(ServerIdleBench).Assembly.Location, IdleLoad.Command, protocol, address);
            try
            {
                await AddAsync(load, WarmUp);
                await Task.Delay(TimeSpan.FromSeconds(1));
                var before = BenchProcess.Memory(server, "VmRSS:");
                await AddAsync(load, count);
                await Task.Delay(TimeSpan.FromSeconds(3));
                return (BenchProcess.Memory(server, "VmRSS:") - before) / 1024 / count;
            }
            finally
            {
                load.Kill();
                await load.WaitForExitAsync();
            }
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            Directory.Delete(folder, true);
        }
    }

    private static Process Serve(string folder) =>
        BenchProcess.Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", folder, "--listen", "127.0.0.1:0", "--rate", "all=off", "--relay", "off",
            "--connections-per-address", "1000000", "--max-connections", "1000000", "--idle-seconds", "3600");

    private static async Task AddAsync(Process load, int count)
    {
        await load.StandardInput.WriteLineAsync(count.ToString(CultureInfo.InvariantCulture));
        await BenchProcess.ReadAsync(load, IdleLoad.Ready);
    }
}
