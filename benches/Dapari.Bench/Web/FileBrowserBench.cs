using System.Diagnostics;
using System.Globalization;
using Dapari.EndToEnd;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// A file from one Chromium page to another by the app's own modules (its worker, its channel, its store, as the engine draws), end to end: read, sent,
/// held to the tree, written and flushed; beside a bare data channel between the same two pages, before and after, in the same run.
/// </summary>
internal sealed class FileBrowserBench : IBench
{
    private const long Full = 1L << 30;
    private const long Small = 128L << 20;

    public string Name => "file-browser";

    public string Summary => "a file of random bytes from page to page, hashed and stored, beside a bare data channel; memory. --size MIB: another size (beyond 1 GiB: zeros, once)";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = arguments.Rest is ["--size", var named] && long.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
            ? wanted << 20
            : arguments.Quick ? Small : Full;
        var rounds = arguments.Quick || size > Full ? 1 : 2;
        var pumped = Math.Min(size, Full);
        var folder = Directory.CreateTempSubdirectory("dapari-file-bench-").FullName;
        try
        {
            var source = Path.Combine(folder, "random.bin");
            await WriteAsync(source, size);
            using var playwright = await Playwright.CreateAsync();
            await using var server = await ServerProcess.StartAsync();
            // A profile on disk: in a private window the browser keeps files in memory.
            await using var context = await Chromium.StartWithProfileAsync(playwright, Path.Combine(folder, "profile"));
            var from = await FileBenchPage.OpenAsync(context, server.Origin, "a");
            var to = await FileBenchPage.OpenAsync(context, server.Origin, "b");
            await FileBenchPage.ConnectAsync(from, to);
            var idle = BrowserMemory.Read();
            // What a bare channel makes Chromium hold is not ours.
            var (memory, bareMemory) = (new BrowserMemory(), new BrowserMemory());
            var prepared = Stopwatch.StartNew();
            var items = await memory.DuringAsync(() => FileBenchPage.PrepareAsync(from, source));
            prepared.Stop();
            List<double> bare = [], files = [];
            for (var round = 0; round < rounds; round++)
            {
                bare.Add(pumped / 1e6 / await bareMemory.DuringAsync(() => FileBenchPage.PumpAsync(from, to, pumped)));
                files.Add(size / 1e6 / await memory.DuringAsync(() => FileBenchPage.TransferAsync(to, items)));
            }

            bare.Add(pumped / 1e6 / await bareMemory.DuringAsync(() => FileBenchPage.PumpAsync(from, to, pumped)));
            var peak = memory.Most;
            // Beyond that the tree, to which each chunk was held, must do.
            var arrived = size <= Full ? await FileBenchPage.HashAsync(to) : "";
            if (size <= Full && arrived != await FileBenchPage.HashAsync(from))
                throw new InvalidOperationException("What arrived is not what was sent.");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bare, MB/s: {string.Join(' ', bare.Select(one => one.ToString("F1", CultureInfo.InvariantCulture)))}; file: {string.Join(' ', files.Select(one => one.ToString("F1", CultureInfo.InvariantCulture)))}"));
            return new BenchReport(Name)
                .Figure("size", size / 1e6, "MB")
                .Figure("file", Statistics.Median(files), "MB/s")
                .Figure("bare data channel", Statistics.Median(bare), "MB/s")
                .Figure("prepare (read, hash, copy)", size / 1e6 / prepared.Elapsed.TotalSeconds, "MB/s")
                .Figure("memory of all pages and workers, idle", idle / 1e6, "MB")
                .Figure("memory of all pages and workers, peak", peak / 1e6, "MB")
                .Figure("memory with the bare channel, peak", bareMemory.Most / 1e6, "MB")
                .AtLeast("file ÷ bare", Statistics.Median(files) / Statistics.Median(bare), 0.9)
                .AtMost("memory over idle, both ends, MB", (peak - idle) / 1e6, 300);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteAsync(string path, long size)
    {
        await using var file = File.Create(path);
        if (size > Full)
        {
            // Takes no room where the file system knows holes; the browser's copies do.
            file.SetLength(size);
            return;
        }

        var block = new byte[1 << 20];
        var random = new Random(4);
        for (var at = 0L; at < size; at += block.Length)
        {
            random.NextBytes(block);
            await file.WriteAsync(block);
        }
    }
}
