using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>Transfers as they are shown. A change of state shows at once, mere progress at most four times a second.</summary>
internal sealed class FileViews(Parts parts, FileTransfers machine, DropOffDesk dropOffs)
{
    /// <summary>Between two views of mere progress.</summary>
    public const long EveryMs = 250;

    /// <summary>How long one that ended is still shown.</summary>
    public const long EndedMs = 10_000;

    private const long IdleMs = 1_000;
    private const long SpeedOverMs = 4_000;
    private const ulong DayMs = 24UL * 60 * 60 * 1000;

    private readonly Dictionary<TransferId, Queue<(long At, ulong Bytes)>> _samples = [];
    private readonly Dictionary<TransferId, long> _ended = [];
    private long _shownAt = long.MinValue / 2;
    private bool _moved;

    public IReadOnlyList<TransferView> Shown { get; private set; } = [];

    public long? NextDeadline
    {
        get
        {
            long? next = _moved ? _shownAt + EveryMs : null;
            // What stands still must not keep its speed.
            if (Shown.Any(view => view.BytesPerSecond > 0))
                next = Deadline.Earlier(next, _shownAt + IdleMs);
            foreach (var until in _ended.Values)
                next = Deadline.Earlier(next, until);
            return next;
        }
    }

    /// <summary>As it was kept.</summary>
    public void Loaded() => Shown = [.. machine.Open.OrderByDescending(transfer => transfer.Record.OfferedAtMs).Select(transfer => View(transfer, 0))];

    public void Changed(Step step, FileStep inner)
    {
        var now = step.Now.MonotonicMs;
        var state = false;
        foreach (var id in inner.Seen)
        {
            state |= inner.Rows.ContainsKey(Transfer.RowKey(id));
            if (machine.Find(id) is { IsOver: true })
                _ended.TryAdd(id, now + EndedMs);
        }

        // Those of a contact who is gone.
        state |= inner.Rows.Count > 0 && Shown.Any(view => TransferId.TryRead(view.TransferId, out var id) && machine.Find(id) is null);
        _moved |= inner.Seen.Count > 0;
        if (state || (_moved && now - _shownAt >= EveryMs))
            Show(step);
    }

    /// <summary>Something of it moved.</summary>
    public void Moved(Step step, TransferId id)
    {
        _moved |= machine.Find(id) is { IsOver: false };
        if (_moved && step.Now.MonotonicMs - _shownAt >= EveryMs)
            Show(step);
    }

    public void Tick(Step step)
    {
        var now = step.Now.MonotonicMs;
        var over = _ended.Where(ended => ended.Value <= now).Select(ended => ended.Key).ToList();
        foreach (var id in over)
            _ended.Remove(id);
        if (over.Count > 0 || (_moved && now - _shownAt >= EveryMs) || (now - _shownAt >= IdleMs && Shown.Any(view => view.BytesPerSecond > 0)))
            Show(step);
    }

    private void Show(Step step)
    {
        var now = step.Now.MonotonicMs;
        (_shownAt, _moved) = (now, false);
        foreach (var id in _ended.Keys.Where(id => machine.Find(id) is null).ToList())
            _ended.Remove(id);
        foreach (var id in _samples.Keys.Where(id => machine.Find(id) is not { IsOver: false }).ToList())
            _samples.Remove(id);
        var shown = machine.Open.Concat(_ended.Keys.Select(id => machine.Find(id)!))
            .OrderByDescending(transfer => transfer.Record.OfferedAtMs).ThenBy(transfer => transfer.Id)
            .Select(transfer => View(transfer, Speed(transfer, now))).ToList();
        if (shown.SequenceEqual(Shown))
            return;
        Shown = shown;
        step.ViewDirty = true;
    }

    private ulong Speed(Transfer transfer, long now)
    {
        if (transfer.IsOver)
            return 0;
        if (!_samples.TryGetValue(transfer.Id, out var samples))
            _samples.Add(transfer.Id, samples = new Queue<(long, ulong)>());
        var bytes = Done(transfer) + (transfer.Record.Outgoing ? dropOffs.UploadedBytes(transfer.Id) : 0);
        samples.Enqueue((now, bytes));
        while (samples.Count > 1 && now - samples.Peek().At > SpeedOverMs)
            samples.Dequeue();
        var (since, before) = samples.Peek();
        return now > since && bytes > before ? (bytes - before) * 1000 / (ulong)(now - since) : 0;
    }

