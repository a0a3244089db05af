namespace Dapari.Faults;

/// <summary>Where the server is now. While it is nowhere, whoever wants to connect waits here. Any thread.</summary>
internal sealed class ServerPlace
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It is at this address from now on; null: it is gone.</summary>
    public void Set(Uri? address)
    {
        lock (_gate)
        {
            if (_address.Task.IsCompleted)
                _address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (address is not null)
                _address.SetResult(address);
        }
    }

    public Task<Uri> GetAsync(CancellationToken cancellation)
    {
        lock (_gate)
            return _address.Task.WaitAsync(cancellation);
    }
}
