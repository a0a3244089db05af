using Dapari.Peer.Store;
using Dapari.Web.State;
using Xunit;

namespace Dapari.Web.Tests;

public sealed class ChatRowsTests
{
    private static readonly Make.Days Days = new();

    [Fact]
    public void A_run_of_one_sender_within_a_minute_is_a_group()
    {
        var rows = Build([Make.Message(1, at: 1000), Make.Message(2, at: 30_000), Make.Message(3, true, 31_000), Make.Message(4, true, 200_000)]);
        Assert.Equal([true, false, true, true], rows.Select(r => r.StartsGroup));
        Assert.Equal([false, true, true, true], rows.Select(r => r.EndsGroup));
    }

    [Fact]
    public void A_new_day_has_its_heading_and_ends_a_group()
    {
        const ulong day = 86_400_000;
        var rows = Build([Make.Message(1, at: day - 1000), Make.Message(2, at: day + 1000)]);
        Assert.Equal(["day 1", "day 2"], rows.Select(r => r.Day));
        Assert.True(rows[0].EndsGroup && rows[1].StartsGroup);
    }

    [Fact]
    public void A_window_inside_the_conversation_does_not_invent_a_heading() =>
        Assert.Null(ChatRows.Build([Make.Message(1)], null, 0, moreOlder: true, null, Days)[0].Day);

    [Fact]
    public void The_line_stands_once_before_the_first_incoming_message_after_what_was_read()
    {
        var rows = ChatRows.Build([Make.Message(1), Make.Message(2, true), Make.Message(3), Make.Message(4)], 1, 0, false, null, Days);
        Assert.Equal([false, false, true, false], rows.Select(r => r.FirstUnread));
        Assert.DoesNotContain(Build([Make.Message(1)]), r => r.FirstUnread);
    }

    [Fact]
    public void Read_is_said_only_of_what_was_delivered_and_lies_before_the_watermark()
    {
        MessageRecord[] messages = [Make.Message(1, true), Make.Message(2, true, state: MessageState.OnServer), Make.Message(3, true), Make.Message(4)];
        var rows = ChatRows.Build(messages, null, 2, false, null, Days);
        Assert.Equal([MessageState.Read, MessageState.OnServer, MessageState.Delivered, MessageState.Received], rows.Select(r => r.State));
    }

    [Fact]
    public void Rows_of_unchanged_messages_are_equal_so_that_they_are_not_drawn_again()
    {
        var messages = Make.Messages(20);
        var first = Build(messages);
        messages[7] = messages[7].Clone();
        messages[7].Text = "changed";
        var second = Build(messages);
        Assert.Equal(19, first.Zip(second).Count(p => p.First == p.Second));
    }

    private static List<ChatRow> Build(IReadOnlyList<MessageRecord> messages) => ChatRows.Build(messages, null, 0, false, null, Days);
}
