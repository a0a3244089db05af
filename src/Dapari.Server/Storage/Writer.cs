using System.Diagnostics;
using System.Threading.Channels;
using Dapari.Server.Connections;

namespace Dapari.Server.Storage;

/// <summary>
/// The only thread that writes. It takes whatever waits, applies it in one transaction, commits once, and hands the batch on to be
/// answered: the more is waiting, the more one fsync carries. Nothing is put off, but for posts that their owner has and is expected to acknowledge
/// before a commit would be done: they are left alone as long as nothing else waits, and no longer than <see cref="PatienceTicks"/>.
/// </summary>
/// <remarks>
/// Both queues are bounded; a full one makes issuers wait, and they stop reading their sockets. When SQLite refuses, the batch is
/// rolled back as a whole and answered as not stored; the next batch tries again, on a fresh connection if need be.
/// </remarks>
internal sealed partial class Writer : IAsyncDisposable
{
    /// <summary>Operations in the queue.</summary>
    private const int QueueLength = 2048;

    /// <summary>Operations in one transaction. Not all that can wait: while one batch is written, the one before is answered and its issuers
    /// send again, so disk and network work at the same time.</summary>
    private const int BatchLength = 512;

    private readonly Channel<WriteOperation> _queue =
        Channel.CreateBounded<WriteOperation>(new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Channel<(List<WriteOperation> Batch, bool Stored)> _done =
        Channel.CreateBounded<(List<WriteOperation>, bool)>(new BoundedChannelOptions(4) { SingleReader = true, SingleWriter = true });

    private readonly Func<WriteSession> _open;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly Task _answers;
    private readonly Queue<WriteOperation> _waiting = [];
    private readonly ManualResetEventSlim _urgent = new();
    private WriteSession? _session;
    private long _commitTicks = Stopwatch.Frequency / 500;
    private volatile bool _failing;
    private volatile bool _hasMarks;

    /// <summary>Opens the file at once, so that a bad one stops the start.</summary>
    /// <exception cref="StorageException">The file cannot be opened or migrated.</exception>
    public Writer(Func<WriteSession> open, ILogger logger)
    {
        _open = open;
        _logger = logger;
        _session = open();
        _thread = new Thread(Run) { Name = "dapari writer", IsBackground = true };
        _thread.Start();
        _answers = Task.Run(AnswerAsync);
    }

    /// <summary>The last batch could not be stored.</summary>
    public bool IsFailing => _failing;

    /// <summary>Acknowledgements of envelopes that were never written wait for the next commit.</summary>
    public bool HasMarks => _hasMarks;

    /// <summary>
    /// How long a post that its owner has is left alone at most, in the stopwatch's ticks: as long as the last commits took, and two milliseconds at least, for a quick
    /// disk does not make writing cheap.
    /// </summary>
    public long PatienceTicks => Math.Max(Stopwatch.Frequency / 500, Volatile.Read(ref _commitTicks));

    /// <summary>Queues an operation, waiting while the queue is full.</summary>
    public ValueTask EnqueueAsync(WriteOperation operation, CancellationToken cancellation)
    {
        var queued = _queue.Writer.TryWrite(operation);
        if (!queued || operation.BeginBy == 0)
            _urgent.Set();
        return queued ? ValueTask.CompletedTask : _queue.Writer.WriteAsync(operation, cancellation);
    }

    /// <summary>Queues an operation and waits for its outcome.</summary>
    /// <exception cref="StorageException">Nothing was kept.</exception>
    public async Task<TResult> RunAsync<TResult>(WriteOperation<TResult> operation, CancellationToken cancellation)
    {
        await EnqueueAsync(operation, cancellation);
        return await operation.Completion.WaitAsync(cancellation);
    }

    /// <summary>Finishes what is queued and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _urgent.Set();
        await _answers;
        _thread.Join();
        try
        {
            _session?.Close();
        }
        catch (StorageException)
        {
            // A full disk: sequences are skipped then, as after a crash.
        }

        _session?.Dispose();
    }

