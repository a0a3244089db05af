using Dapari.Wire;

namespace Dapari.Server.Blobs;

/// <summary>The right to write to one drop-off, or to remove it. Disposing gives it on.</summary>
internal sealed class UploadTurn(UploadTurns turns, BlobId id) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody else wants the turn.</summary>
    public CancellationToken Stop => _stop.Token;

    public Task Ended => _ended.Task;

    public void Dispose()
    {
        turns.End(id, this);
        _ended.TrySetResult();
    }

    /// <summary>Not disposed: it may be asked to stop while it ends, and has no timer.</summary>
    internal void AskToStop() => _stop.Cancel();
}

/// <summary>One turn at a time for each drop-off. Any thread.</summary>
internal sealed class UploadTurns
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BlobId, UploadTurn> _turns = [];
    private bool _ending;

    /// <summary>Ends the turn there is and takes the next. Null: the server ends.</summary>
    public async Task<UploadTurn?> TakeAsync(BlobId id, CancellationToken cancellation)
    {
        while (true)
        {
            UploadTurn? before;
            lock (_gate)
            {
                if (_ending)
                    return null;
                if (!_turns.TryGetValue(id, out before))
                    return _turns[id] = new UploadTurn(this, id);
            }

            before.AskToStop();
            await before.Ended.WaitAsync(cancellation);
        }
    }

    public void End(BlobId id, UploadTurn turn)
    {
        lock (_gate)
        {
            if (_turns.GetValueOrDefault(id) == turn)
                _turns.Remove(id);
        }
    }

    /// <summary>Gives no more turns and waits for those there are.</summary>
    public Task EndAsync()
    {
        UploadTurn[] turns;
        lock (_gate)
        {
            _ending = true;
            turns = [.. _turns.Values];
        }

        foreach (var turn in turns)
            turn.AskToStop();
        return Task.WhenAll(turns.Select(turn => turn.Ended));
    }
}
