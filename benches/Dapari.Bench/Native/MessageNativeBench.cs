using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Dapari.Bench.Native;

/// <summary>
/// One message after another between two native peers with a direct path over loopback, from the commit of the sender's store to the commit of the
/// recipient's. Beside it, in the same run: an echo over a bare TCP connection, and what the disk takes to make four kilobytes durable.
/// </summary>
internal sealed class MessageNativeBench : IBench
{
    private const int BareBytes = 512;
    private const int CommitBytes = 4096;

    public string Name => "message-native";

    public string Summary => "from one native peer's store to the other's, directly, beside a bare TCP echo";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var count = arguments.Quick ? 400 : 4_000;
        var folder = Directory.CreateTempSubdirectory("dapari-bench-");
        try
        {
            List<NodePair.Way> ways = [];
            List<double> echoes = [], commits = [];
            await using var pair = await NodePair.StartAsync(folder.FullName);
            using var echo = await Echo.StartAsync();
            using var file = new FileStream(Path.Combine(folder.FullName, "commits"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            for (var i = 0; i < 50; i++)
            {
                await pair.SendAsync($"warm {i}");
                await echo.RoundAsync();
            }

            // In turns, so that what else the machine does meets all three alike.
            for (var i = 0; i < count; i++)
            {
                ways.Add(await pair.SendAsync($"the message of number {i}, of a length that people write"));
                echoes.Add(await echo.RoundAsync());
                commits.Add(Commit(file));
            }

            var (whole, store) = (ways.Select(way => way.WholeMs), ways.Select(way => way.StoreToStoreMs));
            var (round, stored) = (Statistics.Median(echoes), Statistics.Median(store));
            return new BenchReport(Name)
                .Figure("messages", count)
                .Figure("store_to_store_p50_ms", stored, "ms").Figure("store_to_store_p99_ms", Statistics.Percentile(store, 99), "ms")
                .Figure("command_to_store_p50_ms", Statistics.Median(whole), "ms").Figure("command_to_store_p99_ms", Statistics.Percentile(whole, 99), "ms")
                .Figure("bare_tcp_echo_p50_ms", round, "ms").Figure("bare_tcp_echo_p99_ms", Statistics.Percentile(echoes, 99), "ms")
                .Figure("bare_durable_write_p50_ms", Statistics.Median(commits), "ms").Figure("bare_durable_write_p99_ms", Statistics.Percentile(commits, 99), "ms")
                .AtMost("store_to_store_over_echo_p50_ms", stored - round, 1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Commit(FileStream file)
    {
        var began = Stopwatch.GetTimestamp();
        file.Write(new byte[CommitBytes]);
        file.Flush(flushToDisk: true);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>A TCP connection over loopback whose other end gives back what it gets.</summary>
    private sealed class Echo(Socket here, Socket there) : IDisposable
    {
        private readonly byte[] _bytes = new byte[BareBytes];

        public static async Task<Echo> StartAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var here = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await here.ConnectAsync(listener.LocalEndpoint);
            var there = await listener.AcceptSocketAsync();
            there.NoDelay = true;
            _ = Task.Run(async () =>
            {
                var bytes = new byte[BareBytes];
                try
                {
                    for (var read = await there.ReceiveAsync(bytes); read > 0; read = await there.ReceiveAsync(bytes))
                        await there.SendAsync(bytes.AsMemory(0, read));
                }
                catch (Exception over) when (over is SocketException or ObjectDisposedException)
                {
                    // It has been measured.
                }
            });
            return new Echo(here, there);
        }

        public async Task<double> RoundAsync()
        {
            var began = Stopwatch.GetTimestamp();
            await here.SendAsync(_bytes);
            for (var got = 0; got < BareBytes;)
                got += await here.ReceiveAsync(_bytes.AsMemory(got));
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        public void Dispose()
        {
            here.Dispose();
            there.Dispose();
        }
    }
}
