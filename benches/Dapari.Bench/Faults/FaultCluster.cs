using System.Diagnostics;
using System.Globalization;
using Dapari.EndToEnd;
using Dapari.Faults;
using Dapari.Server.Cluster.Tests;

namespace Dapari.Bench.Faults;

/// <summary>
/// Three machines of a cluster on lines of their own, and the PostgreSQL that they share; a machine that ends is started again, as an init system does. People connect to whichever machine
/// comes next.
/// </summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    private const int Machines = 3;

    private readonly NatLab _lab;
    private readonly TestPostgres _postgres;
    private readonly string _folder;
    private readonly FaultServer?[] _machines = new FaultServer?[Machines];
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _over = new();
    private FaultTown? _town;
    private Task _watch = Task.CompletedTask;

    private FaultCluster(NatLab lab, TestPostgres postgres, string folder) => (_lab, _postgres, _folder) = (lab, postgres, folder);

    /// <summary>Machines that ended without being killed: others had declared them dead.</summary>
    public int Ended { get; private set; }

    /// <summary>The people.</summary>
    public FaultTown Town => _town!;

    /// <summary>Everything is there when this returns, and people write.</summary>
    /// <param name="folder">For the machines' data.</param>
    /// <param name="seed">Of what people do.</param>
    public static async Task<FaultCluster> StartAsync(string folder, int seed)
    {
        var lab = await NatLab.BuildTownAsync(new Nat?[Machines]);
        var cluster = new FaultCluster(lab, await TestPostgres.StartAsync(), folder);
        try
        {
            await lab.JoinTownAsync("10.70.0.250");
            for (var i = 0; i < Machines; i++)
                await cluster.BeginAsync(i);
            cluster._town = await FaultTown.StartAsync(cluster._machines[0]!.Address, 24, 16, true, seed, TimeProvider.System, CancellationToken.None, isCluster: true);
            cluster.Tell();
            cluster._watch = cluster.WatchAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>kill -9 of a machine; it is started again at once. Gives the seconds until everybody was answered again.</summary>
    public async Task<double> KillMachineAsync(int machine)
    {
        var start = Stopwatch.GetTimestamp();
        await _gate.WaitAsync();
        try
        {
            _machines[machine]!.Kill();
            _machines[machine] = null;
            Tell();
        }
        finally
        {
            _gate.Release();
        }

        var begun = Task.Run(async () =>
        {
            await _gate.WaitAsync();
            try
            {
                await BeginAsync(machine);
                Tell();
            }
            finally
            {
                _gate.Release();
            }
        });
        await Town.AllAnsweredAsync(ServerFaultsBench.Patience);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await begun;
        return seconds;
    }

    /// <summary>kill -9 of every process of the database; it is started again at once. Gives the seconds until everybody was answered again.</summary>
    public async Task<double> KillDatabaseAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await _postgres.KillAsync();
        await _postgres.BeginAsync();
        await Town.AllAnsweredAsync(ServerFaultsBench.Patience);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>A machine hears and reaches no other one, but the database and people do reach it. Gives the seconds until everybody was answered again.</summary>
    public async Task<double> CutAsync(int machine)
    {
        var start = Stopwatch.GetTimestamp();
        await _lab.CutAsync(machine, [.. Enumerable.Range(0, Machines).Where(one => one != machine)]);
        await Town.AllAnsweredAsync(ServerFaultsBench.Patience);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Its line is whole again.</summary>
    public Task HealAsync(int machine) => _lab.CutAsync(machine);

    public async ValueTask DisposeAsync()
    {
        if (_town is not null)
            await _town.DisposeAsync();
        await _over.CancelAsync();
        await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var machine in _machines)
            machine?.Dispose();
        await _postgres.DisposeAsync();
        await _lab.DisposeAsync();
        _gate.Dispose();
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await tick.WaitForNextTickAsync(_over.Token))
        {
            await _gate.WaitAsync(_over.Token);
            try
            {
                for (var i = 0; i < Machines; i++)
                {
                    if (_machines[i] is not { HasEnded: true } ended)
                        continue;
                    Ended++;
                    ended.Dispose();
                    _machines[i] = null;
                    Tell();
                    await BeginAsync(i);
                    Tell();
                }
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    private void Tell() => _town?.ServersAt([.. _machines.OfType<FaultServer>().Where(machine => !machine.HasEnded).Select(machine => machine.Address)]);

    // A machine that cannot begin, the database being away, ends; an init system tries again.
    private async Task BeginAsync(int machine)
    {
        var address = NatLab.OutsideAddress(machine);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (true)
        {
            try
            {
                _machines[machine] = await FaultServer.StartAsync(
                    _lab.Wrapper($"h{machine}", "dotnet"), address + ":8080", Path.Combine(_folder, machine.ToString(CultureInfo.InvariantCulture)), ["--advertise", address],
                    ("DAPARI_CLUSTER", _postgres.Url));
                return;
            }
            catch (InvalidOperationException)
            {
                await pause.WaitForNextTickAsync(_over.Token);
            }
        }
    }
}