    private static ulong Done(Transfer transfer)
    {
        var record = transfer.Record;
        if (record is { State: TransferState.Ended, End.Outcome: FileOutcome.Arrived })
            return Total(record);
        var done = record.Outgoing ? transfer.TheirBytes : transfer.Shares.Values.Aggregate(0UL, (sum, share) => sum + share);
        return Math.Min(done, Total(record));
    }

    private static ulong Total(TransferRecord record) => record.TotalSize + (record.Manifest?.Size ?? 0);

    private TransferView View(Transfer transfer, ulong speed)
    {
        var record = transfer.Record;
        var done = Done(transfer);
        var total = Total(record);
        var view = new TransferView
        {
            TransferId = record.Id,
            ContactId = record.ContactId,
            MessageId = record.MessageId,
            Outgoing = record.Outgoing,
            State = record.State,
            Trouble = Trouble(transfer),
            Paused = record.Paused,
            TotalBytes = total,
            DoneBytes = done,
            BytesPerSecond = speed,
            RemainingMs = speed == 0 || total <= done ? 0 : (ulong)Math.Min((total - done) * 1000.0 / speed, 1e15),
            Route = Moves(transfer),
            Leave = record.Leave,
            Way = WayOf(transfer),
            AtServerBytes = transfer.IsOver ? 0 : transfer.BytesAtServer,
            AtServerUntilMs = transfer.IsOver || record.DropOffs.Count == 0 ? 0 : record.AtServerFromMs + (record.DropOffs.Min(dropOff => dropOff.KeepDays) * DayMs),
            UploadedBytes = dropOffs.UploadedBytes(transfer.Id),
            ItemsLost = (uint)record.Lost.Count,
            BegunAtMs = record.BegunAtMs,
        };
        if (record.End is { } end)
            view.Shares.Add(end.Shares.Select(share => share.Clone()));
        else if (!record.Outgoing)
            view.Shares.Add(transfer.ToldShares());
        else if (done > 0 && record.DropOffs.Count == 0 && machine.RouteOf(transfer.Contact) is { } route)
            view.Shares.Add(new FileRouteShare { Route = route, Bytes = done });
        return view;
    }

    private Policy WayOf(Transfer transfer) => transfer.Record.Outgoing ? parts.Files.WayOf(transfer)
        : parts.State.Contacts.GetValueOrDefault(transfer.Contact) is { } contact ? parts.State.PolicyFor(contact) : Policy.Unspecified;

    private Route Moves(Transfer transfer)
    {
        if (transfer.Record.State != TransferState.Moving && !transfer.Uploading)
            return Route.Unspecified;
        if (!transfer.Direct.IsEmpty || machine.IsServing(transfer))
            return machine.RouteOf(transfer.Contact) ?? Route.Unspecified;
        return !transfer.Fetched.IsEmpty || transfer.Uploading ? Route.DropOff : Route.Unspecified;
    }

    private TransferTrouble Trouble(Transfer transfer)
    {
        var record = transfer.Record;
        if (record.State == TransferState.Ended)
            return TransferTrouble.Unspecified;
        if (record.Trouble != TransferTrouble.Unspecified)
            return record.Trouble;
        if (record.Paused)
            return TransferTrouble.Paused;
        if (record.State == TransferState.Finishing || (record.State == TransferState.Offered && !record.Outgoing))
            return TransferTrouble.Unspecified;
        var open = machine.RouteOf(transfer.Contact) is not null;
        if (record.Outgoing)
            return (open && parts.Files.MayUseChannel(transfer)) || transfer.Uploading || record.Leave || record.DropOffs.Count > 0 ? TransferTrouble.Unspecified : TransferTrouble.NoWay;
        if (record.DropOffs.Count > 0 && !transfer.AtServer.IsEmpty && transfer.FetchFailures < 2)
            return TransferTrouble.Unspecified;
        if (!open)
            return TransferTrouble.NoWay;
        return transfer.TheySaid switch
        {
            FileStopReason.Paused => TransferTrouble.PausedThere,
            FileStopReason.NotReady => TransferTrouble.SourceNotReady,
            _ => transfer.Stalls > 0 && transfer.Direct.IsEmpty ? TransferTrouble.Stalled : TransferTrouble.Unspecified,
        };
    }
}
