using Dapari.Peer.Store;
using Dapari.Web.Text;
using Dapari.Wire.V1;

namespace Dapari.Web.State;

/// <summary>One row of a conversation, ready to be drawn. Equal rows are drawn once.</summary>
public sealed record ChatRow
{
    /// <summary>The message id in hexadecimal: key, element id and address.</summary>
    public required string Id { get; init; }

    /// <summary>What was written.</summary>
    public required string Text { get; init; }

    /// <summary>What kind of row.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>Written here.</summary>
    public required bool Outgoing { get; init; }

    /// <summary>Hours and minutes.</summary>
    public required string Time { get; init; }

    /// <summary>The day, where it changes before this row.</summary>
    public string? Day { get; init; }

    /// <summary>Whether the "new messages" line stands before this row.</summary>
    public bool FirstUnread { get; init; }

    /// <summary>First of a run of the same sender in the same minute.</summary>
    public bool StartsGroup { get; init; }

    /// <summary>Last of such a run.</summary>
    public bool EndsGroup { get; init; }

    /// <summary>How far it came.</summary>
    public MessageState State { get; init; }

    /// <summary>The way it went.</summary>
    public Route Route { get; init; }

    /// <summary>The call, where the row is one.</summary>
    public CallRecord? Call { get; init; }

    /// <summary>The message, where the row is a transfer of files.</summary>
    public MessageRecord? Files { get; init; }

    /// <summary>Whether somebody jumped to this row.</summary>
    public bool Marked { get; init; }
}

/// <summary>Rows, and the messages that they were made of, one for one.</summary>
public sealed record BuiltRows(IReadOnlyList<MessageRecord> Messages, List<ChatRow> Rows);

/// <summary>How a person's clock and calendar read an instant; the browser answers it.</summary>
public interface IDayReader
{
    /// <summary>The local day as a number that is equal for equal days.</summary>
    int Day(ulong ms);

    /// <summary>Hours and minutes.</summary>
    string Time(ulong ms);

    /// <summary>A day separator's words.</summary>
    string DayName(ulong ms);
}

/// <summary>Makes rows of messages: days, groups, the line before what is new.</summary>
public static class ChatRows
{
    private const ulong GroupMs = 60_000;

    /// <summary>Builds the rows of a window.</summary>
    /// <param name="messages">In conversation order.</param>
    /// <param name="readThrough">Clock up to which this person had read when the conversation was opened; the line stands after it.</param>
    /// <param name="theyReadThrough">Clock up to which the other has read.</param>
    /// <param name="moreOlder">Whether the window begins inside the conversation: then the first row has no day of its own.</param>
    /// <param name="marked">A message to point at, in hexadecimal, or null.</param>
    /// <param name="days">The calendar.</param>
    /// <param name="former">The rows as they were built before, in the same language: what did not change keeps its object, and costs next to nothing.</param>
    public static BuiltRows Build(
        IReadOnlyList<MessageRecord> messages, ulong? readThrough, ulong theyReadThrough, bool moreOlder, string? marked, IDayReader days, BuiltRows? former = null)
    {
        var rows = new List<ChatRow>(messages.Count);
        var shift = former is null ? 0 : Shift(former.Messages, messages);
        var unreadShown = false;
        for (var i = 0; i < messages.Count; i++)
        {
            var m = messages[i];
            var unread = !unreadShown && readThrough is { } read && !m.Outgoing && IsBubble(m) && m.Clock > read;
            unreadShown |= unread;
            var state = StateOf(m, theyReadThrough);
            var old = former is not null && i + shift is var at && at >= 0 && at < former.Rows.Count ? former.Rows[at] : null;
            if (old is { Day: null } && old.FirstUnread == unread && old.State == state && old.Marked == (marked == old.Id)
                && i > 0 && IsSameThere(former!.Messages, messages, i, shift))
            {
                rows.Add(old);
                continue;
            }

            var day = days.Day(m.ShownAtMs);
            var newDay = (i == 0 || days.Day(messages[i - 1].ShownAtMs) != day) && !(i == 0 && moreOlder);
            var id = Hex(m);
            var row = new ChatRow
            {
                Id = id,
                Text = m.Text,
                Kind = m.Kind,
                Outgoing = m.Outgoing,
                Time = days.Time(m.ShownAtMs),
                Day = newDay ? days.DayName(m.ShownAtMs) : null,
                FirstUnread = unread,
                StartsGroup = newDay || unread || i == 0 || !SameGroup(messages[i - 1], m),
                EndsGroup = i == messages.Count - 1 || !SameGroup(m, messages[i + 1]) || days.Day(messages[i + 1].ShownAtMs) != day,
                State = state,
                Call = m.Kind == MessageKind.Call ? m.Call ?? new CallRecord() : null,
                Files = m is { Kind: MessageKind.Files, File: not null } ? m : null,
                Route = RouteOf(m),
                Marked = marked is not null && marked == id,
            };
            rows.Add(old == row ? old : row);
        }

        return new BuiltRows([.. messages], rows);
    }

