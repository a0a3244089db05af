using System.Buffers.Binary;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Web.State;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Tests;

/// <summary>Messages and pages to test with.</summary>
internal static class Make
{
    public static MessageRecord Message(ulong clock, bool outgoing = false, ulong at = 0, MessageState state = MessageState.Delivered, string text = "hello")
    {
        var id = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(id, clock * 7919);
        id[15] = 1;
        var order = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(order, clock);
        id.AsSpan(0, 7).CopyTo(order.AsSpan(9));
        return new MessageRecord
        {
            Id = ByteString.CopyFrom(id), Clock = clock, Outgoing = outgoing, Kind = MessageKind.Text, Text = text, State = outgoing ? state : MessageState.Received,
            ShownAtMs = at == 0 ? clock * 10_000 : at, OrderKey = ByteString.CopyFrom(order), Route = new RouteRecord { Route = Route.Direct },
        };
    }

    public static List<MessageRecord> Messages(int count) => [.. Enumerable.Range(1, count).Select(i => Message((ulong)i))];

    /// <summary>Pages as a store gives them.</summary>
    public static PageReader Reader(List<MessageRecord> all) => (anchor, direction, count, _) =>
    {
        var key = anchor.ToArray();
        if (direction == PageDirection.Older)
        {
            var older = all.Where(m => key.Length == 0 || m.OrderKey.Span.SequenceCompareTo(key) < 0).ToList();
            return ValueTask.FromResult(new MessagePage(older.TakeLast(count).ToList(), older.Count > count));
        }

        var newer = all.Where(m => m.OrderKey.Span.SequenceCompareTo(key) > 0).ToList();
        return ValueTask.FromResult(new MessagePage(newer.Take(count).ToList(), newer.Count > count));
    };

    /// <summary>A calendar with days of 86,400 s from zero.</summary>
    public sealed class Days : IDayReader
    {
        public int Day(ulong ms) => (int)(ms / 86_400_000) + 1;

        public string Time(ulong ms) => $"{ms / 3_600_000 % 24:00}:{ms / 60_000 % 60:00}";

        public string DayName(ulong ms) => $"day {Day(ms)}";
    }
}
