using Dapari.Server.Connections;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class OutboxTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly byte[] Frame = [1, 2, 3];

    [Fact]
    public async Task What_is_gathered_wakes_each_loop_once_and_only_at_the_end()
    {
        var budget = new OutboxBudget(long.MaxValue);
        var (one, other) = (new Outbox(1 << 20, budget), new Outbox(1 << 20, budget));
        var (waitsForOne, waitsForOther) = (one.WaitAsync().AsTask(), other.WaitAsync().AsTask());
        var taken = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var woken = waitsForOne.ContinueWith(_ => taken.SetResult(Count(one)), TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        Outbox.Gather(() =>
        {
            for (var i = 0; i < 5; i++)
                Assert.True(one.TryAdd(Frame) && other.TryAdd(Frame));
            Assert.False(waitsForOne.IsCompleted || waitsForOther.IsCompleted);
        });
        Assert.True(await waitsForOne.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.True(await waitsForOther.WaitAsync(Patience, TestContext.Current.CancellationToken));
        await woken;
        Assert.Equal(5, await taken.Task); // All of them were there when the loop woke.
        Assert.Equal(5, Count(other));
    }

    [Fact]
    public async Task An_error_while_gathering_still_wakes_those_who_have_something()
    {
        var outbox = new Outbox(1 << 20, new OutboxBudget(long.MaxValue));
        var waiting = outbox.WaitAsync().AsTask();
        Assert.Throws<InvalidOperationException>(() => Outbox.Gather(() =>
        {
            outbox.TryAdd(Frame);
            throw new InvalidOperationException();
        }));
        Assert.True(await waiting.WaitAsync(Patience, TestContext.Current.CancellationToken));

        // And the thread gathers no longer: the next frame wakes at once.
        Count(outbox);
        var again = outbox.WaitAsync().AsTask();
        outbox.TryAdd(Frame);
        Assert.True(await again.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Another_threads_frame_does_not_wait_for_the_gathering()
    {
        var outbox = new Outbox(1 << 20, new OutboxBudget(long.MaxValue));
        var waiting = outbox.WaitAsync().AsTask();
        using var added = new ManualResetEventSlim();
        var woken = false;
        Outbox.Gather(() =>
        {
            var thread = new Thread(() =>
            {
                outbox.TryAdd(Frame);
                added.Set();
            });
            thread.Start();
            Assert.True(added.Wait(Patience));
            woken = ((IAsyncResult)waiting).AsyncWaitHandle.WaitOne(Patience);
        });
        Assert.True(woken);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task A_loop_that_is_told_the_end_while_frames_are_gathered_sends_them_and_ends()
    {
        var outbox = new Outbox(1 << 20, new OutboxBudget(long.MaxValue));
        var waiting = outbox.WaitAsync().AsTask();
        Outbox.Gather(() =>
        {
            Assert.True(outbox.TryAdd(Frame));
            outbox.Complete();
            Assert.False(outbox.TryAdd(Frame));
        });
        Assert.True(await waiting.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(1, Count(outbox));
        Assert.False(await outbox.WaitAsync());
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_counts_no_longer()
    {
        var budget = new OutboxBudget(200_000);
        var outbox = new Outbox(100_000, budget);
        var large = new byte[90_000];
        Assert.True(outbox.TryAdd(large));
        Assert.False(outbox.TryAdd(large));
        Assert.InRange(outbox.Bytes, 90_000, 91_000);

        // All together hold too much: a second connection may still hold a little, and no more.
        var third = new Outbox(100_000, budget);
        budget.Add(200_000);
        Assert.True(third.TryAdd(new byte[60_000]));
        Assert.False(third.TryAdd(new byte[60_000]));
        budget.Add(-200_000);

        outbox.Drain();
        third.Drain();
        Assert.Equal(0, outbox.Bytes);
        Assert.Equal(0, third.Bytes);
        Assert.False(outbox.TryAdd(Frame)); // It is complete.
        Assert.Equal(0, outbox.Bytes);
    }

    private static int Count(Outbox outbox)
    {
        var count = 0;
        while (outbox.TryTake(out var frame, out var more))
        {
            count++;
            outbox.Sent(frame);
            if (!more)
                break;
        }

        return count;
    }
}
