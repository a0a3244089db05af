using System.Diagnostics;
using System.Threading.Channels;
using Dapari.Server.Connections;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>One change that waits, with the mailbox that it is for. Its issuer is inside the mailbox until it is completed.</summary>
internal readonly record struct PostgresWork(ClusterMailbox Mailbox, MailboxOperation Operation);

/// <summary>
/// One of a machine's writers: posts, acknowledgements and marks of its share of the mailboxes, many in one transaction, with one round trip. What waits while one transaction is under
/// way goes with the next; nothing is put off, but for posts that their owner has and is expected to acknowledge sooner (as in <see cref="Writer"/>).
/// </summary>
/// <remarks>
/// While the database is away the batch is tried again, and all that comes waits; connections stop reading when their turns are used up. After <see cref="ClusterServing.Patience"/> it is
/// refused. A batch whose commit was not confirmed is tried again as it is: what it finds done it takes for done.
/// </remarks>
internal sealed partial class PostgresWriter : IAsyncDisposable
{
    private const int QueueLength = 2048;
    private const int BatchLength = 512;
    private const int BatchBytes = 1024 * 1024;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private readonly Channel<PostgresWork> _queue =
        Channel.CreateBounded<PostgresWork>(new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Channel<PostgresBatch> _done = Channel.CreateBounded<PostgresBatch>(new BoundedChannelOptions(4) { SingleReader = true, SingleWriter = true });
    private readonly Queue<PostgresWork> _waiting = [];
    private readonly ManualResetEventSlim _urgent = new();
    private readonly HashSet<ClusterMailbox> _dirty = [];
    private readonly NpgsqlDataSource _database;
    private readonly ServerClock _clock;
    private readonly TimeSpan _patience;
    private readonly CommitTimes _commits;
    private readonly Action<ClusterMailbox> _lost;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly Task _answers;
    private readonly CancellationTokenSource _stop = new();
    private NpgsqlConnection? _connection;
    private long _commitTicks = Stopwatch.Frequency / 500;
    private volatile bool _failing;
    private volatile bool _writesMarks;

    /// <param name="database">Shared by the cluster.</param>
    /// <param name="clock">The cluster's.</param>
    /// <param name="patience">How long the database may be away.</param>
    /// <param name="commits">Told how long each took.</param>
    /// <param name="lost">A mailbox belongs to another machine, or has to be taken anew; called after what was for it has failed.</param>
    /// <param name="logger">For faults.</param>
    public PostgresWriter(NpgsqlDataSource database, ServerClock clock, TimeSpan patience, CommitTimes commits, Action<ClusterMailbox> lost, ILogger logger)
    {
        _database = database;
        _clock = clock;
        _patience = patience;
        _commits = commits;
        _lost = lost;
        _logger = logger;
        _thread = new Thread(Run) { Name = "dapari postgres writer", IsBackground = true };
        _thread.Start();
        _answers = Task.Run(AnswerAsync);
    }

    /// <summary>The database does not answer, or refused the last batch.</summary>
    public bool IsFailing => _failing;

    /// <summary>How long a commit took lately, in the stopwatch's ticks.</summary>
    public long CommitTicks => Volatile.Read(ref _commitTicks);

    public ValueTask EnqueueAsync(PostgresWork work, CancellationToken cancellation)
    {
        var queued = _queue.Writer.TryWrite(work);
        if (!queued || work.Operation.BeginBy == 0)
            _urgent.Set();
        return queued ? ValueTask.CompletedTask : _queue.Writer.WriteAsync(work, cancellation);
    }

    /// <summary>Once a second: marks of envelopes that were never written go with the next batch.</summary>
    public void Tick()
    {
        _writesMarks = true;
        _urgent.Set();
        _queue.Writer.TryWrite(default);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        _urgent.Set();
        await _answers;
        _thread.Join();
        _connection?.Dispose();
    }

    private void Run()
    {
        try
        {
            while (WaitForWork())
            {
                Collect();
                if (_waiting.Count > 0 && !_writesMarks && MayWait(out var ms) && _urgent.Wait(ms))
                    continue;
                var batch = new PostgresBatch(_clock);
                Fill(batch);
                if (_writesMarks)
                {
                    _writesMarks = false;
                    batch.AddMarks(_dirty);
                }

                if (batch.IsEmpty)
                    continue;
                Keep(batch);
                if (!_done.Writer.TryWrite(batch))
                    _done.Writer.WriteAsync(batch).AsTask().GetAwaiter().GetResult();
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
        while (_waiting.Count < QueueLength && _queue.Reader.TryRead(out var work))
        {
            if (work.Operation is not null && !Drop(work))
                _waiting.Enqueue(work);
        }
    }

    /// <summary>An owner was quicker: its mark is to be written by and by.</summary>
    private bool Drop(PostgresWork work) => work.Operation.IsSettled && !TryBegin(work);

    private bool TryBegin(PostgresWork work)
    {
        if (work.Operation is not PostOperation post || post.TryBegin())
            return true;
        MarkDirty(work.Mailbox);
        return false;
    }

    private void MarkDirty(ClusterMailbox mailbox)
    {
        if (!mailbox.IsDirty)
        {
            mailbox.IsDirty = true;
            _dirty.Add(mailbox);
        }
    }

    /// <summary>Whether all that waits is expected to be settled by its owners sooner than a commit would take.</summary>
    private bool MayWait(out int ms)
    {
        ms = 0;
        if (_waiting.Count == QueueLength)
            return false;
        var first = long.MaxValue;
        foreach (var work in _waiting)
        {
            if (!work.Operation.IsSettled)
                first = Math.Min(first, work.Operation.BeginBy);
        }

        if (first == long.MaxValue)
            return false;
        var left = first - Stopwatch.GetTimestamp();
        ms = (int)Math.Min(20, left * 1000 / Stopwatch.Frequency + 1);
        return left > 0;
    }

    private void Fill(PostgresBatch batch)
    {
        for (var bytes = 0; batch.Count < BatchLength && bytes < BatchBytes && _waiting.TryDequeue(out var work);)
        {
            if (!TryBegin(work))
                continue;
            bytes += work.Operation.Bytes;
            if (work.Operation is PostOperation post && !work.Mailbox.IsLost && post.IsFull(work.Mailbox.State))
                Recount(work.Mailbox, post);
            batch.Add(work);
        }
    }

    /// <summary>Memory counts what was swept elsewhere too: before a post is refused, the database is asked.</summary>
    private void Recount(ClusterMailbox mailbox, PostOperation post)
    {
        try
        {
            var state = mailbox.State;
            if (Stopwatch.GetElapsedTime(mailbox.CountedAt) > TimeSpan.FromSeconds(1))
            {
                mailbox.CountedAt = Stopwatch.GetTimestamp();
                var (envelopes, bytes) = PostgresBatch.CountStored(Connection(), mailbox.Number);
                state.Settle(envelopes - state.SettledEnvelopes, bytes - state.SettledBytes);
            }

            // What lies here was posted, however full the mailbox is.
            post.IsKnown = PostgresBatch.Holds(Connection(), mailbox.Number, post.EnvelopeId);
        }
        catch (Exception e) when (IsFault(e))
        {
            Disconnect();
        }
    }

    private void Keep(PostgresBatch batch)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                batch.Store(Connection());
                Volatile.Write(ref _commitTicks, (_commitTicks * 7 + Math.Min(Stopwatch.Frequency, Stopwatch.GetTimestamp() - began)) / 8);
                lock (_commits) // It is for one thread; there are two writers.
                    _commits.Add(Stopwatch.GetElapsedTime(began));
                if (_failing)
                    Recovered(_logger);
                _failing = false;
                return;
            }
            catch (Exception e) when (IsFault(e))
            {
                if (!_failing)
                    Failing(_logger, (e as PostgresException)?.SqlState ?? e.GetType().Name, e.Message);
                _failing = true;
                Disconnect();
                if (Stopwatch.GetElapsedTime(began) >= _patience || _stop.IsCancellationRequested)
                {
                    batch.Fail();
                    return;
                }

                _stop.Token.WaitHandle.WaitOne(RetryAfter);
            }
        }
    }

