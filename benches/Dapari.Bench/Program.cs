using System.Text;
using Dapari.Bench.Cluster;
using Dapari.Bench.Far;
using Dapari.Bench.Faults;
using Dapari.Bench.Native;
using Dapari.Bench.Pairs;
using Dapari.Bench.Relay;
using Dapari.Bench.Rtc;
using Dapari.Bench.Server;
using Dapari.Bench.Simulate;
using Dapari.Bench.Web;

namespace Dapari.Bench;

/// <summary>"NAME [--quick]" runs a benchmark; without a name they are listed. Exit code 0 also when a goal is missed: the report says it.</summary>
internal static class Program
{
    private static readonly IBench[] Benches =
    [
        new ServerPostBench(), new ServerRelayBench(), new ServerClusterBench(), new FileUdpBench(), new FarUdpBench(), new ServerIdleBench(), new WebStartBench(), new MessageLatencyBench(), new ConversationOpenBench(), new SimulateBench(), new TurnRelayBench(), new CallSetupBench(), new BlobStoreBench(), new FileBrowserBench(), new RtcStackBench(), new FileBothWaysBench(), new FileNativeBench(), new FileBrowserNativeBench(), new MessageNativeBench(), new NodeStartBench(),
        new ServerOfflineBench(), new ServerFaultsBench(),
    ];

    public static async Task<int> Main(string[] arguments)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        // Load generators are processes of their own, started by their benchmark.
        if (arguments is [PostLoad.Command, ..])
            return await PostLoad.RunAsync(arguments[1..]);
        if (arguments is [PairLoad.Command, ..])
            return await PairLoad.RunAsync(arguments[1..]);
        if (arguments is [OfflineLoad.Command, ..])
            return await OfflineLoad.RunAsync(arguments[1..]);
        if (arguments is [IdleLoad.Command, ..])
            return await IdleLoad.RunAsync(arguments[1..]);
        if (arguments is [RtcProcess.Command, ..])
            return await RtcProcess.RunAsync(arguments[1..]);
        if (arguments is [FarTcp.Command, ..])
            return await FarTcp.RunAsync(arguments[1..]);
        if (arguments is [BareRelay.Command])
            return await BareRelay.RunAsync();
        if (arguments is [PlainFileServer.Command, ..])
            return await PlainFileServer.RunAsync(arguments[1..]);
        if (arguments is [RelayProcess.Command, ..])
            return await RelayProcess.RunAsync(arguments[1..]);
        if (arguments.Length == 0 || arguments[0] is "--help" or "help")
        {
            Console.WriteLine("usage: bench NAME [--quick] [arguments]");
            foreach (var known in Benches)
                Console.WriteLine($"  {known.Name,-18} {known.Summary}");
            return 0;
        }

        if (Benches.FirstOrDefault(b => b.Name == arguments[0]) is not { } bench)
        {
            await Console.Error.WriteLineAsync($"There is no benchmark \"{arguments[0]}\".");
            return 2;
        }

        var report = await bench.RunAsync(new BenchArguments(arguments.Contains("--quick"), [.. arguments[1..].Where(a => a != "--quick")]));
        report.Write(Console.Out);
        return 0;
    }
}
