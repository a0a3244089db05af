using Dapari.Server.Blobs;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Server.Tests;

/// <summary>The real disk, with faults on order, that tells what was written.</summary>
internal sealed class FaultyDisk : BlobDisk
{
    private readonly Lock _gate = new();
    private readonly List<(long Bytes, TaskCompletionSource Done)> _waits = [];
    private long _written;

    /// <summary>What the disk says is free; null: the truth.</summary>
    public long? Free { get; set; }

    /// <summary>A write that would reach beyond this byte of a file fails as on a full disk.</summary>
    public long FullAt { get; set; } = long.MaxValue;

    public bool FlushFails { get; set; }

    public int NameFlushes { get; private set; }

    /// <summary>Completes when so many bytes were written since the disk was made.</summary>
    public Task WrittenAsync(long bytes)
    {
        lock (_gate)
        {
            if (_written >= bytes)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((bytes, done));
            return done.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public override long FreeBytes(string folder) => Free ?? base.FreeBytes(folder);

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        var length = pieces.Sum(p => (long)p.Length);
        if (offset + length > FullAt)
            throw new IOException("No space left on device", 28);
        base.Write(file, pieces, offset);
        lock (_gate)
        {
            _written += length;
            foreach (var (_, done) in _waits.Where(w => w.Bytes <= _written))
                done.TrySetResult();
        }
    }

    public override void Flush(SafeFileHandle file)
    {
        if (FlushFails)
            throw new IOException("Input/output error", 5);
        base.Flush(file);
    }

    public override void FlushNames(string folder)
    {
        base.FlushNames(folder);
        NameFlushes++;
    }
}

/// <summary>A clock that only the test moves, and that tells when a deadline of a certain length is set.</summary>
internal sealed class WatchedTime(DateTimeOffset start, TimeSpan watched) : FakeTimeProvider(start)
{
    private readonly Lock _gate = new();
    private readonly List<(int Count, TaskCompletionSource Done)> _waits = [];
    private int _count;

    /// <summary>Completes when the deadline has been set so often.</summary>
    public Task SetAsync(int count)
    {
        lock (_gate)
        {
            if (_count >= count)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((count, done));
            return done.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new WatchedTimer(this, base.CreateTimer(callback, state, dueTime, period));

    private void Noted(TimeSpan due)
    {
        if (due != watched)
            return;
        lock (_gate)
        {
            _count++;
            foreach (var (_, done) in _waits.Where(w => w.Count <= _count))
                done.TrySetResult();
        }
    }

    private sealed class WatchedTimer(WatchedTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            time.Noted(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
