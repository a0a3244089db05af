using Dapari.Peer.Store;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>What is asked for and fetched next, and how much may be under way.</summary>
internal sealed partial class FileTransfers
{
    private static bool Draws(Transfer transfer) =>
        transfer is { Ready: true, Record: { State: TransferState.Moving, Paused: false, Trouble: TransferTrouble.Unspecified } };

    /// <summary>Asks and fetches, one range for each transfer in turn, as long as anything may be under way.</summary>
    private void Draw(FileStep step)
    {
        var underWay = _turns.Sum(transfer => transfer.Direct.Count + transfer.Fetched.Count);
        for (var idle = 0; idle < _turns.Count && underWay < 2 * _credit.ByChannel;)
        {
            var transfer = _turns[0];
            _turns.RemoveAt(0);
            _turns.Add(transfer);
            var taken = transfer.Record.Outgoing || !Draws(transfer) ? 0 : Ask(step, transfer) + FetchMore(step, transfer);
            underWay += taken;
            idle = taken == 0 ? idle + 1 : 0;
        }
    }

    private long Ask(FileStep step, Transfer transfer)
    {
        if (!_channels.TryGetValue(transfer.Contact, out var channel) || transfer.HeldBack != FileStopReason.Unspecified
            || transfer.DirectFrom > step.At || (_inCall && channel.WantFrom > step.At))
            return 0;
        var drawing = Of(transfer.Contact).Where(other => !other.Record.Outgoing && Draws(other)).ToList();
        var room = (_inCall ? 1 : _credit.ByChannel) - drawing.Sum(other => other.Direct.Count);
        // What began first leaves room for what came later.
        room = Math.Min(room, Math.Max(WantChunks, _credit.ByChannel / drawing.Count) - transfer.Direct.Count);
        if (room <= 0)
            return 0;
        // What lies at a server comes from there; the channel brings the rest first.
        var (first, end) = NextRun(transfer, 0, transfer.Layout.Chunks, transfer.AtServer);
        if (first == end && transfer.Direct.IsEmpty)
            (first, end) = NextRun(transfer, 0, transfer.Layout.Chunks, null);
        if (first == end)
            return 0;
        var range = transfer.Layout.Range(first, Math.Min(end - first, Math.Min(room, WantChunks)));
        if (transfer.Direct.IsEmpty)
            transfer.DirectSince = step.At;
        transfer.Direct.Add(first, first + range.Count);
        step.Do(new FileEffect.Expect(transfer.Contact, transfer.Id, range));
        var pages = transfer.Layout[(int)range.Item].Shape.Levels > 0 && transfer.Paged.Add((range.Item, range.First / FileShape.FanOut));
        Frame(step, transfer, new FileFrame { Want = new FileWant { Range = range, Pages = pages } });
        return range.Count;
    }

    private long FetchMore(FileStep step, Transfer transfer)
    {
        if (!transfer.Fetched.IsEmpty || transfer.FetchFrom > step.At)
            return 0;
        foreach (var dropOff in transfer.Record.DropOffs)
        {
            foreach (var span in dropOff.Spans)
            {
                var limit = Math.Min((long)(span.First + span.Count), transfer.Layout.Chunks);
                var (first, end) = NextRun(transfer, (long)span.First, limit, null);
                if (first == end)
                    continue;
                var range = transfer.Layout.Range(first, Math.Min(end - first, _inCall ? 1 : FetchChunks));
                transfer.Fetched.Add(first, first + range.Count);
                step.Do(new FileEffect.Fetch(transfer.Id, dropOff, range));
                return range.Count;
            }
        }

        return 0;
    }

    private void Rest(FileStep step, Transfer transfer)
    {
        if (_inCall && _channels.TryGetValue(transfer.Contact, out var channel))
            channel.WantFrom = step.At + Math.Min(2 * (step.At - transfer.DirectSince), LongestRestMs);
        transfer.DirectSince = step.At;
        transfer.Stalls = 0;
    }

    // The first chunk at or behind a place that is neither verified nor given up.
    private static long NextOpen(Transfer transfer, long from)
    {
        while (true)
        {
            var next = transfer.Lost.NextOutside(transfer.Verified.NextOutside(from));
            if (next == from)
                return next;
            from = next;
        }
    }

    /// <summary>The first run of chunks that are open, not under way, and not in a set; an empty one if there is none before the limit.</summary>
    private static (long First, long End) NextRun(Transfer transfer, long from, long limit, ChunkSet? besides)
    {
        while (from < limit)
        {
            var next = transfer.Fetched.NextOutside(transfer.Direct.NextOutside(NextOpen(transfer, from)));
            if (besides is not null)
                next = besides.NextOutside(next);
            if (next == from)
                break;
            from = next;
        }

        if (from >= limit)
            return (0, 0);
        var end = Math.Min(limit, Math.Min(transfer.Verified.NextInside(from), transfer.Lost.NextInside(from)));
        end = Math.Min(end, Math.Min(transfer.Direct.NextInside(from), transfer.Fetched.NextInside(from)));
        return (from, besides is null ? end : Math.Min(end, besides.NextInside(from)));
    }
}
