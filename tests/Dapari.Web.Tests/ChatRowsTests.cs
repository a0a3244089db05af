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
        Assert.Null(ChatRows.Build([Make.Message(1)], null, 0, moreOlder: true, null, Days).Rows[0].Day);

    [Fact]
    public void The_line_stands_once_before_the_first_incoming_message_after_what_was_read()
    {
        var rows = ChatRows.Build([Make.Message(1), Make.Message(2, true), Make.Message(3), Make.Message(4)], 1, 0, false, null, Days).Rows;
        Assert.Equal([false, false, true, false], rows.Select(r => r.FirstUnread));
        Assert.DoesNotContain(Build([Make.Message(1)]), r => r.FirstUnread);
    }

    [Fact]
    public void Read_is_said_only_of_what_was_delivered_and_lies_before_the_watermark()
    {
        MessageRecord[] messages = [Make.Message(1, true), Make.Message(2, true, state: MessageState.OnServer), Make.Message(3, true), Make.Message(4)];
        var rows = ChatRows.Build(messages, null, 2, false, null, Days).Rows;
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

    [Fact]
    public void What_did_not_change_keeps_its_object_and_the_rest_is_as_if_built_anew()
    {
        var random = new Random(7);
        var messages = Make.Messages(40);
        var next = 100;
        var built = ChatRows.Build(messages, 12, 5, true, null, Days);
        for (var step = 0; step < 300; step++)
        {
            var read = (ulong)random.Next(40);
            switch (random.Next(6))
            {
                case 0:
                    messages.Add(Make.Message((ulong)next++, random.Next(2) == 0, (ulong)(next * 20_000L)));
                    break;
                case 1:
                    messages.RemoveAt(0);
                    messages.Add(Make.Message((ulong)next++));
                    break;
                case 2:
                    messages.InsertRange(0, [Make.Message((ulong)next++, at: 1), Make.Message((ulong)next++, true, 2)]);
                    break;
                case 3:
                    var at = random.Next(messages.Count);
                    messages[at] = messages[at].Clone();
                    messages[at].Text += "!";
                    break;
                case 4:
                    messages.RemoveAt(random.Next(messages.Count));
                    break;
                default:
                    messages.Insert(random.Next(messages.Count), Make.Message((ulong)next++, random.Next(2) == 0));
                    break;
            }

            var marked = random.Next(3) == 0 ? ChatRows.Hex(messages[random.Next(messages.Count)]) : null;
            var again = ChatRows.Build(messages, read, read, step % 2 == 0, marked, Days, built);
            Assert.Equal(ChatRows.Build(messages, read, read, step % 2 == 0, marked, Days).Rows, again.Rows);
            built = again;
        }

        messages.Add(Make.Message((ulong)next, at: 1));
        var last = ChatRows.Build(messages, null, 0, true, null, Days, ChatRows.Build(messages.GetRange(0, messages.Count - 1), null, 0, true, null, Days, built));
        Assert.Equal(messages, last.Messages);
    }

    [Fact]
    public void One_message_more_leaves_all_groups_but_the_last_as_they_are()
    {
        var messages = Make.Messages(120);
        for (var i = 0; i < messages.Count; i++) messages[i].Id = Google.Protobuf.ByteString.CopyFrom(new byte[] { (byte)i, (byte)(i % 16 * 16 + i / 16 % 16) });
        var built = ChatRows.Build(messages, null, 0, true, null, Days);
        var groups = RowGroups.Cut(built.Rows, []);
        Assert.True(groups.Count > 3);
        Assert.Equal(built.Rows, groups.SelectMany(g => g.Rows));
        Assert.Equal(groups.Count, groups.Select(g => g.Key).Distinct().Count());

        messages.Add(Make.Message(1000, at: 10_000_000));
        messages[^1].Id = Google.Protobuf.ByteString.CopyFrom(1, 1);
        built = ChatRows.Build(messages, null, 0, true, null, Days, built);
        var after = RowGroups.Cut(built.Rows, groups);
        Assert.Equal(groups.Count - 1, after.Count(group => groups.Exists(former => ReferenceEquals(former, group))));
        Assert.Equal(built.Rows, after.SelectMany(g => g.Rows));
    }

    [Theory]
    [InlineData("ciao", "ciaox", "x")]
    [InlineData("ciao", "cixao", "x")]
    [InlineData("ciao", "cia", "")]
    [InlineData("aa", "aaa", "a")]
    [InlineData("ciao", "", "")]
    [InlineData("", "x", "x")]
    public void What_is_typed_beside_a_text_that_is_leaving_is_what_remains(string leaving, string now, string typed) => Assert.Equal(typed, Typed.Since(leaving, now));

    private static List<ChatRow> Build(IReadOnlyList<MessageRecord> messages) => ChatRows.Build(messages, null, 0, false, null, Days).Rows;
}
