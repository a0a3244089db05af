using System.Threading.Channels;

namespace Dapari.Server.Connections;

/// <summary>Bytes that wait in all connections' outboxes.</summary>
internal sealed class OutboxBudget(long limit)
{
    private long _bytes;

    public bool IsExceeded => Volatile.Read(ref _bytes) > limit;

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}

/// <summary>Frames on their way to one socket. Bounded in bytes: what does not fit is refused, and the connection has to go.</summary>
internal sealed class Outbox(int limit, OutboxBudget budget)
{
    /// <summary>What a connection may always hold, even when all together hold too much.</summary>
    private const int AlwaysAllowed = 64 * 1024;

    /// <summary>What each frame counts beside its bytes.</summary>
    private const int Overhead = 64;

    private readonly Channel<ReadOnlyMemory<byte>> _frames =
        Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleReader = true });

    private long _bytes;

    /// <summary>Bytes that wait; what live frames look at before they join.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>False: too much waits.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> frame)
    {
        var size = frame.Length + Overhead;
        var bytes = Interlocked.Add(ref _bytes, size);
        budget.Add(size);
        if (bytes <= limit && (bytes <= AlwaysAllowed || !budget.IsExceeded) && _frames.Writer.TryWrite(frame))
            return true;
        Release(size);
        return false;
    }

    /// <summary>No more frames; the ones that wait are still sent.</summary>
    public void Complete() => _frames.Writer.TryComplete();

    public ValueTask<bool> WaitAsync() => _frames.Reader.WaitToReadAsync();

    public bool TryTake(out ReadOnlyMemory<byte> frame) => _frames.Reader.TryRead(out frame);

    /// <summary>After a frame was sent or dropped.</summary>
    public void Sent(ReadOnlyMemory<byte> frame) => Release(frame.Length + Overhead);

    /// <summary>Drops what is left.</summary>
    public void Drain()
    {
        Complete();
        while (TryTake(out var frame))
            Sent(frame);
    }

    private void Release(long size)
    {
        Interlocked.Add(ref _bytes, -size);
        budget.Add(-size);
    }
}
