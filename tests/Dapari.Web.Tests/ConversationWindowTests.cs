using Dapari.Web.State;
using Xunit;

namespace Dapari.Web.Tests;

public sealed class ConversationWindowTests
{
    [Fact]
    public async Task Opens_at_the_newest_page()
    {
        var window = new ConversationWindow(Make.Reader(Make.Messages(1000)));
        await window.OpenNewestAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ConversationWindow.FirstPage, window.Items.Count);
        Assert.Equal(1000ul, window.Items[^1].Clock);
        Assert.True(window.MoreOlder);
        Assert.False(window.MoreNewer);
    }

    [Fact]
    public async Task Walks_to_the_oldest_and_back_without_gap_repeat_or_growth()
    {
        var window = new ConversationWindow(Make.Reader(Make.Messages(1000)));
        var cancellation = TestContext.Current.CancellationToken;
        await window.OpenNewestAsync(cancellation);
        var seen = new HashSet<ulong>();
        while (await window.ExtendOlderAsync(cancellation)) Check();
        Assert.Equal(1ul, window.Items[0].Clock);
        Assert.False(window.MoreOlder);
        while (await window.ExtendNewerAsync(cancellation)) Check();
        Assert.Equal(1000ul, window.Items[^1].Clock);
        Assert.Equal(1000, seen.Count);

        void Check()
        {
            Assert.InRange(window.Items.Count, 1, ConversationWindow.Capacity);
            for (var i = 1; i < window.Items.Count; i++) Assert.Equal(window.Items[i - 1].Clock + 1, window.Items[i].Clock);
            foreach (var item in window.Items) seen.Add(item.Clock);
        }
    }

    [Fact]
    public async Task Opens_around_a_message_and_includes_it()
    {
        var all = Make.Messages(1000);
        var window = new ConversationWindow(Make.Reader(all));
        await window.OpenAroundAsync(all[499].OrderKey.Memory, TestContext.Current.CancellationToken);
        Assert.Contains(window.Items, m => m.Clock == 500);
        Assert.Equal(475ul, window.Items[0].Clock);
        Assert.True(window.MoreOlder && window.MoreNewer);
    }

    [Fact]
    public async Task A_new_message_is_taken_in_at_the_end_only_where_the_window_reaches_it()
    {
        var all = Make.Messages(400);
        var window = new ConversationWindow(Make.Reader(all));
        var cancellation = TestContext.Current.CancellationToken;
        await window.OpenNewestAsync(cancellation);
        Assert.True(window.Apply(Make.Message(401)));
        Assert.Equal(401ul, window.Items[^1].Clock);
        while (await window.ExtendOlderAsync(cancellation))
        {
        }

        Assert.True(window.MoreNewer);
        var last = window.Items[^1].Clock;
        Assert.False(window.Apply(Make.Message(402)));
        Assert.Equal(last, window.Items[^1].Clock);
    }

    [Fact]
    public async Task A_late_message_falls_into_its_place_and_a_sent_one_moves_from_its_provisional_place()
    {
        var all = Make.Messages(10);
        all.RemoveAt(4);
        var window = new ConversationWindow(Make.Reader(all));
        await window.OpenNewestAsync(TestContext.Current.CancellationToken);
        Assert.True(window.Apply(Make.Message(5)));
        Assert.Equal(5ul, window.Items[4].Clock);

        var sending = Make.Message(11, outgoing: true);
        var provisional = sending.Clone();
        provisional.OrderKey = Google.Protobuf.ByteString.CopyFrom([.. Enumerable.Repeat(byte.MaxValue, 16)]);
        Assert.True(window.Apply(provisional));
        Assert.True(window.Apply(Make.Message(12)));
        Assert.True(window.Apply(sending));
        Assert.Equal([10ul, 11ul, 12ul], window.Items.TakeLast(3).Select(m => m.Clock));
        Assert.True(window.Remove(sending.Id));
        Assert.False(window.Remove(sending.Id));
    }

    [Fact]
    public async Task What_was_being_read_when_the_window_opened_elsewhere_is_dropped()
    {
        var all = Make.Messages(300);
        var read = Make.Reader(all);
        var hold = new TaskCompletionSource();
        var holding = false;
        var window = new ConversationWindow(async (anchor, direction, count, cancellation) =>
        {
            var page = await read(anchor, direction, count, cancellation);
            if (holding) await hold.Task;
            return page;
        });
        var token = TestContext.Current.CancellationToken;
        await window.OpenNewestAsync(token);
        holding = true;
        var extending = window.ExtendOlderAsync(token);
        holding = false;
        await window.OpenAroundAsync(all[10].OrderKey.Memory, token);
        hold.SetResult();
        Assert.False(await extending);
        for (var i = 1; i < window.Items.Count; i++) Assert.Equal(window.Items[i - 1].Clock + 1, window.Items[i].Clock);
    }
}
