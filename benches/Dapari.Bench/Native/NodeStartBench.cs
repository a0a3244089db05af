using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Dapari.Bench.Native;

/// <summary>How long the native program takes from its start to its end: for its version alone, for a word with its daemon, and as a peer of its own. Kinds take turns.</summary>
internal sealed class NodeStartBench : IBench
{
    public string Name => "node-start";

    public string Summary => "the native program (eng/publish-node): from its start to its end";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var program = Path.GetFullPath(Path.Combine("artifacts", "publish", RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "dapari-linux-arm64" : "dapari-linux-x64", "dapari"));
        var root = Directory.CreateTempSubdirectory("dapari-start-").FullName;
        var (alone, served) = (Path.Combine(root, "alone"), Path.Combine(root, "served"));
        try
        {
            // Nobody listens there: what is measured is the program, not a server.
            foreach (var folder in (string[])[alone, served])
                await RunAsync(program, "--home", folder, "init", "Alice", "--server", "http://127.0.0.1:1");
            using var daemon = Process.Start(new ProcessStartInfo(program, ["--home", served, "up", "--no-direct", "--no-nearby", "--no-port-mapping"]) { RedirectStandardError = true })!;
            await daemon.StandardError.ReadLineAsync();
            List<double> version = [], asked = [], own = [];
            for (var round = 0; round < (arguments.Quick ? 20 : 100); round++)
            {
                version.Add(await RunAsync(program, "--version"));
                asked.Add(await RunAsync(program, "--home", served, "--json", "status"));
                own.Add(await RunAsync(program, "--home", alone, "--json", "status"));
            }

            daemon.Refresh();
            var memory = daemon.WorkingSet64 / 1e6;
            daemon.Kill();
            await daemon.WaitForExitAsync();
            return new BenchReport(Name)
                .Figure("p95 of a word with its daemon", Statistics.Percentile(asked, 95), "ms")
                .Figure("as a peer of its own, whose server is gone", Statistics.Median(own), "ms")
                .Figure("daemon", memory, "MB")
                .Figure("program", new FileInfo(program).Length / 1e6, "MB")
                .AtMost("--version, ms", Statistics.Median(version), 50)
                .AtMost("a word with its daemon (status), ms", Statistics.Median(asked), 50);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<double> RunAsync(string program, params string[] arguments)
    {
        var began = Stopwatch.GetTimestamp();
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = run.StandardError.ReadToEndAsync();
        await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return run.ExitCode == 0 ? took : throw new InvalidOperationException($"dapari {string.Join(' ', arguments)} ended with {run.ExitCode}: {await said}");
    }
}
