using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;
using Dapari.Bench.Pairs;

namespace Dapari.Bench.Native;

/// <summary>A daemon of the native peer, asked over its socket.</summary>
internal sealed class NativePeer : IDisposable
{
    // As it is published (./bench makes it): what a person runs. Else as it was built for the bench.
    private static readonly string Published = Vector512.IsHardwareAccelerated && File.Exists(PublishedAs("linux-x64-v4")) ? PublishedAs("linux-x64-v4") : PublishedAs("linux-x64");
    private readonly Process _process;
    private readonly HttpClient _http;
    private readonly StreamReader _events;

    private NativePeer(string folder, Process process, HttpClient http, StreamReader events) => (Folder, _process, _http, _events) = (folder, process, http, events);

    public string Folder { get; }

    /// <summary>The most it ever held, in bytes.</summary>
    public double Memory => BenchProcess.Memory(_process, "VmHWM:");

    /// <summary>What it holds now that no other process could share, in bytes.</summary>
    public double OwnMemory => BenchProcess.Memory(_process, "RssAnon:");

    /// <summary>Time of processors so far, in seconds.</summary>
    public double Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <param name="folder">Its own.</param>
    /// <param name="name">As contacts see it.</param>
    /// <param name="server">Its home.</param>
    /// <param name="up">What the daemon is told; nothing: to stay on loopback.</param>
    public static async Task<NativePeer> StartAsync(string folder, string name, string server, params string[] up)
    {
        using (var born = Run(folder, "init", name, "--server", server))
        {
            await born.WaitForExitAsync();
            if (born.ExitCode != 0)
                throw new InvalidOperationException($"dapari init ended with {born.ExitCode}.");
        }

        var process = Run(folder, up.Length > 0 ? ["up", .. up] : ["up", "--address", "127.0.0.1", "--no-nearby", "--no-port-mapping"]);
        while (await process.StandardError.ReadLineAsync() is { } line && !line.StartsWith("Running in", StringComparison.Ordinal))
        {
        }

        var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder, "api.sock")), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://localhost/v1/"), Timeout = Timeout.InfiniteTimeSpan,
        };
        return new NativePeer(folder, process, http, new StreamReader(await http.GetStreamAsync("events")));
    }

    public async Task<JsonNode> AskAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{method} {path}: {text}");
    }

    /// <summary>Reads events until one is it.</summary>
    public async Task<JsonNode> HearAsync(Func<JsonNode, bool> isIt)
    {
        try
        {
            while (await _events.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line[6..]) is { } told && isIt(told))
                    return told;
            }
        }
        catch (IOException)
        {
            // What it said last tells more.
        }

        await _process.WaitForExitAsync();
        throw new InvalidOperationException($"The daemon has ended with {_process.ExitCode}: {await _process.StandardError.ReadToEndAsync()}");
    }

    public void Dispose()
    {
        _events.Dispose();
        _http.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string PublishedAs(string kind) => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../publish/dapari-" + kind, "dapari"));

    private static Process Run(string folder, params string[] line)
    {
        var isPublished = File.Exists(Published);
        var start = new ProcessStartInfo(isPublished ? Published : "dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] program = isPublished ? [] : [Path.Combine(AppContext.BaseDirectory, "dapari.dll")];
        foreach (var argument in (string[])[.. program, "--home", folder, .. line])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