    private void Run()
    {
        try
        {
            while (WaitForWork())
            {
                Collect();
                if (_waiting.Count == 0 || MayWait(out var ms) && _urgent.Wait(ms))
                    continue;
                var batch = Begin();
                if (batch.Count == 0)
                    continue;
                var stored = TryStore(batch);
                if (!_done.Writer.TryWrite((batch, stored)))
                    _done.Writer.WriteAsync((batch, stored)).AsTask().GetAwaiter().GetResult();
            }
        }
        finally
        {
            _done.Writer.TryComplete();
        }
    }

    private bool WaitForWork()
    {
        if (_waiting.Count > 0)
            return true;
        var wait = _queue.Reader.WaitToReadAsync();
        return wait.IsCompletedSuccessfully ? wait.Result : wait.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Takes what has come, without what was settled meanwhile.</summary>
    private void Collect()
    {
        _urgent.Reset();
        while (_waiting.Count > 0 && Drop(_waiting.Peek()))
            _waiting.Dequeue();
        while (_waiting.Count < QueueLength && _queue.Reader.TryRead(out var operation))
        {
            if (!Drop(operation))
                _waiting.Enqueue(operation);
        }

        _hasMarks = _session is { HasMarks: true };
    }

    private bool Drop(WriteOperation operation) => operation.IsSettled && !operation.TryBegin(_session);

    /// <summary>Whether all that waits is expected to be settled without the file sooner than a commit would take, and for how long to leave it.</summary>
    private bool MayWait(out int ms)
    {
        ms = 0;
        if (_waiting.Count == QueueLength)
            return false;
        var first = long.MaxValue;
        foreach (var operation in _waiting)
        {
            if (!operation.IsSettled)
                first = Math.Min(first, operation.BeginBy);
        }

        if (first == long.MaxValue)
            return false;
        var left = first - Stopwatch.GetTimestamp();
        ms = (int)Math.Min(20, left * 1000 / Stopwatch.Frequency + 1);
        return left > 0;
    }

    private List<WriteOperation> Begin()
    {
        var batch = new List<WriteOperation>();
        while (batch.Count < BatchLength && _waiting.TryDequeue(out var operation))
        {
            if (operation.TryBegin(_session))
                batch.Add(operation);
        }

        return batch;
    }

    private bool TryStore(List<WriteOperation> batch)
    {
        try
        {
            _session ??= _open();
            var began = Stopwatch.GetTimestamp();
            _session.Begin();
            foreach (var operation in batch)
                operation.Apply(_session);
            _session.Commit();
            Volatile.Write(ref _commitTicks, (_commitTicks * 7 + Stopwatch.GetTimestamp() - began) / 8);
            _hasMarks = false;
            if (_failing)
                Recovered(_logger);
            _failing = false;
            return true;
        }
        catch (StorageException e)
        {
            if (!_failing)
                Failing(_logger, e.Code, e.Message);
            _failing = true;
            Reset(e.Code);
            return false;
        }
    }

    /// <summary>After a full disk the connection is good; after anything else a fresh one is opened with the next batch.</summary>
    private void Reset(int code)
    {
        try
        {
            _session?.Rollback();
            if (code == SQLitePCL.raw.SQLITE_FULL)
                return;
        }
        catch (StorageException)
        {
            // The connection is beyond use; the file itself is recovered when it is opened again.
        }

        _session?.Dispose();
        _session = null;
    }

    private async Task AnswerAsync()
    {
        await foreach (var (batch, stored) in _done.Reader.ReadAllAsync())
        {
            Outbox.Gather(() =>
            {
                foreach (var operation in batch)
                    operation.Complete(stored);
            });
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "Storage fails (SQLite {Code}: {Detail}). Nothing is acknowledged until it works again.")]
    private static partial void Failing(ILogger logger, int code, string detail);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "Storage works again.")]
    private static partial void Recovered(ILogger logger);
}
