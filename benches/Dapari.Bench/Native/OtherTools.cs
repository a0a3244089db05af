using System.Diagnostics;

namespace Dapari.Bench.Native;

/// <summary>
/// What others move a file over loopback with, where it is installed, from a file to a file in the same folders: rsync's plain daemon, scp with AES-128-GCM, Syncthing (which hashes at both
/// ends, as dapari does), and magic-wormhole with a mailbox of its own.
/// </summary>
internal sealed class OtherTools : IDisposable
{
    private readonly string _folder;
    private readonly List<IDisposable> _servers = [];
    private readonly int _port = Random.Shared.Next(20_000, 30_000);

    public OtherTools(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(Inbox);
    }

    /// <param name="Name">Of the tool.</param>
    /// <param name="Run">Moves a file: what is timed.</param>
    /// <param name="Forget">Makes as if it had not been.</param>
    internal sealed record Tool(string Name, Func<string, Task> Run, Func<string, Task> Forget);

    private string Inbox => Path.Combine(_folder, "inbox");

    /// <summary>The tools that are here.</summary>
    public async Task<IReadOnlyList<Tool>> StartAsync()
    {
        var found = new List<Tool>();
        if (Has("rsync"))
        {
            var settings = Path.Combine(_folder, "rsyncd.conf");
            await File.WriteAllTextAsync(settings, $"use chroot = no\nuid = root\ngid = root\n[inbox]\npath = {Inbox}\nread only = no\n");
            Serve("rsync", "--daemon", "--no-detach", "--config", settings, "--port", $"{_port}", "--address", "127.0.0.1");
            found.Add(new Tool("rsync", file => RunAsync("rsync", "--whole-file", "--inplace", file, $"rsync://127.0.0.1:{_port}/inbox/"), DeleteAsync));
        }

        if (Has("scp") && File.Exists("/usr/sbin/sshd"))
        {
            var key = Path.Combine(_folder, "key");
            await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
            Directory.CreateDirectory("/run/sshd");
            Serve("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", key, "-p", $"{_port + 1}", "-o", "ListenAddress=127.0.0.1", "-o", "StrictModes=no", "-o", $"AuthorizedKeysFile={key}.pub", "-o", "PidFile=none",
                "-o", "Subsystem=sftp internal-sftp");
            found.Add(new Tool(
                "scp",
                file => RunAsync("scp", "-q", "-P", $"{_port + 1}", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-c", "aes128-gcm@openssh.com", file, $"127.0.0.1:{Inbox}/"),
                DeleteAsync));
        }

        if (Has("syncthing"))
        {
            var pair = await SyncthingPair.StartAsync(_folder);
            _servers.Add(pair);
            found.Add(new Tool("syncthing", pair.MoveAsync, pair.ForgetAsync));
        }

        if (Has("wormhole") && Has("twist3"))
        {
            Serve("twist3", "--log-file", Path.Combine(_folder, "mailbox.log"), "wormhole-mailbox", "--channel-db", Path.Combine(_folder, "mailbox.sqlite"), "--port", $"tcp:{_port + 2}:interface=127.0.0.1");
            found.Add(new Tool("wormhole", WormholeAsync, DeleteAsync));
        }

        foreach (var missing in new[] { "rsync", "scp", "syncthing", "wormhole" }.Except(found.Select(tool => tool.Name)))
            Console.WriteLine($"{missing} is not installed: not measured.");
        return found;
    }

    public void Dispose()
    {
        foreach (var server in _servers)
            server.Dispose();
    }

    private static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }

    // With the start of two programs in Python and the agreement on a key; the relay is nobody, so that it goes directly.
    private async Task WormholeAsync(string file)
    {
        string[] servers = ["--relay-url", $"ws://127.0.0.1:{_port + 2}/v1", "--transit-helper", "tcp:127.0.0.1:9"];
        var code = $"{_port}-loopback-bench";
        await Task.WhenAll(
            QuietlyAsync("wormhole", [.. servers, "send", "--hide-progress", "--code", code, file]),
            QuietlyAsync("wormhole", [.. servers, "receive", "--hide-progress", "--accept-file", "-o", Path.Combine(Inbox, Path.GetFileName(file)), code]));
    }

    private static async Task QuietlyAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {string.Concat(said)}");
    }

    private Task DeleteAsync(string file)
    {
        File.Delete(Path.Combine(Inbox, Path.GetFileName(file)));
        return Task.CompletedTask;
    }

    private void Serve(string program, params string[] arguments) => _servers.Add(new Server(Start(program, arguments)));

    private sealed class Server(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
