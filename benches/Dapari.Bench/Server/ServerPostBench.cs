using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Dapari.Bench.Server;

/// <summary>Durable posts per second and their latency with 1,000 connected mailboxes, beside a plain loop over SQLite in the same run.</summary>
internal sealed class ServerPostBench : IBench
{
    private const int Peers = 1000;
    private const int EnvelopeBytes = 1024;
    private const int AcknowledgeEvery = 16;
    private const int Runs = 5;
    private const double Goal = 0.5;

    public string Name => "server-post";

    public string Summary => "durable posts per second and p99, 1,000 connected mailboxes, beside a plain SQLite group-commit loop";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var (warmUp, measure) = arguments.Quick ? (TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.2)) : (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));
        var (inserts, plain, posts, ratios, insertRatios) = (new List<double>(), new List<double>(), new List<PostLoadResult>(), new List<double>(), new List<double>());
        using var folder = new TemporaryFolder();
        using var server = Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"),
            "serve", "--data", folder.Path, "--listen", "127.0.0.1:0", "--rate", "all=off", "--connections-per-address", "100000");
        using var load = StartLoad(await AddressAsync(server), warmUp, measure);
        try
        {
            await ReadAsync(load, PostLoad.Ready);
            await PostAsync(load); // Code is compiled and pages are made while nobody measures, as in a server that has run for a while.
            for (var run = 1; run <= Runs; run++)
            {
                inserts.Add(await PlainAsync(0, warmUp, measure));
                plain.Add(await PlainAsync(AcknowledgeEvery, warmUp, measure));
                posts.Add(await PostAsync(load));
                ratios.Add(posts[^1].PostsPerSecond / plain[^1]);
                insertRatios.Add(posts[^1].PostsPerSecond / inserts[^1]);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"run {run}: server {posts[^1].PostsPerSecond:F0}/s (p50 {posts[^1].P50Ms:F1} ms, p99 {posts[^1].P99Ms:F1} ms), plain loop {plain[^1]:F0}/s, inserts alone {inserts[^1]:F0}/s"));
            }
        }
        finally
        {
            load.Kill();
            server.Kill();
            await load.WaitForExitAsync();
            await server.WaitForExitAsync();
        }

        return new BenchReport(Name)
            .Figure("posts_per_second", Statistics.Median(posts.Select(p => p.PostsPerSecond)), "1/s")
            .Figure("post_p50_ms", Statistics.Median(posts.Select(p => p.P50Ms)), "ms")
            .Figure("post_p99_ms", Statistics.Median(posts.Select(p => p.P99Ms)), "ms")
            .Figure("deliveries_per_second", Statistics.Median(posts.Select(p => p.DeliveriesPerSecond)), "1/s")
            .Figure("plain_loop_per_second", Statistics.Median(plain), "1/s (insert, and delete when acknowledged: what the server stores)")
            .Figure("plain_inserts_per_second", Statistics.Median(inserts), "1/s (never deleted)")
            .Figure("of_plain_inserts", Statistics.Median(insertRatios))
            .AtLeast("of_plain_loop", Statistics.Median(ratios), Goal);
    }

    private static async Task<double> PlainAsync(int acknowledgeEvery, TimeSpan warmUp, TimeSpan measure)
    {
        using var folder = new TemporaryFolder();
        return await new PlainLoop(Path.Combine(folder.Path, "plain.db"), Peers, EnvelopeBytes, acknowledgeEvery).RunAsync(warmUp, measure);
    }

    /// <summary>One round of the load.</summary>
    private static async Task<PostLoadResult> PostAsync(Process load)
    {
        await load.StandardInput.WriteLineAsync("go");
        return JsonSerializer.Deserialize<PostLoadResult>(await ReadAsync(load, "{"))!;
    }

    private static async Task<string> AddressAsync(Process server)
    {
        const string Listening = "Dapari is listening: ";
        var line = await ReadAsync(server, Listening);
        _ = server.StandardOutput.ReadToEndAsync();
        return line[Listening.Length..];
    }

    /// <summary>The next line that starts so.</summary>
    private static async Task<string> ReadAsync(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException($"The process ended before it said \"{start}\".");
    }

    private static Process StartLoad(string server, TimeSpan warmUp, TimeSpan measure) =>
        Start(typeof(ServerPostBench).Assembly.Location, PostLoad.Command, server, Text(Peers), Text(EnvelopeBytes), Text(AcknowledgeEvery),
            Text((int)warmUp.TotalMilliseconds), Text((int)measure.TotalMilliseconds));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(program);
        if (arguments[0] == PostLoad.Command) // The generator never blocks; it leaves the cores to what is measured.
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("dapari-bench-").FullName;

        public void Dispose() => Directory.Delete(Path, true);
    }
}
