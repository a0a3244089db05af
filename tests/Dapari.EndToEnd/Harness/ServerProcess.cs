using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Globalization;
using System.Net.Sockets;

namespace Dapari.EndToEnd;

/// <summary>The real server, as its own process, with a data folder of its own. It can be killed and started again at the same address.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const int PortTries = 100;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    private readonly string data;
    private readonly string[] options;
    private readonly ConcurrentQueue<string> log = new();
    private Process? process;

    private readonly NatLab? lab;
    private IReadOnlyDictionary<string, string> environment = new Dictionary<string, string>();

    private ServerProcess(int port, string data, string[] options, NatLab? lab = null)
    {
        this.lab = lab;
        Port = port;
        this.data = data;
        this.options = options;
    }

    /// <summary>The loopback port it listens on.</summary>
    public int Port { get; }

    /// <summary>Where browsers find it.</summary>
    public string Origin => $"http://{(lab is null ? "127.0.0.1" : NatLab.ServerAddress)}:{Port}";

    /// <summary>Files that lie in its drop-off folder now.</summary>
    public int BlobsKept => Directory.Exists(Path.Combine(data, "blobs")) ? Directory.EnumerateFiles(Path.Combine(data, "blobs"), "*", SearchOption.AllDirectories).Count() : 0;

    /// <summary>What it has said so far.</summary>
    public string Log => string.Join('\n', log);

    /// <summary>The value of an option that it was started with.</summary>
    public string Option(string name) => options[Array.IndexOf(options, name) + 1];

    /// <summary>Starts a server on a free port and waits until it answers.</summary>
    /// <param name="options">Further options of <c>dapari-server serve</c>.</param>
    public static async Task<ServerProcess> StartAsync(params string[] options)
    {
        var server = new ServerProcess(FreePort(), Directory.CreateTempSubdirectory("dapari-e2e-").FullName, options);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>The same, with variables of its environment.</summary>
    public static async Task<ServerProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        var server = new ServerProcess(FreePort(), Directory.CreateTempSubdirectory("dapari-e2e-").FullName, options) { environment = environment };
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts a server on the Internet of a lab, with its relay at the usual port.</summary>
    public static async Task<ServerProcess> StartInAsync(NatLab lab)
    {
        var server = new ServerProcess(8080, Directory.CreateTempSubdirectory("dapari-e2e-").FullName, ["--relay-port", "3478", "--relay-allow", "10.70.0.0/24"], lab);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it after <see cref="KillAsync"/>: same address, same data.</summary>
    /// <param name="further">Options of this time alone; they go before the others.</param>
    public async Task StartAgainAsync(params string[] further)
    {
        if (process is not null) throw new InvalidOperationException("The server runs already.");
        foreach (var needed in (string[])[Repository.Server, Path.Combine(Repository.App, "index.html")])
        {
            if (!File.Exists(needed)) throw new FileNotFoundException($"Not built: {needed}. ./test builds it.", needed);
        }

        var start = new ProcessStartInfo(lab?.Wrapper("srv", "dotnet") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = data,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        string[] relay = lab is null ? ["--relay-port", "0"] : [];
        foreach (var argument in (string[])[Repository.Server, "serve", "--web", Repository.App, "--data", data, "--listen", new Uri(Origin).Authority, .. relay, .. options, .. further])
            start.ArgumentList.Add(argument);
        var started = process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        started.OutputDataReceived += (_, line) => Keep(line.Data);
        started.ErrorDataReceived += (_, line) => Keep(line.Data);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        await Waiting.UntilAsync("the server answers /healthz", IsHealthyAsync, StartLimit, () => Log);
    }

    /// <summary>Ends it at once (SIGKILL): no farewell, nothing flushed.</summary>
    public async Task KillAsync()
    {
        if (process is not { } running) return;
        process = null;
        running.Kill();
        await running.WaitForExitAsync();
        running.Dispose();
    }

    /// <summary>Asks it to end (SIGTERM): it says goodbye to everybody, and finishes what it began.</summary>
    public async Task StopAsync()
    {
        if (process is not { } running) return;
        process = null;
        using (var kill = Process.Start("kill", ["-TERM", running.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await running.WaitForExitAsync().WaitAsync(StartLimit);
        running.Dispose();
    }

    /// <summary>The operator says something to its data folder: <c>dapari-server admin …</c>.</summary>
    public async Task AdminAsync(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = data };
        foreach (var argument in (string[])[Repository.Server, "admin", .. words, "--data", data]) start.ArgumentList.Add(argument);
        using var admin = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var said = await admin.StandardOutput.ReadToEndAsync() + await admin.StandardError.ReadToEndAsync();
        await admin.WaitForExitAsync();
        if (admin.ExitCode != 0) throw new InvalidOperationException($"admin {string.Join(' ', words)}: {said}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(data, recursive: true);
    }

    /// <summary>
    /// A loopback port that is free now and stays so while its server is not there: none that this process was given before, and none that the system
    /// gives to outgoing connections, of which a busy machine opens thousands until the server listens, and again while it is killed.
    /// </summary>
    public static int FreePort()
    {
        // Above the highest port that Chromium refuses to open (10080).
        const int Lowest = 12_000;
        const string Outgoing = "/proc/sys/net/ipv4/ip_local_port_range";
        var end = File.Exists(Outgoing) ? int.Parse(File.ReadAllText(Outgoing).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;
        if (end - Lowest < PortTries) end = 65_536;
        for (var tried = 0; tried < PortTries; tried++)
        {
            var port = Random.Shared.Next(Lowest, end);
            if (!Taken.TryAdd(port, true)) continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }

        throw new InvalidOperationException($"None of {PortTries} loopback ports between {Lowest} and {end} is free.");
    }

    private void Keep(string? line)
    {
        if (line is not null) log.Enqueue(line);
    }

    private async Task<bool> IsHealthyAsync()
    {
        if (lab is not null) return Log.Contains(new Uri(Origin).Authority, StringComparison.Ordinal);
        if (process is { HasExited: true } ended) throw new InvalidOperationException($"The server ended with code {ended.ExitCode}:\n{Log}");
        try
        {
            using var answer = await Http.GetAsync(new Uri(Origin + "/healthz"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException)
        {
            return false;
        }
    }
}
