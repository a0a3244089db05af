using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Dapari.Bench.Web;
using Dapari.EndToEnd;
using Dapari.Wire.V1;
using Microsoft.Playwright;

namespace Dapari.Bench.Native;

/// <summary>
/// A file between the app in Chromium and the native peer, both ways, beside the same file between two Chromiums, rounds taking turns: from the moment that the recipient asks for it until it
/// is stored, verified, and shown so. By the data channel; and by HTTPS with a second node whose certificate the browser accepts.
/// </summary>
internal sealed class FileBrowserNativeBench : IBench
{
    private const string Browser = "Chromium to Chromium", FromNode = "node to Chromium", ToNode = "Chromium to node", FromNodeHttps = "node to Chromium by HTTPS";

    public string Name => "file-browser-native";

    public string Summary => "a file between Chromium and a native peer, both ways, beside Chromium to Chromium; and by HTTPS (--size MIB: another size than 1024)";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = (arguments.Rest is ["--size", var named] && long.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : arguments.Quick ? 48 : 1024) << 20;
        var rounds = arguments.Quick ? 2 : 5;
        var folder = Directory.CreateTempSubdirectory("dapari-browser-native-").FullName;
        try
        {
            using var playwright = await Playwright.CreateAsync();
            await using var server = await ServerProcess.StartAsync();
            await using var here = await Chromium.StartKeepingAsync(playwright, Path.Combine(folder, "a"), trustsAll: true);
            await using var there = await Chromium.StartKeepingAsync(playwright, Path.Combine(folder, "c"));
            await using var alice = await Person.JoinAsync(here, "Alice", server.Origin, Look.Desktop, "");
            await using var carol = await Person.JoinAsync(there, "Carol", server.Origin, Look.Desktop, "");
            await Task.WhenAll(alice.BeginAsync(), carol.BeginAsync());
            var invite = await alice.InviteAsync(reusable: true);
            await carol.TakeInviteAsync(invite);
            await alice.AcceptAsync("Carol");
            await carol.OpenAsync("Alice");
            using var bob = await NativePeer.StartAsync(Path.Combine(folder, "bob"), "Bob", server.Origin, "--no-nearby", "--no-port-mapping");
            using var dora = await NativePeer.StartAsync(Path.Combine(folder, "dora"), "Dora", server.Origin, ["--no-nearby", "--no-port-mapping", .. Https(folder)]);
            await MeetAsync(alice, invite, bob, "Bob");
            await MeetAsync(alice, invite, dora, "Dora");

            var way = new Exchange(alice, folder, size);
            (string Name, Func<Task<double>> Run)[] ways =
            [
                (Browser, () => way.SendToAsync("Carol", file => ArriveAsync(carol, file))),
                (FromNode, () => way.ReceiveAsync(bob, "Bob")),
                (ToNode, () => way.SendToAsync("Bob", _ => TakeAsync(bob))),
                (FromNodeHttps, () => way.ReceiveAsync(dora, "Dora")),
                // Not the other way by HTTPS: what drives the browser takes a copy of each request's body, and no more than 17 MB/s.
            ];
            var speeds = ways.ToDictionary(one => one.Name, _ => new List<double>());
            for (var round = 0; round <= rounds; round++)
            {
                var said = $"round {round}:";
                foreach (var (name, run) in ways)
                {
                    var speed = size / 1e6 / await run();
                    said += string.Create(CultureInfo.InvariantCulture, $" {name} {speed:F1},");
                    if (round > 0)
                        speeds[name].Add(speed);
                }

                Console.WriteLine(said.TrimEnd(',') + " MB/s" + (round == 0 ? " (to warm up)" : ""));
            }

            var report = new BenchReport(Name).Figure("size", size / 1e6, "MB");
            foreach (var (name, _) in ways)
                report.Figure(name, Statistics.Median(speeds[name]), "MB/s, from the recipient's wish on");
            return report
                .Figure("node memory", Math.Max(bob.Memory, dora.Memory) / 1e6, "MB resident at the most")
                .AtLeast("node to Chromium ÷ Chromium to Chromium", Statistics.Median(speeds[FromNode]) / Statistics.Median(speeds[Browser]), 1.5)
                .AtLeast("Chromium to node ÷ Chromium to Chromium", Statistics.Median(speeds[ToNode]) / Statistics.Median(speeds[Browser]), 1.15);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeetAsync(Person alice, string invite, NativePeer node, string name)
    {
        await node.AskAsync(HttpMethod.Post, "accept", new JsonObject { ["link"] = invite });
        await alice.AcceptAsync(name);
        await node.HearAsync(told => (string?)told["contact"]?["state"] == "accepted");
    }

    /// <summary>The node asks for what it is offered; seconds until it lies there.</summary>
    private static async Task<double> TakeAsync(NativePeer node)
    {
        var offer = await node.HearAsync(told => told["message"]?["files"]?["transfer"] is not null && told["message"]!["files"]!["outcome"] is null);
        var transfer = (string)offer["message"]!["files"]!["transfer"]!;
        var began = Stopwatch.GetTimestamp();
        await node.AskAsync(HttpMethod.Post, $"transfers/{transfer}/want");
        var end = await node.HearAsync(told => (string?)told["message"]?["files"]?["transfer"] == transfer && told["message"]!["files"]!["outcome"] is not null);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return (string?)end["message"]!["files"]!["outcome"] == "arrived" ? seconds : throw new InvalidOperationException($"It ended otherwise: {end}");
    }

    private static async Task<double> ArriveAsync(Person to, string file)
    {
        var arrived = await to.Page.EvaluateAsync<double[]>(FileWay.Get, new[] { file, to.Words.File.Get("")[..^2], to.Words.Ways.Name(Route.Direct) });
        return (arrived[1] - arrived[0]) / 1000;
    }

    private static string[] Https(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var (certificate, secret) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(secret, key.ExportPkcs8PrivateKeyPem());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ["--https", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), "--https-certificate", certificate, "--https-key", secret];
    }

