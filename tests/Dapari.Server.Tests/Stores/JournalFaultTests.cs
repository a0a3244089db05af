using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Stores;

/// <summary>A disk that is full, fails, or has spoilt what was durable.</summary>
public sealed class JournalFaultTests
{
    private static byte[] NewId() => RandomSource.System.Bytes(16);

    [Fact]
    public async Task On_a_full_disk_posts_are_refused_and_acknowledgements_are_not_and_make_room()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(1)) { Capacity = 3 * 8 * 1024 }, StoreWorkbench.Small with { CalmSegments = 100, MostSegments = 100 });
        var box = bench.NewMailbox();
        var stored = new List<ulong>();
        PostOperation post;
        while (true)
        {
            post = StoreWorkbench.Post(box, NewId(), new byte[500]);
            bench.Run(post);
            if (!post.IsKept)
                break;
            stored.Add((ulong)post.Sequence);
            Assert.True(stored.Count < 100, "it was never full");
        }

        // Together with an acknowledgement it is still only the post that is refused.
        var (again, acknowledge) = (StoreWorkbench.Post(box, NewId(), new byte[500]), StoreWorkbench.Acknowledge(box, stored[0]));
        bench.Run(again, acknowledge);
        Assert.Equal((false, true), (again.IsKept, acknowledge.IsKept));
        Assert.Equal(stored.Count - 1, (await bench.ReadAsync(box)).Count);
        bench.Run(StoreWorkbench.Acknowledge(box, [.. stored]));
        bench.Settle();
        bench.Run(post = StoreWorkbench.Post(box, NewId(), new byte[500]));
        Assert.True(post.IsKept);
        Assert.True((ulong)post.Sequence > stored[^1]);
        bench.Restart(d => d.Cut());
        Assert.Equal(post.Sequence, Assert.Single(await bench.ReadAsync(box)).Sequence);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task On_a_disk_that_was_full_at_the_start_what_is_fetched_makes_room(bool isCopied)
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(1)) { Capacity = 3 * 8 * 1024 + 600 }, StoreWorkbench.Small with { CalmSegments = 100, MostSegments = 100 });
        var box = bench.NewMailbox();
        PostOperation post;
        do
            bench.Run(post = StoreWorkbench.Post(box, NewId(), new byte[500]));
        while (post.IsKept);
        bench.Restart(d => d.Kill());
        if (isCopied) // The segment that was written to is closed.
            bench.Store.BeginCopy();
        var all = (await bench.ReadAsync(box)).Select(r => (ulong)r.Sequence).ToArray();
        var acknowledge = StoreWorkbench.Acknowledge(box, all);
        bench.Run(acknowledge);
        Assert.True(acknowledge.IsKept);
        if (isCopied)
            bench.Store.EndCopy();
        bench.Settle();
        bench.Run(post = StoreWorkbench.Post(box, NewId(), new byte[500]));
        Assert.True(post.IsKept);
        bench.Restart(d => d.Cut());
        Assert.Equal(post.Sequence, Assert.Single(await bench.ReadAsync(box)).Sequence);
    }

    [Fact]
    public async Task A_write_that_fails_is_refused_and_its_place_is_used_again()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(2)));
        var box = bench.NewMailbox();
        var (first, failed, last) = (StoreWorkbench.Post(box, NewId(), [1]), StoreWorkbench.Post(box, NewId(), [2]), StoreWorkbench.Post(box, NewId(), [3]));
        bench.Run(first);
        bench.Disk.WriteFails = true;
        bench.Run(failed);
        Assert.False(failed.IsKept);
        Assert.Single(await bench.ReadAsync(box));
        bench.Disk.WriteFails = false;
        bench.Run(last);
        Assert.True(last.IsKept);
        bench.Restart(d => d.Cut());
        Assert.Equal([1, 3], (await bench.ReadAsync(box)).Select(r => r.Envelope[0]));
    }

    [Fact]
    public async Task After_a_sync_that_failed_nothing_is_stored_until_a_new_start()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(3)));
        var box = bench.NewMailbox();
        bench.Run(StoreWorkbench.Post(box, NewId(), [1]));
        bench.Disk.SyncFails = true;
        var failed = StoreWorkbench.Post(box, NewId(), [2]);
        bench.Run(failed);
        bench.Disk.SyncFails = false;
        var after = StoreWorkbench.Post(box, NewId(), [3]);
        bench.Run(after);
        Assert.Equal((false, false, true), (failed.IsKept, after.IsKept, bench.Store.IsBroken));
        Assert.Equal(1, (await bench.UsageAsync(box)).Envelopes); // What is there may be read.
        bench.Restart(d => d.Cut());
        bench.Run(after = StoreWorkbench.Post(box, NewId(), [3]));
        Assert.True(after.IsKept);
        var there = (await bench.ReadAsync(box)).Select(r => r.Envelope[0]).ToList();
        Assert.Contains((byte)1, there);
        Assert.Contains((byte)3, there);
    }

    [Fact]
    public void A_bit_that_changed_in_what_was_durable_stops_the_start_and_names_the_file()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(4)));
        var box = bench.NewMailbox();
        for (var i = 0; i < 5; i++)
            bench.Run(StoreWorkbench.Post(box, NewId(), new byte[100]));
        bench.Disk.Spoil("0000000001.journal", 200);
        var refused = Assert.Throws<StorageException>(() => bench.Restart(d => d.Kill()));
        Assert.Contains("0000000001.journal", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_segment_that_is_missing_stops_the_start()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(5)), StoreWorkbench.Small with { CalmSegments = 100, MostSegments = 100, CalmEnvelopes = 1000, MostEnvelopes = 1000 });
        var box = bench.NewMailbox();
        for (var i = 0; i < 60; i++)
            bench.Run(StoreWorkbench.Post(box, NewId(), new byte[500]));
        bench.Disk.Delete("0000000002.journal");
        Assert.Contains("missing", Assert.Throws<StorageException>(() => bench.Restart(d => d.Kill())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_torn_end_that_holds_what_looks_like_frames_is_passed_over()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(6)));
        var box = bench.NewMailbox();
        bench.Run(StoreWorkbench.Post(box, NewId(), [1]));
        // An envelope full of frame headers with numbers that come next; then the power goes.
        var hostile = new byte[4000];
        for (var at = 0; at + 16 < hostile.Length; at += 16)
        {
            BitConverter.TryWriteBytes(hostile.AsSpan(at), 4);
            BitConverter.TryWriteBytes(hostile.AsSpan(at + 8), 3L);
        }

        bench.Disk.OffAfter = 0;
        Assert.Throws<PowerOffException>(() => bench.Run(StoreWorkbench.Post(box, NewId(), hostile)));
        bench.Restart(d => d.Kill());
        Assert.Equal([1], (await bench.ReadAsync(box)).Select(r => r.Envelope[0]));
    }

    [Fact]
    public async Task The_records_of_a_mailbox_that_was_deleted_are_passed_over()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(7)));
        var (gone, stays) = (bench.NewMailbox(), bench.NewMailbox());
        bench.Run(StoreWorkbench.Post(gone, NewId(), [1]), StoreWorkbench.Post(stays, NewId(), [2]), StoreWorkbench.Post(gone, NewId(), [3]));
        bench.Session.Begin();
        bench.Session.DeleteMailbox(gone);
        bench.Session.Commit();
        bench.Store.Forget(gone);
        Assert.Empty(await bench.ReadAsync(gone));
        bench.Restart(d => d.Cut());
        Assert.Empty(await bench.ReadAsync(gone));
        Assert.Equal([2], (await bench.ReadAsync(stays)).Select(r => r.Envelope[0]));
        Assert.Equal(1, bench.Store.FreshEnvelopes);
    }

    [Fact]
    public async Task What_is_settled_and_what_is_fresh_are_read_as_one()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(8)));
        var box = bench.NewMailbox();
        var sequences = new List<ulong>();
        for (var i = 0; i < 90; i++)
        {
            var post = StoreWorkbench.Post(box, NewId(), [(byte)i, .. new byte[300]]);
            bench.Run(post);
            sequences.Add((ulong)post.Sequence);
            if (i % 10 == 9)
                bench.Settle();
        }

        Assert.True(bench.Store.FreshEnvelopes is > 0 and < 90);
        bench.Run(StoreWorkbench.Acknowledge(box, [.. sequences.Where((_, i) => i % 3 == 0)]));
        Assert.Equal(sequences.Where((_, i) => i % 3 != 0), (await bench.ReadAsync(box)).Select(r => (ulong)r.Sequence));
        Assert.Equal(60, (await bench.UsageAsync(box)).Envelopes);
        // The end of the quota counts what was removed as free, and a repeat of what lies in the database is no second one.
        var settled = (await bench.ReadAsync(box))[0];
        var repeat = StoreWorkbench.Post(box, settled.Id, settled.Envelope, quota: 60);
        var beyond = StoreWorkbench.Post(box, NewId(), [0], quota: 60);
        bench.Run(repeat, beyond);
        Assert.Equal((Refusal.Unspecified, 0L), (repeat.Refusal, repeat.Sequence));
        Assert.Equal(Refusal.MailboxFull, beyond.Refusal);
    }

    [Fact]
    public async Task The_index_in_memory_is_bounded_and_settling_catches_up()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(9)), StoreWorkbench.Small with { CalmSegments = 50, MostSegments = 100 });
        var boxes = Enumerable.Range(0, 20).Select(_ => bench.NewMailbox()).ToArray();
        for (var i = 0; i < 400; i++)
        {
            while (bench.Store.IsPressed)
                bench.Store.Step();
            bench.Run(StoreWorkbench.Post(boxes[i % boxes.Length], NewId(), new byte[200]));
            Assert.True(bench.Store.FreshEnvelopes <= StoreWorkbench.Small.MostEnvelopes);
        }

        var all = 0;
        foreach (var box in boxes)
            all += (await bench.ReadAsync(box)).Count;
        Assert.Equal(400, all);
    }

    [Fact]
    public void A_large_batch_is_longer_than_a_segment_and_is_kept()
    {
        using var bench = new StoreWorkbench(new PowerCutFolder(new Random(10)));
        var box = bench.NewMailbox();
        var posts = Enumerable.Range(0, 4).Select(_ => StoreWorkbench.Post(box, NewId(), new byte[WireLimits.EnvelopeBytes])).ToArray();
        bench.Run(posts);
        Assert.All(posts, p => Assert.True(p.IsKept));
        bench.Restart(d => d.Cut());
        Assert.Equal(4, bench.Store.FreshEnvelopes);
    }
}
