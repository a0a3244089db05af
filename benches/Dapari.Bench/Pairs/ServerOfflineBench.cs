using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Dapari.Bench.Pairs;

/// <summary>
/// Messages to 100 receivers that are away, and their fetching: our server, where an answer says that the envelope is on the disk, beside ejabberd with its own store of offline
/// messages. The same generator, the same payload, rounds taking turns. 160 messages wait for each receiver: ejabberd's store looks through all that wait for somebody whenever it
/// adds one, and with 1,000 each would not end a round in five minutes, which would flatter us.
/// </summary>
internal sealed class ServerOfflineBench : IBench
{
    private const int Pairs = 100;
    private const int Window = 32;

    public string Name => "server-offline";

    public string Summary => "posts to 100 mailboxes whose owners are away, and their fetching, beside ejabberd's offline messages";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var (rounds, each) = (arguments.Quick ? 2 : 5, 160);
        var folder = Directory.CreateTempSubdirectory("dapari-bench-").FullName;
        var processes = new List<Process>();
        try
        {
            var server = BenchProcess.Start(Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", Path.Combine(folder, "data"), "--listen", "127.0.0.1:0",
                "--rate", "all=off", "--relay", "off", "--connections-per-address", "100000");
            processes.Add(server);
            var address = new Uri(await BenchProcess.ReadAsync(server, "Dapari is listening: ")).Authority;
            _ = server.StandardOutput.ReadToEndAsync();
            var ours = await StartAsync("dapari", address, processes);
            var (ejabberd, at) = await XmppServer.EjabberdAsync(folder, offline: true);
            processes.Add(ejabberd);
            var theirs = await StartAsync("xmpp", at.ToString(), processes);
            await RoundAsync(ours, 1000); // Code is compiled while nobody measures.
            await RoundAsync(theirs, 80);
            var (own, other, deep) = (new List<OfflineResult>(), new List<OfflineResult>(), new List<OfflineResult>());
            for (var round = 1; round <= rounds; round++)
            {
                other.Add(await RoundAsync(theirs, each));
                own.Add(await RoundAsync(ours, each));
                deep.Add(await RoundAsync(ours, 5 * each)); // As many as take a second or more.
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"round {round}: dapari posts {own[^1].PostsPerSecond:F0}/s (p99 {own[^1].PostP99Ms:F1} ms), drains {own[^1].DrainedPerSecond:F0}/s (five times as many: {deep[^1].PostsPerSecond:F0}/s, {deep[^1].DrainedPerSecond:F0}/s); ejabberd {other[^1].PostsPerSecond:F0}/s, {other[^1].DrainedPerSecond:F0}/s"));
            }

            double Ratio(Func<OfflineResult, double> figure) => Statistics.Median(own.Zip(other, (a, b) => figure(a) / figure(b)));
            return new BenchReport(Name).Figure("pairs", Pairs).Figure("messages_each", each).Figure("payload_bytes", PairLink.Payload).Figure("window", Window)
                .Figure("posts_per_s", Statistics.Median(own.Select(r => r.PostsPerSecond)), "1/s")
                .Figure("post_p50_ms", Statistics.Median(own.Select(r => r.PostP50Ms)), "ms")
                .Figure("post_p99_ms", Statistics.Median(own.Select(r => r.PostP99Ms)), "ms")
                .Figure("drained_per_s", Statistics.Median(own.Select(r => r.DrainedPerSecond)), "1/s")
                .Figure("posts_per_s_deep", Statistics.Median(deep.Select(r => r.PostsPerSecond)), "1/s (five times as many messages)")
                .Figure("drained_per_s_deep", Statistics.Median(deep.Select(r => r.DrainedPerSecond)), "1/s (five times as many messages)")
                .Figure("ejabberd_posts_per_s", Statistics.Median(other.Select(r => r.PostsPerSecond)), "1/s")
                .Figure("ejabberd_drained_per_s", Statistics.Median(other.Select(r => r.DrainedPerSecond)), "1/s")
                .AtLeast("posts_to_ejabberd", Ratio(r => r.PostsPerSecond), 10)
                .AtLeast("drained_to_ejabberd", Ratio(r => r.DrainedPerSecond), 3);
        }
        finally
        {
            foreach (var process in processes)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            Directory.Delete(folder, true);
        }
    }

    private static async Task<Process> StartAsync(string protocol, string address, List<Process> processes)
    {
        var load = BenchProcess.Start(typeof(ServerOfflineBench).Assembly.Location, OfflineLoad.Command, protocol, address, Pairs.ToString(CultureInfo.InvariantCulture));
        processes.Add(load);
        await BenchProcess.ReadAsync(load, OfflineLoad.Ready);
        return load;
    }

    private static async Task<OfflineResult> RoundAsync(Process load, int each)
    {
        await load.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{each} {Window}"));
        return JsonSerializer.Deserialize<OfflineResult>("{" + await BenchProcess.ReadAsync(load, "{"))!;
    }
}
