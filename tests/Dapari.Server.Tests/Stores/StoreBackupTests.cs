using Dapari.Server.Storage;
using Dapari.Server.Storage.Journal;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Dapari.Server.Tests.Stores;

/// <summary>Copies that are made while posts come.</summary>
public sealed class StoreBackupTests : IAsyncDisposable
{
    private static readonly StoreLimits Limits = new(SegmentBytes: 16 * 1024, CalmSegments: 2, MostSegments: 6, CalmEnvelopes: 60, MostEnvelopes: 200, Mailboxes: 10);
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-backup-").FullName;
    private readonly List<RunningStore> _stores = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_under_load_has_all_that_was_answered_before_it_and_nothing_that_was_fetched_before_it()
    {
        var store = Start("data");
        long[] boxes = [await store.NewMailboxAsync(), await store.NewMailboxAsync(), await store.NewMailboxAsync()];
        var kept = new List<(long Box, byte First)>();
        for (var i = 0; i < 120; i++)
        {
            var post = await store.PostAsync(boxes[i % 3], [(byte)i, .. new byte[300]]);
            if (i % 4 == 0)
                await store.AcknowledgeAsync(boxes[i % 3], post);
            else
                kept.Add((boxes[i % 3], (byte)i));
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                var sequence = await store.PostAsync(boxes[i % 3], [200, .. new byte[300]]);
                if (i % 2 == 0)
                    await store.AcknowledgeAsync(boxes[i % 3], sequence);
            }
        }, Token);
        for (var copy = 0; copy < 5; copy++)
        {
            var target = Path.Combine(_folder, $"copy{copy}");
            var made = await StoreBackup.CopyAsync(store.Writer, store.Folder, target, Token);
            Assert.True(made is { DatabaseBytes: > 0, JournalBytes: > 0 });
            var copied = Start($"copy{copy}");
            var there = new List<(long, byte)>();
            foreach (var box in boxes)
            {
                var rows = await copied.ReadAsync(box);
                Assert.Equal(rows.Select(r => r.Sequence).Order().Distinct(), rows.Select(r => r.Sequence));
                there.AddRange(rows.Where(r => r.Envelope[0] != 200).Select(r => (box, r.Envelope[0])));
            }

            Assert.Equal(kept.OrderBy(k => k), there.OrderBy(t => t));
            // It is a store like any other.
            await copied.PostAsync(boxes[0], [1]);
        }

        await over.CancelAsync();
        await load;
    }

    [Fact]
    public async Task Segments_that_were_settled_while_they_were_copied_go_when_the_copy_ends()
    {
        var store = Start("data");
        var box = await store.NewMailboxAsync();
        await store.PostAsync(box, new byte[300]);
        var first = Path.Combine(store.Folder, "journal", JournalSegment.NameOf(1));
        var begin = new BeginCopyOperation(Path.Combine(store.Folder, "dapari.db"));
        using ((await store.Writer.RunAsync(begin, Token)).Database)
        {
            for (var i = 0; i < 400; i++)
                await store.PostAsync(box, new byte[300]);
            Assert.True(File.Exists(first));
        }

        await store.Writer.EnqueueAsync(new EndCopyOperation(), Token);
        await store.PostAsync(box, new byte[300]); // Behind it in the queue.
        Assert.False(File.Exists(first));
    }

    [Fact]
    public async Task A_copy_is_not_made_over_another_store()
    {
        var store = Start("data");
        await Assert.ThrowsAsync<StorageException>(() => StoreBackup.CopyAsync(store.Writer, store.Folder, store.Folder, Token));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private RunningStore Start(string name)
    {
        var store = new RunningStore(Path.Combine(_folder, name), Limits);
        _stores.Add(store);
        return store;
    }
}

/// <summary>A store with its writer's thread, on the real disk.</summary>
internal sealed class RunningStore : IAsyncDisposable
{
    private readonly Readers _readers;

    public RunningStore(string folder, StoreLimits limits)
    {
        Folder = Directory.CreateDirectory(folder).FullName;
        var database = Path.Combine(folder, "dapari.db");
        Writer = new Writer(
            () => new WriteSession(database, 0, new ServerClock(TimeProvider.System)), new MailboxJournal(new DiskFolder(Path.Combine(folder, "journal")), limits.SegmentBytes, RandomSource.System),
            limits, () => { }, NullLogger.Instance);
        _readers = new Readers(database, 1);
    }

    public string Folder { get; }

    public Writer Writer { get; }

    public async Task<long> NewMailboxAsync() =>
        (await Writer.RunAsync(new CreateMailboxOperation(MailboxId.Random(RandomSource.System), new byte[32], new byte[32], true), CancellationToken.None)).Number;

    /// <summary>Its sequence, when it is durable.</summary>
    public async Task<long> PostAsync(long box, byte[] envelope)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var post = new PostOperation(box, Google.Protobuf.ByteString.CopyFrom(RandomSource.System.Bytes(16)), Google.Protobuf.ByteString.CopyFrom(envelope),
            new MailboxQuota(1 << 24, 100_000), (p, stored) =>
            {
                p.Mailbox?.Announced();
                done.SetResult(stored);
            }) { Request = 1 };
        await Writer.EnqueueAsync(post, CancellationToken.None);
        Assert.True(await done.Task);
        return post.Sequence;
    }

    public async Task AcknowledgeAsync(long box, long sequence)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Writer.EnqueueAsync(new AcknowledgeOperation(box, [(ulong)sequence], (_, stored) => done.SetResult(stored)) { Request = 1 }, CancellationToken.None);
        Assert.True(await done.Task);
    }

    public async Task<List<EnvelopeRow>> ReadAsync(long box)
    {
        var all = new List<EnvelopeRow>();
        while (await Writer.Store.AfterAsync(_readers, box, all.Count == 0 ? 0 : all[^1].Sequence, 32, 1 << 20, CancellationToken.None) is { Count: > 0 } rows)
            all.AddRange(rows);
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        _readers.Dispose();
    }
}
