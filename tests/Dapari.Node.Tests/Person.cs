using System.Diagnostics;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>Somebody at a terminal: commands run in this process, the daemon is a process of its own.</summary>
internal sealed class Person(string name, string folder) : IAsyncDisposable
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _complaints = [];
    private Process? _daemon;

    public string Name => name;

    public string Folder => folder;

    public Dictionary<string, string> Variables { get; } = new() { ["DAPARI_PASSPHRASE"] = "a passphrase" };

    /// <summary>Runs a command that must be done; gives what it wrote.</summary>
    public async Task<string> DoAsync(params string[] line)
    {
        var (code, output, errors) = await RunAsync(line);
        Assert.True(code == ExitCode.Done, $"{Name}: dapari {string.Join(' ', line)} ended with {code}: {errors}{output}{string.Join('\n', _complaints)}");
        return output;
    }

    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var input = new StringReader("");
        var frame = new Frame(output, errors, input, name => Variables.GetValueOrDefault(name), TimeProvider.System);
        var code = await CommandTree.RunAsync(frame, ["--home", folder, .. line], TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }

    public async Task<ContactBody?> ContactAsync(string who) =>
        JsonSerializer.Deserialize(await DoAsync("--json", "contacts"), ApiJson.Default.IReadOnlyListContactBody)!.FirstOrDefault(contact => contact.Name == who);

    public async Task<IReadOnlyList<MessageBody>> ReadAsync(string who) =>
        JsonSerializer.Deserialize(await DoAsync("--json", "read", who, "--count", "500"), ApiJson.Default.MessagesBody)!.Messages;

    /// <summary>What was sent and offered, the newest first.</summary>
    public async Task<IReadOnlyList<FileOfferBody>> FilesAsync() =>
        JsonSerializer.Deserialize(await DoAsync("--json", "files"), ApiJson.Default.IReadOnlyListFileOfferBody)!;

    /// <summary>Accepts files without waiting for them.</summary>
    public async Task WantAsync(string transfer)
    {
        await using var client = await Api.DaemonClient.TryConnectAsync(folder, TestContext.Current.CancellationToken);
        var answer = await client!.SendAsync(Api.ApiRequest.Of("POST", default, "transfers", transfer, "want"), TestContext.Current.CancellationToken);
        Assert.True(answer.IsDone, System.Text.Encoding.UTF8.GetString(answer.Body));
    }

    /// <summary>Says something and waits until it stands so.</summary>
    public async Task<MessageBody> SayAsync(string who, string text, string state) =>
        JsonSerializer.Deserialize(await DoAsync("--json", "say", who, text, "--wait", state, "--timeout", "90"), ApiJson.Default.MessageBody)!;

    /// <summary>Starts the daemon and waits until it answers. It is told loopback alone, and is on no network.</summary>
    public Task UpAsync(params string[] options) => StartAsync("dotnet", [], ["--address", "127.0.0.1", "--no-nearby", .. options]);

    /// <summary>Starts it with the machine's own addresses: whoever has a link comes from one of these, not from loopback.</summary>
    public Task UpForAnybodyAsync() => StartAsync("dotnet", [], ["--no-port-mapping", "--no-nearby"]);

    /// <summary>Starts it in a network namespace, as it would run on a machine there.</summary>
    public Task UpInAsync(string space, params string[] options) => StartAsync("ip", ["netns", "exec", space, "dotnet"], ["--no-port-mapping", .. options]);

    /// <summary>Ends the daemon at once: nothing is flushed, nobody told.</summary>
    public async Task KillAsync()
    {
        _daemon!.Kill();
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
        _daemon = null;
    }

    private async Task StartAsync(string program, string[] before, string[] options)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[.. before, Path.Combine(AppContext.BaseDirectory, "dapari.dll"), "--home", folder, "up", .. options])
            start.ArgumentList.Add(argument);
        _daemon = Process.Start(start)!;
        var said = await _daemon.StandardError.ReadLineAsync();
        Assert.StartsWith("Running in", said, StringComparison.Ordinal);
        var errors = _daemon.StandardError;
        _ = Task.Run(async () =>
        {
            // Shown when something goes wrong.
            while (await errors.ReadLineAsync() is { } line)
                _complaints.Enqueue(line);
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await KillAsync();
    }
}
