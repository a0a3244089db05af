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
        var (warmUp, measure) = arguments.Quick ? (TimeSpan.FromSeconds(0.7), TimeSpan.FromSeconds(1.5)) : (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));
        var (inserts, plain, posts, ratios, insertRatios) = (new List<double>(), new List<double>(), new List<PostLoadResult>(), new List<double>(), new List<double>());
        for (var run = 1; run <= Runs; run++)
        {
            inserts.Add(await InFolderAsync(f => new PlainLoop(Path.Combine(f, "plain.db"), Peers, EnvelopeBytes, 0).RunAsync(warmUp / 2, measure)));
            plain.Add(await InFolderAsync(f => new PlainLoop(Path.Combine(f, "plain.db"), Peers, EnvelopeBytes, AcknowledgeEvery).RunAsync(warmUp / 2, measure)));
            posts.Add(await InFolderAsync(f => MeasureServerAsync(f, warmUp, measure)));
            ratios.Add(posts[^1].PostsPerSecond / plain[^1]);
            insertRatios.Add(posts[^1].PostsPerSecond / inserts[^1]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"run {run}: server {posts[^1].PostsPerSecond:F0}/s (p50 {posts[^1].P50Ms:F1} ms, p99 {posts[^1].P99Ms:F1} ms), plain loop {plain[^1]:F0}/s, inserts alone {inserts[^1]:F0}/s"));
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

    private static async Task<PostLoadResult> MeasureServerAsync(string folder, TimeSpan warmUp, TimeSpan measure)
    {
        using var server = Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"),
            "serve", "--data", folder, "--listen", "127.0.0.1:0", "--rate", "all=off", "--connections-per-address", "100000");
        try
        {
            const string Listening = "Dapari is listening: ";
            string? line;
            do
                line = await server.StandardOutput.ReadLineAsync();
            while (line is not null && !line.StartsWith(Listening, StringComparison.Ordinal));
            _ = server.StandardOutput.ReadToEndAsync();
            using var load = Start(typeof(ServerPostBench).Assembly.Location, PostLoad.Command, line![Listening.Length..], Text(Peers), Text(EnvelopeBytes), Text(AcknowledgeEvery),
                Text((int)warmUp.TotalMilliseconds), Text((int)measure.TotalMilliseconds));
            var output = await load.StandardOutput.ReadToEndAsync();
            await load.WaitForExitAsync();
            return JsonSerializer.Deserialize<PostLoadResult>(output) ?? throw new InvalidOperationException("the load generator said nothing");
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task<T> InFolderAsync<T>(Func<string, Task<T>> run)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-bench-");
        try
        {
            return await run(folder.FullName);
        }
        finally
        {
            folder.Delete(true);
        }
    }
}
