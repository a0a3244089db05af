using System.Diagnostics;
using System.Threading.Channels;
using Dapari.Server.Storage;

namespace Dapari.Bench.Server;

/// <summary>
/// What is compared with: a loop that takes what waits, inserts it into SQLite (WAL, synchronous=FULL, same columns and index), commits once
/// and tells the writers, each of which waits for its own row. No sockets, no frames, no rules.
/// </summary>
internal sealed class PlainLoop(string path, int writers, int envelopeBytes, int acknowledgeEvery)
{
    private readonly record struct Work(long Mailbox, long Key, byte[]? Id, byte[]? Envelope, int Deletes, TaskCompletionSource Done);

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(1024) { SingleReader = true });
    private long _posts;
    private volatile bool _stop;

    /// <summary>Posts per second, after a warm-up.</summary>
    public async Task<double> RunAsync(TimeSpan warmUp, TimeSpan measure)
    {
        using var database = Database.Open(path, false);
        database.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000");
        database.Execute("CREATE TABLE e (key INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, id BLOB NOT NULL, posted INTEGER NOT NULL, envelope BLOB NOT NULL)");
        database.Execute("CREATE UNIQUE INDEX ei ON e (mailbox, id)");
        var thread = new Thread(() => Commit(database));
        thread.Start();
        var tasks = Enumerable.Range(1, writers).Select(i => Task.Run(() => WriteAsync(i))).ToArray();
        await Task.Delay(warmUp, TimeProvider.System);
        var (start, before) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _posts));
        await Task.Delay(measure, TimeProvider.System);
        var rate = (Volatile.Read(ref _posts) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        _stop = true;
        await Task.WhenAll(tasks);
        _queue.Writer.Complete();
        thread.Join();
        return rate;
    }

    private async Task WriteAsync(long mailbox)
    {
        var random = new Random((int)mailbox);
        var envelope = new byte[envelopeBytes];
        random.NextBytes(envelope);
        for (var sequence = 1L; !_stop; sequence++)
        {
            var id = new byte[16];
            random.NextBytes(id);
            await SendAsync(new Work(mailbox, (mailbox << 32) | sequence, id, envelope, 0, New()));
            Interlocked.Increment(ref _posts);
            if (acknowledgeEvery > 0 && sequence % acknowledgeEvery == 0)
                await SendAsync(new Work(mailbox, (mailbox << 32) | sequence, null, null, acknowledgeEvery, New()));
        }
    }

    private async Task SendAsync(Work work)
    {
        await _queue.Writer.WriteAsync(work);
        await work.Done.Task;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Commit(Database database)
    {
        var (begin, commit) = (database.Prepare("BEGIN IMMEDIATE"), database.Prepare("COMMIT"));
        var insert = database.Prepare("INSERT OR IGNORE INTO e (key, mailbox, id, posted, envelope) VALUES (?1, ?2, ?3, ?4, ?5)");
        var delete = database.Prepare("DELETE FROM e WHERE key = ?1");
        var batch = new List<Work>();
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            begin.Run();
            while (batch.Count < 1024 && _queue.Reader.TryRead(out var work))
            {
                batch.Add(work);
                if (work.Envelope is not null)
                    insert.Bind(1, work.Key).Bind(2, work.Mailbox).Bind(3, work.Id).Bind(4, 1).Bind(5, work.Envelope).Run();
                for (var i = 0; i < work.Deletes; i++)
                    delete.Bind(1, work.Key - i).Run();
            }

            commit.Run();
            foreach (var work in batch)
                work.Done.SetResult();
            batch.Clear();
        }

        foreach (var statement in new[] { begin, commit, insert, delete })
            statement.Dispose();
    }
}
