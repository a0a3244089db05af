namespace Dapari.Server.Blobs;

/// <summary>
/// How many threads of the pool may be inside the disk at once. Files are read and written by blocking calls, on Linux also by the asynchronous API; without
/// a limit two hundred transfers on a slow disk would hold every thread, and messages would wait behind files.
/// </summary>
internal sealed class DiskGate : IDisposable
{
    private readonly SemaphoreSlim _calls;
    private readonly SemaphoreSlim _flushes;

    public DiskGate()
    {
        var (calls, flushes) = (Math.Max(2, Environment.ProcessorCount), 2);
        _calls = new SemaphoreSlim(calls);
        _flushes = new SemaphoreSlim(flushes);
        // So many beside one for each processor, at once and not after the pool has noticed that it starves.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + calls + flushes), ports);
    }

    public async ValueTask RunAsync(Action call)
    {
        await _calls.WaitAsync();
        try
        {
            call();
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Flushes take long: they have turns and threads of their own.</summary>
    public async Task FlushAsync(Action flush)
    {
        await _flushes.WaitAsync();
        try
        {
            await Task.Run(flush);
        }
        finally
        {
            _flushes.Release();
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _flushes.Dispose();
    }
}
