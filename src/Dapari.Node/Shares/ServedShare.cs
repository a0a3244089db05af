namespace Dapari.Node.Shares;

/// <summary>A share that the daemon serves: its files held open, its host, and what ends it.</summary>
/// <param name="host">Who serves.</param>
/// <param name="sources">Held open meanwhile.</param>
internal sealed class ServedShare(ShareHost host, IReadOnlyList<ShareSource> sources) : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Somebody ended it for good.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Serves until it is over.</summary>
    /// <param name="over">Told then; not when it was only interrupted.</param>
    public void Start(Func<ValueTask> over) => _running = RunAsync(over);

    /// <summary>Ends it for good: visitors and server are told. Returns when that is done.</summary>
    public async Task StopAsync()
    {
        IsStopped = true;
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
    }

    private async Task RunAsync(Func<ValueTask> over)
    {
        await Task.Yield();
        var end = await host.RunAsync(_ending.Token);
        await host.DisposeAsync();
        foreach (var source in sources)
            source.Dispose();
        if (end != Wire.ShareEnd.None)
            await over();
    }
}
