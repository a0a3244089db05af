using System.Diagnostics;
using System.Threading.Channels;
using Dapari.Server.Connections;
using Dapari.Server.Storage.Journal;
using Dapari.Server.Telemetry;

namespace Dapari.Server.Storage;

/// <summary>
/// The only thread that writes. It takes whatever waits, makes it durable together, and hands the batch on to be answered: the more is waiting, the more one sync carries.
/// Posts and acknowledgements go to the journal (<see cref="MailboxStore"/>), all else to the database. Nothing is put off, but for posts that their owner has and is expected
/// to acknowledge before a commit would be done: they are left alone as long as nothing else waits, and no longer than <see cref="PatienceTicks"/>.
/// </summary>
/// <remarks>
/// Both queues are bounded; a full one makes issuers wait, and they stop reading their sockets. What cannot be kept is answered as not stored, and the next batch tries again, on
/// a fresh connection to the database if need be. When the disk fails a sync of the journal nothing is stored any more, and the process is asked to end: what the disk has is found
/// out by starting anew.
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

    /// <summary>Bytes of the journal in one batch: one sync is soon done, and a segment is larger.</summary>
    private const int BatchBytes = 1024 * 1024;

    private readonly Channel<List<WriteOperation>> _done = Channel.CreateBounded<List<WriteOperation>>(new BoundedChannelOptions(4) { SingleReader = true, SingleWriter = true });

    private readonly Func<WriteSession> _open;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly Task _answers;
    private readonly Queue<WriteOperation> _waiting = [];
    private readonly ManualResetEventSlim _urgent = new();
    private readonly MailboxStore _store;
    private readonly Action _broken;
    private WriteSession? _session;
    private long _commitTicks = Stopwatch.Frequency / 500;
    private volatile bool _failing;
    private volatile bool _hasLeftovers;
    private bool _isBroken;

    /// <param name="open">Opens the database, at once and after a fault.</param>
    /// <param name="journal">Replayed at once.</param>
    /// <param name="limits">What bounds the store.</param>
    /// <param name="broken">Called once, when only a new start of the process helps; any thread.</param>
    /// <param name="logger">For faults.</param>
    /// <exception cref="StorageException">Database or journal cannot be opened.</exception>
    public Writer(Func<WriteSession> open, MailboxJournal journal, StoreLimits limits, Action broken, ILogger logger)
    {
        _open = open;
        _broken = broken;
        _logger = logger;
        _session = open();
        try
        {
            _store = new MailboxStore(journal, _session, limits);
        }
        catch (StorageException)
        {
            _session.Dispose();
            throw;
        }

        _hasLeftovers = _store.HasLeftovers;
        _thread = new Thread(Run) { Name = "dapari writer", IsBackground = true };
        _thread.Start();
        _answers = Task.Run(AnswerAsync);
    }

    /// <summary>The last batch could not be stored.</summary>
    public bool IsFailing => _failing;

    /// <summary>Marks of envelopes that were never written wait for the next commit, or removals for the database.</summary>
    public bool HasLeftovers => _hasLeftovers;

    /// <summary>How long batches took.</summary>
    public CommitTimes Commits { get; } = new();

    /// <summary>The mailboxes, for what may be read from any thread.</summary>
    public MailboxStore Store => _store;

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

    /// <summary>Queues an operation and waits for its outcome.</summary>
    /// <exception cref="StorageException">Nothing was kept.</exception>
    public async Task<TResult> RunAsync<TResult>(MailboxOperation<TResult> operation, CancellationToken cancellation)
    {
        await EnqueueAsync(operation, cancellation);
        return await operation.Completion.WaitAsync(cancellation);
    }

    /// <summary>Finishes what is queued and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _urgent.Set();
        await _answers;
        _thread.Join();
        if (_session is not null)
            _store.Close();
        _store.Dispose();
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
                while (_store.IsPressed)
                    Settle();
                var batch = Begin();
                if (batch.Count == 0)
                    continue;
                Keep(batch);
                if (!_done.Writer.TryWrite(batch))
                    _done.Writer.WriteAsync(batch).AsTask().GetAwaiter().GetResult();
                // The database gets a slice with each batch, that it keeps up if the rush lasts.
                if (_store.WantsStep)
                    Settle();
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
        while (_store.WantsStep && !_queue.Reader.TryPeek(out _) && !_queue.Reader.Completion.IsCompleted)
            Settle();
        _hasLeftovers = _store.HasLeftovers;
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

        _hasLeftovers = _store.HasLeftovers;
    }

    private bool Drop(WriteOperation operation) => operation.IsSettled && !operation.TryBegin(_store);

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
        for (var bytes = 0; batch.Count < BatchLength && bytes < BatchBytes && _waiting.TryDequeue(out var operation);)
        {
            if (!operation.TryBegin(_store))
                continue;
            batch.Add(operation);
            bytes += operation is MailboxOperation mailbox ? mailbox.Bytes : 0;
        }

        return batch;
    }

    private void Keep(List<WriteOperation> batch)
    {
        var began = Stopwatch.GetTimestamp();
        var toJournal = batch.OfType<MailboxOperation>().ToList();
        var kept = toJournal.Count == batch.Count || StoreInDatabase(batch.FindAll(o => o is not MailboxOperation));
        if (toJournal.Count > 0)
            kept &= StoreInJournal(toJournal);
        if (!kept)
            return;
        var ended = Stopwatch.GetTimestamp();
        Volatile.Write(ref _commitTicks, (_commitTicks * 7 + ended - began) / 8);
        Commits.Add(Stopwatch.GetElapsedTime(began, ended));
        if (_failing)
            Recovered(_logger);
        _failing = false;
    }

    private bool StoreInDatabase(List<WriteOperation> operations)
    {
        try
        {
            var session = Session();
            session.Begin();
            foreach (var operation in operations)
                operation.Apply(session);
            session.Commit();
        }
        catch (StorageException e)
        {
            Fails(e);
            return false;
        }

        foreach (var operation in operations)
        {
            operation.IsKept = true;
            operation.Publish(_store);
        }

        return true;
    }

    private bool StoreInJournal(List<MailboxOperation> operations)
    {
        try
        {
            Session();
            if (_store.Run(operations))
                return true;
        }
        catch (StorageException e)
        {
            foreach (var operation in operations)
                operation.IsKept = false;
            Fails(e);
            return false;
        }

        if (!_failing)
            JournalFails(_logger, _store.Fault);
        _failing = true;
        if (!_store.IsBroken || _isBroken)
            return false;
        _isBroken = true;
        Broken(_logger);
        _broken();
        return false;
    }

    private void Settle()
    {
        try
        {
            Session();
            _store.Step();
        }
        catch (StorageException e)
        {
            Fails(e);
        }
    }

    /// <summary>The connection, opened anew if the last one was beyond use.</summary>
    private WriteSession Session()
    {
        if (_session is not null)
            return _session;
        return _store.Session = _session = _open();
    }

    /// <summary>After a full disk the connection is good; after anything else a fresh one is opened with the next batch.</summary>
    private void Fails(StorageException fault)
    {
        if (!_failing)
            Failing(_logger, fault.Code, fault.Message);
        _failing = true;
        if (_session?.TryRollback() == true && fault.Code == SQLitePCL.raw.SQLITE_FULL)
            return;
        _session?.Dispose();
        _session = null;
    }

    private async Task AnswerAsync()
    {
        await foreach (var batch in _done.Reader.ReadAllAsync())
        {
            Outbox.Gather(() =>
            {
                foreach (var operation in batch)
                    operation.Complete(operation.IsKept);
            });
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "Storage fails (SQLite {Code}: {Detail}). Nothing is acknowledged until it works again.")]
    private static partial void Failing(ILogger logger, int code, string detail);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Error, Message = "The journal cannot be written ({Detail}). Nothing is acknowledged until it works again.")]
    private static partial void JournalFails(ILogger logger, string detail);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Critical, Message = "The disk failed while it was to keep the journal. The server ends, and reads at its next start what the disk has.")]
    private static partial void Broken(ILogger logger);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "Storage works again.")]
    private static partial void Recovered(ILogger logger);
}
