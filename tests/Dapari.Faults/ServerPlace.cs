namespace Dapari.Faults;

/// <summary>Where the server is now, or its machines are. While it is nowhere, whoever wants to connect waits here. Any thread.</summary>
internal sealed class ServerPlace
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<IReadOnlyList<Uri>> _addresses = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _turn;

    /// <summary>It is at these addresses from now on, all as good; none: it is gone.</summary>
    public void Set(IReadOnlyList<Uri> addresses)
    {
        lock (_gate)
        {
            if (_addresses.Task.IsCompleted)
                _addresses = new TaskCompletionSource<IReadOnlyList<Uri>>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (addresses.Count > 0)
                _addresses.SetResult(addresses);
        }
    }

    /// <summary>One address after the other.</summary>
    public async Task<Uri> GetAsync(CancellationToken cancellation)
    {
        Task<IReadOnlyList<Uri>> addresses;
        lock (_gate)
            addresses = _addresses.Task;
        var all = await addresses.WaitAsync(cancellation);
        return all[(int)((uint)Interlocked.Increment(ref _turn) % (uint)all.Count)];
    }
}
