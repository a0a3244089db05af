using System.Threading.Channels;
using Dapari.Server.Connections;

namespace Dapari.Server.Storage;

/// <summary>
/// The only thread that writes. It takes whatever waits, applies it in one transaction, commits once, and hands the batch on to be
/// answered: the more is waiting, the more one fsync carries. No timer delays anything.
/// </summary>
/// <remarks>
/// Both queues are bounded; a full one makes issuers wait, and they stop reading their sockets. When SQLite refuses, the batch is
/// rolled back as a whole and answered as not stored; the next batch tries again, on a fresh connection if need be.
/// </remarks>
internal sealed partial class Writer : IAsyncDisposable
{
    /// <summary>Operations in the queue.</summary>
    private const int QueueLength = 1024;

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
    private WriteSession? _session;
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

    /// <summary>Queues an operation, waiting while the queue is full.</summary>
    public ValueTask EnqueueAsync(WriteOperation operation, CancellationToken cancellation) =>
        _queue.Writer.TryWrite(operation) ? ValueTask.CompletedTask : _queue.Writer.WriteAsync(operation, cancellation);

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
                var batch = new List<WriteOperation>();
                try
                {
                    _session ??= _open();
                }
                catch (StorageException)
                {
                    // The next lines meet it again, and say so.
                }

                while (batch.Count < BatchLength && _queue.Reader.TryRead(out var operation))
                {
                    if (operation.TryBegin(_session))
                        batch.Add(operation);
                }

                if (batch.Count == 0)
                {
                    _hasMarks = _session is { HasMarks: true };
                    continue;
                }

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
        var wait = _queue.Reader.WaitToReadAsync();
        return wait.IsCompletedSuccessfully ? wait.Result : wait.AsTask().GetAwaiter().GetResult();
    }

    private bool TryStore(List<WriteOperation> batch)
    {
        try
        {
            _session ??= _open();
            _session.Begin();
            foreach (var operation in batch)
                operation.Apply(_session);
            _session.Commit();
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
