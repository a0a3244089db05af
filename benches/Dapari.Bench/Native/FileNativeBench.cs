using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;

namespace Dapari.Bench.Native;

/// <summary>
/// A file from one native peer to another over loopback, end to end: from the word "send" (which hashes) through offer, streams, verification and flushes until the recipient's entry says that
/// it arrived. Beside one bare TLS stream and other tools, rounds taking turns.
/// </summary>
internal sealed class FileNativeBench : IBench
{
    public string Name => "file-native";

    public string Summary => "a file between two native peers over TCP, end to end, beside a bare TLS stream, rsync, scp, Syncthing and magic-wormhole (--folder F: where all files lie; --alone: without the other tools)";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = (arguments.Quick ? 256L : 1024L) << 20;
        var rounds = arguments.Quick ? 3 : 5;
        var at = arguments.Rest.ToList().IndexOf("--folder");
        // In memory where there is such a folder: a disk of this kind would be all that is measured.
        var root = Directory.CreateDirectory(Path.Combine(at >= 0 ? arguments.Rest[at + 1] : Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"dapari-file-native-{Environment.ProcessId}")).FullName;
        try
        {
            return await RunAsync(root, size, rounds, arguments.Rest.Contains("--alone"));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private async Task<BenchReport> RunAsync(string root, long size, int rounds, bool alone)
    {
        await using var host = await ServerHost.StartAsync(
            new ServerOptions { Data = Path.Combine(root, "server"), Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, Relay = new RelayServing { On = false } }, TimeProvider.System);
        var server = host.Addresses[0].GetLeftPart(UriPartial.Authority);
        using var alice = await NativePeer.StartAsync(Path.Combine(root, "alice"), "Alice", server);
        using var bob = await NativePeer.StartAsync(Path.Combine(root, "bob"), "Bob", server);
        await MeetAsync(alice, bob);
        var file = Path.Combine(root, "random");
        await MakeAsync(file, size);
        using var others = new OtherTools(root);
        var tools = alone ? [] : await others.StartAsync();
        List<double> ours = [], moved = [], bare = [], spent = [], bareSpent = [];
        var theirs = tools.ToDictionary(tool => tool.Name, _ => new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var (sender, recipient) = (alice.Processor, bob.Processor);
            var (whole, moving, after) = await SendAsync(alice, bob, file);
            (sender, recipient) = (after.Sender - sender, after.Recipient - recipient);
            using var self = Process.GetCurrentProcess();
            var before = self.TotalProcessorTime;
            var tls = await BareTls.MeasureAsync(size);
            self.Refresh();
            var work = (self.TotalProcessorTime - before).TotalSeconds;
            var said = string.Create(CultureInfo.InvariantCulture, $"round {round}: dapari {size / 1e6 / whole:F0} MB/s ({size / 1e6 / moving:F0} after hashing; {sender:F2} + {recipient:F2} s of processors), bare {tls:F0} ({work:F2} s)");
            foreach (var (name, run, forget) in tools)
            {
                var began = Stopwatch.GetTimestamp();
                await run(file);
                var rate = size / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
                await forget(file);
                said += string.Create(CultureInfo.InvariantCulture, $", {name} {rate:F0}");
                if (round > 0)
                    theirs[name].Add(rate);
            }

            Console.WriteLine(said + (round == 0 ? " (to warm up)" : ""));
            if (round == 0)
                continue;
            ours.Add(size / 1e6 / whole);
            moved.Add(size / 1e6 / moving);
            bare.Add(tls);
            spent.Add((sender + recipient) * 1e9 / size);
            bareSpent.Add(work * 1e9 / size);
        }

        var report = new BenchReport(Name).Figure("size", size / 1e6, "MB")
            .Figure("dapari_mb_per_s", Statistics.Median(ours), "MB/s, hashed first, to the recipient's word")
            .Figure("dapari_after_hashing_mb_per_s", Statistics.Median(moved), "MB/s, from the offer to the recipient's word")
            .Figure("bare_tls_mb_per_s", Statistics.Median(bare), "MB/s, one SslStream, nothing read, hashed or stored")
            .Figure("dapari_processor_ns_per_byte", Statistics.Median(spent), "ns, both ends, with hashing at both")
            .Figure("bare_tls_processor_ns_per_byte", Statistics.Median(bareSpent), "ns, both ends");
        foreach (var (name, rates) in theirs)
            report.Figure($"{name}_mb_per_s", Statistics.Median(rates), "MB/s");
        return report
            .Figure("sender_memory_mb", alice.Memory / 1e6, "MB resident at the most, with what the program's and libraries' files take")
            .Figure("recipient_memory_mb", bob.Memory / 1e6, "MB resident at the most")
            .Figure("sender_own_memory_mb", alice.OwnMemory / 1e6, "MB at the end, without files")
            .Figure("recipient_own_memory_mb", bob.OwnMemory / 1e6, "MB at the end, without files")
            .AtLeast("to_bare_tls", Statistics.Median(ours) / Statistics.Median(bare), 1.5)
            .AtMost("memory_mb", Math.Max(alice.Memory, bob.Memory) / 1e6, 100);
    }

    private static async Task MeetAsync(NativePeer alice, NativePeer bob)
    {
        foreach (var peer in (NativePeer[])[alice, bob])
        {
            while (!(await peer.AskAsync(HttpMethod.Get, "status"))["servers"]!.AsArray().Any(one => (string?)one!["state"] == "online"))
                await Task.Delay(50);
        }

        var link = (string)(await alice.AskAsync(HttpMethod.Post, "invites", []))["link"]!;
        // Its blob goes to the server behind the answer.
        while (!(await alice.AskAsync(HttpMethod.Get, "invites")).AsArray().Any(one => (string?)one!["link"] == link && (bool?)one["published"] == true))
            await Task.Delay(50);
        await Task.WhenAll(
            alice.HearAsync(told => (string?)told["contact"]?["state"] == "asking"),
            bob.AskAsync(HttpMethod.Post, "accept", new JsonObject { ["link"] = link }));
        await alice.AskAsync(HttpMethod.Patch, "contacts/Bob", new JsonObject { ["answer"] = "accept" });
        await bob.HearAsync(told => (string?)told["contact"]?["state"] == "accepted");
        await bob.AskAsync(HttpMethod.Patch, "settings", new JsonObject { ["receiveUnaskedBytes"] = 1L << 40 });
        // Somebody looks at the talk: paths are opened for it.
        await alice.AskAsync(HttpMethod.Post, "contacts/Bob/active");
        await alice.HearAsync(told => (string?)told["contact"]?["path"]?["state"] == "open");
    }

    private static async Task MakeAsync(string path, long size)
    {
        await using var file = File.Create(path);
        var block = new byte[1 << 20];
        for (var left = size; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            await file.WriteAsync(block);
        }
    }

    /// <summary>Seconds, in all and without hashing; and what processors had worked by the end.</summary>
    private static async Task<(double Whole, double Moving, (double Sender, double Recipient) Processor)> SendAsync(NativePeer alice, NativePeer bob, string file)
    {
        var began = Stopwatch.GetTimestamp();
        var sent = await alice.AskAsync(HttpMethod.Post, "contacts/Bob/files", new JsonObject { ["paths"] = new JsonArray(file), ["way"] = "direct" });
        var hashed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var transfer = (string)sent["transfer"]!;
        var end = await bob.HearAsync(told => (string?)told["message"]?["files"]?["transfer"] == transfer && told["message"]!["files"]!["outcome"] is not null);
        var whole = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var processor = (alice.Processor, bob.Processor);
        if ((string?)end["message"]!["files"]!["outcome"] != "arrived")
            throw new InvalidOperationException($"It ended otherwise: {end}");
        // What the recipient holds is the file: saved, compared, and gone before the next round.
        var inbox = Path.Combine(bob.Folder, "saved");
        var saved = (string)(await bob.AskAsync(HttpMethod.Post, $"transfers/{transfer}/save", new JsonObject { ["folder"] = inbox }))["paths"]!.AsArray()[0]!;
        var (one, other) = (await HashAsync(saved), await HashAsync(file));
        if (!one.SequenceEqual(other))
            throw new InvalidOperationException("What arrived is not what was sent.");
        File.Delete(saved);
        return (whole, whole - hashed, processor);
    }

    private static async Task<IReadOnlyList<byte>> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return await SHA256.HashDataAsync(file);
    }
}
