using System.Diagnostics;
using Dapari.Bench.Pairs;

namespace Dapari.Bench.Faults;

/// <summary>The real server in a process of its own.</summary>
internal sealed class FaultServer : IDisposable
{
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

    /// <summary>Starts it; it is there when this returns.</summary>
    /// <param name="data">Its data folder.</param>
    /// <param name="environment">Variables beside the present ones.</param>
    public static async Task<FaultServer> StartAsync(string data, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", data, "--listen", "127.0.0.1:0", "--rate", "all=off", "--relay", "off",
            "--connections-per-address", "100000", "--mailbox-envelopes", "1000000", "--mailbox-bytes", "64G",
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
}
