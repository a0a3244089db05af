using System.Globalization;
using System.Runtime.InteropServices;
using Dapari.EndToEnd;
using Dapari.Wire.V1;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// The same file by the app itself from Alice to Bob, direct and then through the server (a drop-off), on networks as people have them: namespaces with
/// shaped lines, the real server and a Chromium each inside. Beside it, in the same run, a bare data channel between the same two pages.
/// </summary>
internal sealed class FileBothWaysBench : IBench
{
    private const int Mega = 1 << 20;

    private static readonly Network[] Networks =
    [
        new("one home", "two devices, 1 Gbit/s between them, the server behind 100/20 Mbit/s", 256, 16, 64, "hA", "hB", HomeAsync),
        new("two homes", "100/20 Mbit/s each, the server between them", 64, 8, 8, "hA", "hB", HomesAsync),
        new("loopback", "one machine, nothing shaped", 1024, 64, 64, "srv", "srv", NatLab.BuildAloneAsync),
    ];

    public string Name => "file-both-ways";

    public string Summary => "a file direct and through the server: one home, two homes, loopback; needs root. --only NAME runs one of them";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var report = new BenchReport(Name);
        if (!NatLab.IsPossible)
        {
            Console.WriteLine("Networks of its own need Linux, root, iproute2 and nftables: nothing was measured.");
            return report;
        }

        var only = arguments.Rest is ["--only", var named] ? named : null;
        List<string> lines = [];
        using var playwright = await Playwright.CreateAsync();
        // Each network starts two browsers and a server of its own: a quick run has time for one.
        if (arguments.Quick && only is null) Console.WriteLine($"Quick: {Networks[0].Name} alone; --only NAME takes another, without --quick all are measured.");
        foreach (var network in Networks.Where(one => only is null ? !arguments.Quick || one == Networks[0] : one.Name == only))
        {
            var found = await MeasureAsync(playwright, network, arguments.Quick);
            Report(report, network, found);
            lines.AddRange(Lines(network, found));
        }

