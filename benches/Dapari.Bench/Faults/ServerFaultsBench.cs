using System.Globalization;
using Dapari.EndToEnd;
using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>What people lose when the server is killed, its disk is full, its power goes, its clock is wrong, or machines of a cluster, its database or the lines between them fail: nothing. Arguments are the names of faults to do alone.</summary>
internal sealed class ServerFaultsBench : IBench
{
    /// <summary>With anything to come. What takes longer has stopped.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly IFault[] Faults = [new KillFault(), new FullDiskFault(), new PowerFault(), new ClockFault(), new CrowdFault(), new ClusterFault(), new PartitionFault()];

    public string Name => "server-faults";

    public string Summary => "the server is killed, its disk full, its power cut, its clock days off, a cluster's machines, database and lines fail, while people write: what they lose, get twice, or get in another order";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var report = new BenchReport(Name);
        var all = new List<(IFault Fault, FaultVerdict Verdict)>();
        foreach (var fault in Faults.Where(f => arguments.Rest.Count == 0 || arguments.Rest.Contains(f.Name)))
        {
            if (fault is FullDiskFault or PowerFault && !LoopDisk.IsPossible)
            {
                Console.WriteLine($"{fault.Name}: left out, it needs root and loop devices");
                continue;
            }

            if (fault is ClusterFault or PartitionFault && arguments.Quick && arguments.Rest.Count == 0)
            {
                Console.WriteLine($"{fault.Name}: left out of --quick; name it");
                continue;
            }

            if (fault is ClusterFault or PartitionFault && !NatLab.IsPossible)
            {
                Console.WriteLine($"{fault.Name}: left out, it needs root, iproute2 and nftables");
                continue;
            }

            var folder = Directory.CreateTempSubdirectory("dapari-faults-").FullName;
            try
            {
                var verdict = await fault.RunAsync(folder, arguments.Quick, report);
                all.Add((fault, verdict));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{fault.Name}: {verdict.Answered} posts answered, {verdict.Refused} refused; lost {verdict.Lost}, doubled {verdict.Doubled}, came back {verdict.CameBack}, out of order {verdict.OutOfOrder}, strange {verdict.Strange}; recognized as repeats {verdict.Repeats}"));
                report.Figure($"{fault.Name}_answered_posts", verdict.Answered).Figure($"{fault.Name}_repeats_recognized", verdict.Repeats);
            }
            finally
            {
                Directory.Delete(folder, true);
            }
        }

        return report
            .AtMost("lost", all.Sum(a => a.Verdict.Lost), 0)
            .AtMost("doubled", all.Sum(a => a.Verdict.Doubled + a.Verdict.CameBack), 0)
            .AtMost("out_of_order", all.Sum(a => a.Verdict.OutOfOrder), 0)
            .AtMost("strange", all.Sum(a => a.Verdict.Strange), 0);
    }
}
