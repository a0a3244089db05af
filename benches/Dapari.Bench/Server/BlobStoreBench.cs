using System.Diagnostics;
using System.Globalization;

namespace Dapari.Bench.Server;

/// <summary>
/// One large drop-off up and down beside Kestrel taking a PUT to a file and serving a static file, in the same run, rounds taking turns; then two hundred
/// transfers at once, with the server's memory. Uploads are compared with a plain PUT that flushes before it answers, as the server does; one that does
/// not flush is told too.
/// </summary>
internal sealed class BlobStoreBench : IBench
{
    private const double Goal = 0.8;
    private const int Parallel = 200;

    public string Name => "blob-store";

    public string Summary => "drop-offs: 1 GiB up and down beside plain Kestrel, and 200 transfers at once with the memory they take";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = arguments.Quick ? 256L << 20 : 1L << 30;
        var rounds = arguments.Quick ? 3 : 5;
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        var files = Directory.CreateDirectory(Path.Combine(folder, "plain")).FullName;
        using var server = Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", Path.Combine(folder, "data"), "--listen", "127.0.0.1:0",
            "--rate", "all=off", "--relay", "off", "--idle-seconds", "3600", "--blob-bytes", "16G", "--blob-reserve", "1M");
        using var plain = Start(typeof(BlobStoreBench).Assembly.Location, PlainFileServer.Command, files);
        try
        {
            using var client = await BlobLoad.ConnectAsync(new Uri(await ReadAsync(server, "Dapari is listening: ")));
            using var bare = new HttpClient { BaseAddress = new Uri(await ReadAsync(plain, "ready ")), Timeout = Timeout.InfiniteTimeSpan };
            await RoundAsync(client, bare, 32L << 20); // Code is compiled while nobody measures.
            var results = new List<Round>();
            for (var round = 1; round <= rounds; round++)
            {
                results.Add(await RoundAsync(client, bare, size));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"round {round}, MB/s: up {results[^1].Up:F0} (plain flushed {results[^1].PlainUpFlushed:F0}, not flushed {results[^1].PlainUp:F0}), down {results[^1].Down:F0} (plain {results[^1].PlainDown:F0})"));
            }

            var before = Resident(server, "VmRSS:");
            var each = arguments.Quick ? 1L << 20 : 4L << 20;
            var (up, down) = await client.ManyAsync(Parallel, each);
            return new BenchReport(Name)
                .Figure("upload_mb_per_s", Median(results, r => r.Up), "MB/s (durable when answered)")
                .Figure("plain_upload_mb_per_s", Median(results, r => r.PlainUpFlushed), "MB/s (flushed)")
                .Figure("plain_upload_unflushed_mb_per_s", Median(results, r => r.PlainUp), "MB/s")
                .Figure("upload_to_unflushed", Median(results, r => r.Up / r.PlainUp))
                .Figure("download_mb_per_s", Median(results, r => r.Down), "MB/s")
                .Figure("plain_download_mb_per_s", Median(results, r => r.PlainDown), "MB/s")
                .Figure("parallel_upload_mb_per_s", up, $"MB/s ({Parallel} at once)")
                .Figure("parallel_download_mb_per_s", down, $"MB/s ({Parallel} at once)")
                .Figure("resident_before_mb", before / 1e6, "MB")
                .Figure("resident_peak_mb", Resident(server, "VmHWM:") / 1e6, "MB (of the whole run)")
                .AtLeast("upload_of_plain", Median(results, r => r.Up / r.PlainUpFlushed), Goal)
                .AtLeast("download_of_plain", Median(results, r => r.Down / r.PlainDown), Goal)
                .AtMost("parallel_mb_each", (Resident(server, "VmHWM:") - before) / 1e6 / Parallel, 1);
        }
        finally
        {
            server.Kill();
            plain.Kill();
            await server.WaitForExitAsync();
            await plain.WaitForExitAsync();
            Directory.Delete(folder, true);
        }
    }

    private sealed record Round(double Up, double PlainUpFlushed, double PlainUp, double Down, double PlainDown);

    private static async Task<Round> RoundAsync(BlobLoad client, HttpClient bare, long size)
    {
        var plainUp = await BlobLoad.PutAsync(bare, new Uri(bare.BaseAddress!, "one"), null, size);
        var plainFlushed = await BlobLoad.PutAsync(bare, new Uri(bare.BaseAddress!, "one?flush"), null, size);
        var drop = await client.BeginAsync(size);
        var up = await client.UploadAsync(drop, size);
        var plainDown = await BlobLoad.GetAsync(bare, new Uri(bare.BaseAddress!, "one"), null, size);
        var down = await client.DownloadAsync(drop, size);
        await client.RemoveAsync(drop);
        return new Round(size / up / 1e6, size / plainFlushed / 1e6, size / plainUp / 1e6, size / down / 1e6, size / plainDown / 1e6);
    }

    private static double Median(List<Round> rounds, Func<Round, double> figure) => Statistics.Median(rounds.Select(figure));

    private static double Resident(Process process, string field)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    private static async Task<string> ReadAsync(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(start, StringComparison.Ordinal))
                continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return line[start.Length..];
        }

        throw new InvalidOperationException($"The process ended before it said \"{start}\".");
    }

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
