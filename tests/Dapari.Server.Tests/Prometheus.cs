using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>A real Prometheus on loopback that looks at one address each second.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly string _folder;
    private readonly Process _process;
    private readonly Uri _uri;

    private Prometheus(string folder, Process process, Uri uri)
    {
        _folder = folder;
        _process = process;
        _uri = uri;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static bool IsInstalled { get; } = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "prometheus")));

    public static async Task<Prometheus> StartAsync(Uri target)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-prometheus-").FullName;
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file,
            $"global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: dapari\n    static_configs:\n      - targets: ['{target.Authority}']\n", TestContext.Current.CancellationToken);
        for (var attempt = 0; ; attempt++)
        {
            // It cannot be given port 0 and asked which it got: a free one, and once more if somebody was quicker.
            var port = FreePort();
            var start = new ProcessStartInfo("prometheus") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in new[] { "--config.file=" + file, "--storage.tsdb.path=" + Path.Combine(folder, "data"), string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}") })
                start.ArgumentList.Add(argument);
            var prometheus = new Prometheus(folder, Process.Start(start)!, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")));
            if (await prometheus.IsReadyAsync())
                return prometheus;
            prometheus.End();
            Assert.True(attempt < 5, "Prometheus does not start.");
        }
    }

    /// <summary>Whether the expression gives at least one number.</summary>
    public async Task<bool> HasValueAsync(string query)
    {
        using var answer = await _http.GetAsync(new Uri(_uri, "/api/v1/query?query=" + Uri.EscapeDataString(query)), TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        using var result = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        return result.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .Any(series => double.TryParse(series.GetProperty("value")[1].GetString(), CultureInfo.InvariantCulture, out var value) && double.IsFinite(value));
    }

    public ValueTask DisposeAsync()
    {
        End();
        _http.Dispose();
        Directory.Delete(_folder, true);
        return ValueTask.CompletedTask;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>False: it ended.</summary>
    private async Task<bool> IsReadyAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var began = Stopwatch.StartNew();
        while (await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            if (_process.HasExited)
                return false;
            Assert.True(began.Elapsed < TimeSpan.FromSeconds(120), "Prometheus is not ready after two minutes.");
            try
            {
                using var answer = await _http.GetAsync(new Uri(_uri, "/-/ready"), TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                    return true;
            }
            catch (HttpRequestException)
            {
                // Nobody listens yet.
            }
        }

        return false;
    }

    private void End()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
