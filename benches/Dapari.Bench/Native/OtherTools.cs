using System.Diagnostics;

namespace Dapari.Bench.Native;

/// <summary>What others move a file over loopback with, where it is installed: rsync's plain daemon, and scp with AES-128-GCM. From a file to a file, in the same folders.</summary>
internal sealed class OtherTools : IDisposable
{
    private readonly string _folder;
    private readonly List<Process> _servers = [];
    private readonly int _port = Random.Shared.Next(20_000, 30_000);

    public OtherTools(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(Path.Combine(folder, "inbox"));
    }

    /// <summary>The tools that are here, each with a run that moves a file.</summary>
    public async Task<IReadOnlyList<(string Name, Func<string, Task> Run)>> StartAsync()
    {
        var found = new List<(string, Func<string, Task>)>();
        if (Has("rsync"))
        {
            var settings = Path.Combine(_folder, "rsyncd.conf");
            await File.WriteAllTextAsync(settings, $"use chroot = no\nuid = root\ngid = root\n[inbox]\npath = {Path.Combine(_folder, "inbox")}\nread only = no\n");
            _servers.Add(Start("rsync", "--daemon", "--no-detach", "--config", settings, "--port", $"{_port}", "--address", "127.0.0.1"));
            found.Add(("rsync", file => RunAsync("rsync", "--whole-file", "--inplace", file, $"rsync://127.0.0.1:{_port}/inbox/")));
        }

        if (Has("scp") && File.Exists("/usr/sbin/sshd"))
        {
            var key = Path.Combine(_folder, "key");
            await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
            Directory.CreateDirectory("/run/sshd");
            _servers.Add(Start("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", key, "-p", $"{_port + 1}", "-o", "ListenAddress=127.0.0.1", "-o", "StrictModes=no", "-o", $"AuthorizedKeysFile={key}.pub", "-o", "PidFile=none",
                "-o", "Subsystem=sftp internal-sftp"));
            found.Add(("scp", file => RunAsync("scp", "-q", "-P", $"{_port + 1}", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-c", "aes128-gcm@openssh.com",
                file, $"127.0.0.1:{Path.Combine(_folder, "inbox")}/")));
        }

        foreach (var missing in new[] { "syncthing", "wormhole" }.Where(name => !Has(name)).Append(found.Exists(one => one.Item1 == "rsync") ? "" : "rsync").Append(found.Exists(one => one.Item1 == "scp") ? "" : "sshd").Where(name => name.Length > 0))
            Console.WriteLine($"{missing} is not installed: not measured.");
        return found;
    }

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }
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
}