    /// <summary>The state to show: "read" follows from the other's watermark.</summary>
    public static MessageState StateOf(MessageRecord message, ulong theyReadThrough) =>
        message.Outgoing && message.State == MessageState.Delivered && message.Clock <= theyReadThrough ? MessageState.Read : message.State;

    /// <summary>The way it went: of a call the last one, of files the one that most of the bytes took.</summary>
    public static Route RouteOf(MessageRecord m) => m.Kind switch
    {
        MessageKind.Call => m.Call?.Way?.Route ?? Route.Unspecified,
        MessageKind.Files => m.File?.End is { } end ? FileLook.MainRoute(end.Shares) : Route.Unspecified,
        _ => m.Route?.Route ?? (m.Outgoing ? Route.Waiting : Route.Unspecified),
    };

    /// <summary>A message in one line of plain text.</summary>
    public static string Preview(MessageRecord message, Texts t) => message.Kind switch
    {
        MessageKind.Text => message.Text,
        MessageKind.Files => FileLook.Line(message, t),
        MessageKind.Call => CallLine(message.Call ?? new CallRecord(), message.Outgoing, t),
        _ => t.List.NewerKind,
    };

    /// <summary>A call in one line: "Voice call, 4 min 12 s".</summary>
    public static string CallLine(CallRecord call, bool outgoing, Texts t) =>
        $"{(call.Video ? t.Call.Video : t.Call.Voice)}: {t.Call.Outcome(call.Outcome, outgoing, CallTexts.Length(call.TalkedMs))}";

    /// <summary>A message's id in hexadecimal.</summary>
    public static string Hex(MessageRecord message) => Convert.ToHexStringLower(message.Id.Span);

    // How far the former list is ahead of this one: messages come at the end, go at the beginning, or come there by pages.
    private static int Shift(IReadOnlyList<MessageRecord> former, IReadOnlyList<MessageRecord> messages)
    {
        if (former.Count == 0 || messages.Count == 0) return 0;
        for (var i = 0; i < former.Count; i++)
        {
            if (ReferenceEquals(former[i], messages[0])) return i;
        }

        for (var i = 1; i < messages.Count; i++)
        {
            if (ReferenceEquals(messages[i], former[0])) return -i;
        }

        return 0;
    }

    // The message and both its neighbours are what they were.
    private static bool IsSameThere(IReadOnlyList<MessageRecord> former, IReadOnlyList<MessageRecord> messages, int i, int shift)
    {
        var at = i + shift;
        if (at == 0 || !ReferenceEquals(former[at], messages[i]) || !ReferenceEquals(former[at - 1], messages[i - 1])) return false;
        var last = i == messages.Count - 1;
        return last == (at == former.Count - 1) && (last || ReferenceEquals(former[at + 1], messages[i + 1]));
    }

    private static bool SameGroup(MessageRecord a, MessageRecord b) =>
        a.Outgoing == b.Outgoing && IsBubble(a) && IsBubble(b)
        && (a.ShownAtMs > b.ShownAtMs ? a.ShownAtMs - b.ShownAtMs : b.ShownAtMs - a.ShownAtMs) < GroupMs;

    private static bool IsBubble(MessageRecord m) => m.Kind is MessageKind.Text or MessageKind.Unknown or MessageKind.Files;
}
