using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Dapari.Bench.Native;

/// <summary>Two of Syncthing with a folder in common, over loopback: they announce themselves nowhere and ask nobody for their way.</summary>
internal sealed class SyncthingPair : IDisposable
{
    private const string Folder = "bench";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);
    private readonly End _one;
    private readonly End _other;

    private SyncthingPair(End one, End other) => (_one, _other) = (one, other);

    public static async Task<SyncthingPair> StartAsync(string root)
    {
        var (one, other) = (await End.MakeAsync(Path.Combine(root, "sync-one")), await End.MakeAsync(Path.Combine(root, "sync-other")));
        one.Start(other);
        other.Start(one);
        await one.UntilAsync("system/connections", answer => (bool?)answer["connections"]?[other.Id]?["connected"] == true);
        return new SyncthingPair(one, other);
    }

    /// <summary>From the word that there is a file, which hashes it, until the other end has all of it in its place.</summary>
    public async Task MoveAsync(string file)
    {
        var name = Path.GetFileName(file);
        // Theirs is the folder; the same bytes under another name.
        Link(file, Path.Combine(_one.Shared, name));
        await _one.AskAsync(HttpMethod.Post, $"db/scan?folder={Folder}");
        var there = Path.Combine(_other.Shared, name);
        while (!File.Exists(there))
            await Task.Delay(5);
    }

    /// <summary>It is gone at both ends, so that none of it is found there the next time.</summary>
    public async Task ForgetAsync(string file)
    {
        File.Delete(Path.Combine(_one.Shared, Path.GetFileName(file)));
        await _one.AskAsync(HttpMethod.Post, $"db/scan?folder={Folder}");
        while (File.Exists(Path.Combine(_other.Shared, Path.GetFileName(file))))
            await Task.Delay(20);
        foreach (var end in (End[])[_one, _other])
            await end.UntilAsync($"db/status?folder={Folder}", answer => (string?)answer["state"] == "idle" && (long?)answer["needTotalItems"] == 0);
    }

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    private static void Link(string file, string name)
    {
        using var process = Process.Start("ln", [file, name]);
        process.WaitForExit();
    }

    private sealed class End(string home, XDocument settings, int port, int api) : IDisposable
    {
        private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{api}/rest/") };
        private Process? _process;

        public string Shared => Path.Combine(home, "shared");

        public string Id => (string)settings.Root!.Element("device")!.Attribute("id")!;

        public static async Task<End> MakeAsync(string home)
        {
            using (var made = Run("generate", "--home", home, "--no-default-folder", "--skip-port-probing"))
            {
                var ended = made.WaitForExitAsync();
                await Task.WhenAll(made.StandardOutput.ReadToEndAsync(), made.StandardError.ReadToEndAsync(), ended);
            }

            var end = new End(home, XDocument.Load(Path.Combine(home, "config.xml")), FreePort(), FreePort());
            Directory.CreateDirectory(end.Shared);
            return end;
        }

        public void Start(End other)
        {
            var root = settings.Root!;
            var options = root.Element("options")!;
            foreach (var (name, value) in new[]
            {
                ("listenAddress", $"tcp://127.0.0.1:{port}"), ("globalAnnounceEnabled", "false"), ("localAnnounceEnabled", "false"), ("relaysEnabled", "false"), ("natEnabled", "false"),
                ("urAccepted", "-1"), ("crashReportingEnabled", "false"), ("autoUpgradeIntervalH", "0"), ("startBrowser", "false"), ("reconnectionIntervalS", "1"), ("setLowPriority", "false"),
            })
                options.SetElementValue(name, value);
            root.Element("gui")!.SetElementValue("address", $"127.0.0.1:{api}");
            root.Element("device")!.SetElementValue("address", $"tcp://127.0.0.1:{port}");
            root.Add(new XElement("device", new XAttribute("id", other.Id), new XAttribute("name", "other"), new XElement("address", $"tcp://127.0.0.1:{other.Port}")));
            root.Add(new XElement(
                "folder", new XAttribute("id", Folder), new XAttribute("path", Shared), new XAttribute("type", "sendreceive"), new XAttribute("rescanIntervalS", "0"),
                new XAttribute("fsWatcherEnabled", "false"), new XElement("device", new XAttribute("id", Id)), new XElement("device", new XAttribute("id", other.Id))));
            settings.Save(Path.Combine(home, "config.xml"));
            _http.DefaultRequestHeaders.Add("X-API-Key", (string)root.Element("gui")!.Element("apikey")!);
            _process = Run("serve", "--home", home, "--no-browser", "--no-restart", "--no-upgrade");
            _ = _process.StandardOutput.ReadToEndAsync();
            _ = _process.StandardError.ReadToEndAsync();
        }

        public async Task<JsonNode?> AskAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, path);
            using var answer = await _http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
            var text = await answer.Content.ReadAsStringAsync();
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }

        public async Task UntilAsync(string path, Func<JsonNode, bool> holds)
        {
            var began = Stopwatch.GetTimestamp();
            while (true)
            {
                try
                {
                    if (await AskAsync(HttpMethod.Get, path) is { } answer && holds(answer))
                        return;
                }
                catch (HttpRequestException) when (_process is { HasExited: false })
                {
                    // Not up yet.
                }

                if (Stopwatch.GetElapsedTime(began) > _patience)
                    throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"Syncthing at {port}: {path} never says what is waited for."));
                await Task.Delay(20);
            }
        }

        public void Dispose()
        {
            _http.Dispose();
            if (_process is null)
                return;
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }

        private int Port => port;

        private static Process Run(params string[] line)
        {
            var start = new ProcessStartInfo("syncthing") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in line)
                start.ArgumentList.Add(argument);
            return Process.Start(start)!;
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
