using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Dapari.Server.Cluster.Tests;

/// <summary>A machine of a cluster as a process of its own, which can be killed, frozen and ended.</summary>
internal sealed class MachineProcess : IAsyncDisposable
{
    private const int SIGSTOP = 19, SIGCONT = 18, SIGTERM = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _data = Directory.CreateTempSubdirectory("dapari-machine-").FullName;
    private readonly Process _process;

    private MachineProcess(TestPostgres postgres, string cluster, string program)
    {
        var start = new ProcessStartInfo("dotnet", [
            program, "serve", "--data", _data, "--listen", "127.0.0.1:0", "--relay", "off", "--rate", "all=off", "--connections-per-address", "100000", "--mailbox-envelopes", "1000000",
            "--cluster-name", cluster, "--silo-port", "0", "--advertise", "127.0.0.1",
        ]) { RedirectStandardOutput = true };
        start.Environment["DAPARI_CLUSTER"] = postgres.Url;
        _process = Process.Start(start)!;
    }

    public Uri Uri { get; private set; } = null!;

    /// <summary>It ended by itself, with that code.</summary>
    public async Task<int> EndedAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation).WaitAsync(Patience, cancellation);
        return _process.ExitCode;
    }

    /// <param name="postgres">What machines share.</param>
    /// <param name="cluster">Its name.</param>
    /// <param name="program">Another build than today's.</param>
    public static async Task<MachineProcess> StartAsync(TestPostgres postgres, string cluster, string? program = null)
    {
        const string Said = "Dapari is listening: ";
        var machine = new MachineProcess(postgres, cluster, program ?? Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"));
        while (await machine._process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (!line.StartsWith(Said, StringComparison.Ordinal))
                continue;
            machine.Uri = new Uri(line[Said.Length..]);
            _ = machine._process.StandardOutput.ReadToEndAsync();
            return machine;
        }

        throw new InvalidOperationException("The machine ended before it listened.");
    }

    /// <summary>At once, without a word.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>In order, as for an upgrade.</summary>
    public async Task EndAsync()
    {
        Assert(Signal(_process.Id, SIGTERM));
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Silent to all the others, and to the database; what it was about to write is still in it.</summary>
    public void Freeze() => Assert(Signal(_process.Id, SIGSTOP));

    public void Thaw() => Assert(Signal(_process.Id, SIGCONT));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        Directory.Delete(_data, true);
    }

    private static void Assert(int result)
    {
        if (result != 0)
            throw new InvalidOperationException("The signal could not be sent.");
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
