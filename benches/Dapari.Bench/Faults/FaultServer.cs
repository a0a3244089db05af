using System.Diagnostics;
using System.Runtime.InteropServices;
using Dapari.Bench.Pairs;

namespace Dapari.Bench.Faults;

/// <summary>The real server in a process of its own.</summary>
internal sealed class FaultServer : IDisposable
{
    /// <summary>SIGSTOP on Linux.</summary>
    private const int StopSignal = 19;

    private readonly Process _process;
    private bool _isGone;

    private FaultServer(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Bytes of memory that it has touched and not given back.</summary>
    public double MemoryBytes => BenchProcess.Memory(_process, "VmRSS:");

    /// <summary>It ended by itself.</summary>
    public bool HasEnded => !_isGone && _process.HasExited;

    /// <summary>Starts it; it is there when this returns.</summary>
    /// <param name="data">Its data folder.</param>
    /// <param name="environment">Variables beside the present ones.</param>
    public static Task<FaultServer> StartAsync(string data, params (string Name, string Value)[] environment) => StartAsync("dotnet", "127.0.0.1:0", data, [], environment);

    /// <summary>The same, by another program than dotnet itself, somewhere else, with further options.</summary>
    public static async Task<FaultServer> StartAsync(string program, string listen, string data, string[] options, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", data, "--listen", listen, "--rate", "all=off", "--relay", "off",
            "--connections-per-address", "100000", "--mailbox-envelopes", "1000000", "--mailbox-bytes", "64G", .. options,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        try
        {
            var address = new Uri(await BenchProcess.ReadAsync(process, "Dapari is listening: "));
            _ = process.StandardOutput.ReadToEndAsync();
            return new FaultServer(process, address);
        }
        catch (InvalidOperationException)
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Stops it between two instructions: it says nothing any more, and what it said before is said. Only <see cref="Kill"/> comes after it.</summary>
    public void Freeze()
    {
        if (kill(_process.Id, StopSignal) != 0)
            throw new InvalidOperationException($"The server cannot be stopped (error {Marshal.GetLastPInvokeError()}).");
        // Threads stop one after the other; one that is inside the disk's call (D) stops when that returns.
        while (Directory.EnumerateDirectories($"/proc/{_process.Id}/task").Any(t => !IsStopped(t)))
            Thread.Yield();
    }

    /// <summary>SIGKILL: no handler, no flush.</summary>
    public void Kill()
    {
        if (_isGone)
            return;
        _isGone = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public void Dispose() => Kill();

    private static bool IsStopped(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 't' or 'D' or 'Z' or 'X';
        }
        catch (IOException)
        {
            return true; // It ended meanwhile.
        }
    }

#pragma warning disable SYSLIB1054, IDE1006 // Blittable arguments; the name is the C library's.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int process, int signal);
#pragma warning restore SYSLIB1054, IDE1006
}