        Console.WriteLine("way         file        time       speed    crossed the server   a copy lay there");
        foreach (var line in lines) Console.WriteLine(line);
        return report;
    }

    private static async Task<Found> MeasureAsync(IPlaywright playwright, Network network, bool quick)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-both-ways-").FullName;
        await using var lab = await network.Build();
        using var interrupted = OnSignal(PosixSignal.SIGINT, lab);
        using var ended = OnSignal(PosixSignal.SIGTERM, lab);
        try
        {
            await using var server = await ServerProcess.StartInAsync(lab);
            await lab.CountServerAsync();
            var starting = Chromium.StartKeepingInAsync(playwright, lab, network.A, server.Origin, Path.Combine(folder, "a"));
            await using var other = await Chromium.StartKeepingInAsync(playwright, lab, network.B, server.Origin, Path.Combine(folder, "b"));
            await using var one = await starting;
            await using var alice = await Person.JoinAsync(one, "Alice", server.Origin, Look.Desktop, "");
            await using var bob = await Person.JoinAsync(other, "Bob", server.Origin, Look.Desktop, "");
            await Task.WhenAll(alice.BeginAsync(), bob.BeginAsync());
            await Person.MeetAsync(alice, bob);
            await alice.SeesDirectPathAsync();

            var size = (quick ? network.QuickMega : network.Mega) * (long)Mega;
            var longer = (quick ? network.RatioMega : network.Mega) * (long)Mega;
            List<double> bare = [await BareLine.MeasureAsync(alice.Page, bob.Page, longer)];
            var direct = await FileWay.SendAsync(lab, server, alice, bob, await MakeAsync(folder, "direct.bin", size), Route.Direct);
            var limit = longer == size ? direct : await FileWay.SendAsync(lab, server, alice, bob, await MakeAsync(folder, "limit.bin", longer), Route.Direct);
            if (!quick) bare.Add(await BareLine.MeasureAsync(alice.Page, bob.Page, longer));
            await alice.ChooseWayAsync(alice.Words.Contact.ServerOnly);
            var left = await FileWay.SendAsync(lab, server, alice, bob, await MakeAsync(folder, "server.bin", size), Route.DropOff);
            return new Found(direct, left, limit, longer / 1e6 / Statistics.Median(bare));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(BenchReport report, Network network, Found found)
    {
        var (direct, server, limit, bare) = found;
        report.Figure($"{network.Name}: size", direct.Size / 1e6, "MB")
            .Figure($"{network.Name}: direct", Speed(direct), "MB/s")
            .Figure($"{network.Name}: through the server", Speed(server), "MB/s")
            .Figure($"{network.Name}: direct ÷ server", Speed(direct) / Speed(server))
            .Figure($"{network.Name}: bare data channel", bare, "MB/s")
            .Figure($"{network.Name}: crossed the server, direct", direct.Crossed / 1e6, "MB")
            .Figure($"{network.Name}: crossed the server, left there", server.Crossed / 1e6, "MB")
            .Figure($"{network.Name}: copy at the server, direct", direct.Lay, "s")
            .Figure($"{network.Name}: copy at the server, left there", server.Lay, "s")
            // Since the other asked: as a data channel is measured from its opening on.
            .AtLeast($"{network.Name}: direct ÷ bare data channel", limit.Size / 1e6 / limit.Moving / bare, 0.9)
            .AtMost($"{network.Name}: crossed the server of a direct file, parts of it", (double)limit.Crossed / limit.Size, 0.02);
    }

    private static IEnumerable<string> Lines(Network network, Found found)
    {
        yield return $"{network.Name}: {network.Summary}";
        foreach (var (name, way) in ((string, FileWay)[])[("direct", found.Direct), ("server", found.Server)])
            yield return string.Create(CultureInfo.InvariantCulture, $"  {name,-8} {way.Size / 1e6,6:F0} MB {way.Whole,8:F1} s {Speed(way),7:F1} MB/s {way.Crossed / 1e6,14:F1} MB {(way.Lay > 0 ? way.Lay.ToString("F1", CultureInfo.InvariantCulture) + " s" : "never"),18}");
    }

    private static double Speed(FileWay way) => way.Size / 1e6 / way.Whole;

    private static async Task<NatLab> HomeAsync()
    {
        var lab = await NatLab.BuildHomeAsync();
        await lab.ShapeHomeAsync(1000);
        await lab.ShapeLineAsync("A", down: 100, up: 20);
        return lab;
    }

    private static async Task<NatLab> HomesAsync()
    {
        var lab = await NatLab.BuildAsync(Nat.PortRestricted, Nat.PortRestricted);
        foreach (var side in (string[])["A", "B"]) await lab.ShapeLineAsync(side, down: 100, up: 20);
        return lab;
    }

    // The networks go also when the run is broken off.
    private static PosixSignalRegistration OnSignal(PosixSignal signal, NatLab lab) => PosixSignalRegistration.Create(signal, _ => lab.DisposeAsync().AsTask().GetAwaiter().GetResult());

    private static async Task<string> MakeAsync(string folder, string name, long size)
    {
        var path = Path.Combine(folder, name);
        await using var file = File.Create(path);
        var block = new byte[Mega];
        var random = new Random(4);
        for (var at = 0L; at < size; at += block.Length)
        {
            random.NextBytes(block);
            await file.WriteAsync(block);
        }

        return path;
    }

    /// <summary>One of them; sizes in MiB, the last one of what is held against the bare channel in a quick run.</summary>
    private sealed record Network(string Name, string Summary, int Mega, int QuickMega, int RatioMega, string A, string B, Func<Task<NatLab>> Build);

    private sealed record Found(FileWay Direct, FileWay Server, FileWay Limit, double Bare);
}