    private static bool IsFault(Exception e) => e is NpgsqlException or IOException or TimeoutException or InvalidOperationException or System.Net.Sockets.SocketException;

    private NpgsqlConnection Connection()
    {
        if (_connection is not null)
            return _connection;
        var connection = _database.OpenConnection();
        // Answered means on the disk, whatever the database's default is; stricter settings stay.
        using var durable = new NpgsqlCommand("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'", connection);
        durable.ExecuteNonQuery();
        return _connection = connection;
    }

    private void Disconnect()
    {
        try
        {
            _connection?.Dispose();
        }
        catch (Exception e) when (IsFault(e))
        {
            // It was broken, which is why it goes.
        }

        _connection = null;
    }

    private async Task AnswerAsync()
    {
        await foreach (var batch in _done.Reader.ReadAllAsync())
        {
            Outbox.Gather(batch.Complete);
            foreach (var mailbox in batch.Lost)
                _lost(mailbox);
        }
    }

    [LoggerMessage(EventId = 1501, Level = LogLevel.Error, Message = "The database fails ({Code}: {Detail}). Nothing is acknowledged until it works again.")]
    private static partial void Failing(ILogger logger, string code, string detail);

    [LoggerMessage(EventId = 1502, Level = LogLevel.Warning, Message = "The database works again.")]
    private static partial void Recovered(ILogger logger);
}