    /// <summary>What Alice sends and is sent; each file is another one, for what is had already is not moved again.</summary>
    private sealed class Exchange(Person alice, string folder, long size)
    {
        private int _number;
        private string _open = "";

        public async Task<double> SendToAsync(string who, Func<string, Task<double>> arrive)
        {
            await OpenAsync(who);
            var path = await MakeAsync();
            await alice.PickAsync(alice.Words.File.MenuFiles, path);
            var arriving = arrive(Path.GetFileName(path));
            await alice.SendPickedAsync();
            var seconds = await arriving;
            await alice.SeesFilesWentAsync(Path.GetFileName(path), Route.Direct);
            File.Delete(path);
            return seconds;
        }

        public async Task<double> ReceiveAsync(NativePeer node, string who)
        {
            await OpenAsync(who);
            var path = await MakeAsync();
            await node.AskAsync(HttpMethod.Post, "contacts/Alice/files", new JsonObject { ["paths"] = new JsonArray(path), ["way"] = "direct" });
            var seconds = await ArriveAsync(alice, Path.GetFileName(path));
            await node.HearAsync(told => told["message"]?["files"]?["outcome"] is not null);
            File.Delete(path);
            return seconds;
        }

        private async Task OpenAsync(string who)
        {
            if (_open != who)
                await alice.OpenAsync(who);
            _open = who;
            await alice.SeesDirectPathAsync();
        }

        private async Task<string> MakeAsync()
        {
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"random-{_number++}.bin"));
            await using var file = File.Create(path);
            var block = new byte[1 << 20];
            for (var left = size; left > 0; left -= block.Length)
            {
                RandomNumberGenerator.Fill(block);
                await file.WriteAsync(block);
            }

            return path;
        }
    }
}
