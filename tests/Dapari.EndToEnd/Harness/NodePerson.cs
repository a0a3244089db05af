using System.Diagnostics;

namespace Dapari.EndToEnd;

/// <summary>Somebody at a terminal: a daemon of the native peer, and commands that ask it. Each is a process of its own.</summary>
public sealed partial class NodePerson : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dapari-node-").FullName;
    private Process? daemon;

    private readonly string program;

    private NodePerson(string name, string program) => (Name, this.program) = (name, program);

    /// <summary>As contacts see it.</summary>
    public string Name { get; }

    /// <summary>Begins an identity at a server and starts its daemon.</summary>
    /// <param name="lab">Where to be; null: on this machine's own network.</param>
    /// <param name="place">The place there.</param>
    /// <param name="up">What the daemon is told besides.</param>
    public static async Task<NodePerson> StartAsync(string name, string origin, NatLab? lab = null, string place = "", params string[] up)
    {
        if (!File.Exists(Repository.Node)) throw new FileNotFoundException($"Not built: {Repository.Node}. ./test builds it.", Repository.Node);
        var person = new NodePerson(name, lab?.Wrapper(place, "dotnet") ?? "dotnet");
        await person.DoAsync("init", name, "--server", origin);
        person.daemon = person.Begin(["up", .. up]);
        if (await person.daemon.StandardError.ReadLineAsync() is not { } said || !said.StartsWith("Running in", StringComparison.Ordinal))
            throw new InvalidOperationException("The daemon did not start.");
        return person;
    }

    /// <summary>Runs a command that must be done; gives what it wrote.</summary>
    public async Task<string> DoAsync(params string[] line)
    {
        using var process = Begin(line);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"dapari {string.Join(' ', line)} ended with {process.ExitCode}: {await errors}");
    }

    /// <summary>Waits until a command's output has this in it.</summary>
    public Task SeesAsync(string what, params string[] line) =>
        Waiting.UntilAsync($"`dapari {string.Join(' ', line)}` shows: {what}", async () => (await DoAsync(line)).Contains(what, StringComparison.Ordinal), Waiting.Patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (daemon is { } running)
        {
            running.Kill();
            await running.WaitForExitAsync();
            running.Dispose();
        }

        api?.Dispose();

        Directory.Delete(folder, recursive: true);
    }

    private Process Begin(params string[] line)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Repository.Node, "--home", folder, .. line]) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }
}
