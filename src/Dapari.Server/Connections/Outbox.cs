namespace Dapari.Server.Connections;

/// <summary>Bytes that wait in all connections' outboxes.</summary>
internal sealed class OutboxBudget(long limit)
{
    private long _bytes;

    public bool IsExceeded => Volatile.Read(ref _bytes) > limit;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}

/// <summary>Frames on their way to one socket. Bounded in bytes: what does not fit is refused, and the connection has to go.</summary>
/// <remarks>Frames may be added from any thread; taking them belongs to the connection's sending loop.</remarks>
internal sealed class Outbox(int limit, OutboxBudget budget)
{
    /// <summary>What a connection may always hold, even when all together hold too much.</summary>
    private const int AlwaysAllowed = 64 * 1024;

    /// <summary>What each frame counts beside its bytes.</summary>
    private const int Overhead = 64;

    /// <summary>The loops to wake when this thread's <see cref="Gather"/> ends; null outside one.</summary>
    [ThreadStatic]
    private static List<TaskCompletionSource>? _gathered;

    private readonly Lock _gate = new();
    private readonly Queue<ReadOnlyMemory<byte>> _frames = [];
    private TaskCompletionSource? _sleep;
    private bool _complete;
    private long _bytes;

    /// <summary>Bytes that wait; what live frames look at before they join.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// Runs what adds frames to many outboxes, and wakes each one's sending loop once, at the end: all that one commit has for a connection
    /// then leaves in one write. <paramref name="add"/> must not block.
    /// </summary>
    public static void Gather(Action add)
    {
        var sleeping = new List<TaskCompletionSource>();
        _gathered = sleeping;
        try
        {
            add();
        }
        finally
        {
            _gathered = null;
            foreach (var sleep in sleeping)
                sleep.SetResult();
        }
    }

    /// <summary>False: too much waits.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> frame)
    {
        var size = frame.Length + Overhead;
        var bytes = Interlocked.Add(ref _bytes, size);
        budget.Add(size);
        if (bytes <= limit && (bytes <= AlwaysAllowed || !budget.IsExceeded) && TryQueue(frame))
            return true;
        Release(size);
        return false;
    }

    /// <summary>No more frames; the ones that wait are still sent.</summary>
    public void Complete()
    {
        TaskCompletionSource? sleep;
        lock (_gate)
        {
            _complete = true;
            (sleep, _sleep) = (_sleep, null);
        }

        sleep?.SetResult();
    }

    /// <summary>Waits for a frame; false: none is left and none will come.</summary>
    public async ValueTask<bool> WaitAsync()
    {
        while (true)
        {
            TaskCompletionSource sleep;
            lock (_gate)
            {
                if (_frames.Count > 0 || _complete)
                    return _frames.Count > 0;
                _sleep = sleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            await sleep.Task;
        }
    }

    /// <summary>The next frame, and whether another one waits behind it.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> frame, out bool more)
    {
        lock (_gate)
        {
            var taken = _frames.TryDequeue(out frame);
            more = _frames.Count > 0;
            return taken;
        }
    }

    /// <summary>After a frame was sent or dropped.</summary>
    public void Sent(ReadOnlyMemory<byte> frame) => Release(frame.Length + Overhead);

    /// <summary>Drops what is left.</summary>
    public void Drain()
    {
        Complete();
        while (TryTake(out var frame, out _))
            Sent(frame);
    }

    private bool TryQueue(ReadOnlyMemory<byte> frame)
    {
        TaskCompletionSource? sleep;
        lock (_gate)
        {
            if (_complete)
                return false;
            _frames.Enqueue(frame);
            (sleep, _sleep) = (_sleep, null);
        }

        if (sleep is not null && _gathered is { } sleeping)
            sleeping.Add(sleep);
        else
            sleep?.SetResult();
        return true;
    }

    private void Release(long size)
    {
        Interlocked.Add(ref _bytes, -size);
        budget.Add(-size);
    }
}
