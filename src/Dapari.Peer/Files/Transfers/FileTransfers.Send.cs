using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>The sender's side: what is given when, and what is left at a server.</summary>
internal sealed partial class FileTransfers
{
    /// <summary>Chunks that a recipient may have asked for at once; who asks for more is told that it is too much.</summary>
    public const int MaxWanted = 2 * FileCredit.MostByChannel;

    /// <summary>Drop-offs of a transfer that its recipient may say to be gone in one run.</summary>
    public const int MaxGone = 8;

    private const long UploadRetryMs = 30_000;
    private const long SayAgainMs = 7L * 24 * 60 * 60 * 1000;
    private const ulong DayMs = 24UL * 60 * 60 * 1000;

    /// <summary>The driver handed a range to the channel.</summary>
    public void Served(FileStep step, ContactId contact, TransferId id, ChunkRange range)
    {
        if (!_channels.TryGetValue(contact, out var channel) || channel.Serving.FindIndex(served => served.Transfer.Id == id && served.Range.Equals(range)) is not (>= 0 and var at))
            return;
        var since = channel.Serving[at].Since;
        channel.Serving.RemoveAt(at);
        if (_inCall)
            channel.ServeFrom = step.At + Math.Min(2 * (step.At - since), LongestRestMs);
        step.Seen.Add(id);
        Go(step);
    }

    /// <summary>An item of ours is not the one that was offered any more, or is not there.</summary>
    public void SourceFailed(FileStep step, TransferId id, uint item, bool changed)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: true } transfer || item == 0 || item >= transfer.Layout.Items
            || transfer.Record.Lost.Any(known => known.Item == item))
            return;
        var why = changed ? FileOutcome.SourceChanged : FileOutcome.SourceGone;
        var lost = new FileLost { Item = item, Why = why };
        transfer.Record.Lost.Add(lost);
        if (transfer.Record.Lost.Count == transfer.Layout.Items - 1)
        {
            End(step, transfer, why, tell: true);
        }
        else
        {
            transfer.Recount();
            Changed(step, transfer);
            Unqueue(transfer, want => want.Range.Item != item);
            step.Letters.Add((transfer.Contact, new FileUpdate { TransferId = transfer.Key, Lost = lost.Clone() }));
            Forgo(step, transfer, item);
        }

        Go(step);
    }

    /// <summary>The source can (not) be read at the moment: after a restart the person must choose it again.</summary>
    public void SourceReady(FileStep step, TransferId id, bool ready)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: true } transfer)
            return;
        transfer.SourceUnknown = false;
        transfer.Record.Trouble = ready ? TransferTrouble.Unspecified : TransferTrouble.SourceNotReady;
        Changed(step, transfer);
        if (ready && !transfer.Record.Paused)
            Welcome(step, transfer);
        else if (!ready)
            HaltSending(step, transfer, FileStopReason.NotReady);
        Go(step);
    }

    /// <summary>Our person leaves it at a server: what the recipient does not have, while there is no channel; or waits and goes direct.</summary>
    public void Leave(FileStep step, TransferId id, bool leave = true)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: true } transfer || transfer.Record.Leave == leave)
            return;
        transfer.Record.Leave = leave;
        if (transfer.Record.Trouble is TransferTrouble.Quota or TransferTrouble.NoDropOffs)
            transfer.Record.Trouble = TransferTrouble.Unspecified;
        Changed(step, transfer);
        if (!leave && transfer.Uploading)
            step.Do(new FileEffect.StopUpload(id));
        Go(step);
    }

    /// <summary>What is allowed has changed.</summary>
    public void RulesChanged(FileStep step, ContactId contact)
    {
        foreach (var transfer in Of(contact).Where(transfer => transfer is { Uploading: true, Record.Outgoing: true } && !_rules.MayLeave(transfer)))
            step.Do(new FileEffect.StopUpload(transfer.Id));
        Go(step);
    }

    /// <summary>Something lies at a server now: all that was to be left, or what was done when it was stopped.</summary>
    public void LeftAtServer(FileStep step, TransferId id, DropOff? dropOff)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: true } transfer)
            return;
        transfer.Uploading = false;
        if (dropOff is not null)
        {
            transfer.Record.DropOffs.Add(dropOff);
            transfer.Recount();
            LiesAtServer(step, transfer);
            Changed(step, transfer);
            transfer.SayAgainAt ??= step.At + SayAgainMs;
            step.Letters.Add((transfer.Contact, new FileUpdate { TransferId = transfer.Key, DropOff = dropOff.Clone() }));
        }

        Welcome(step, transfer);
        Go(step);
    }

    /// <summary>The server takes no more (quota), or is out of reach: that is tried again.</summary>
    /// <param name="step">The step.</param>
    /// <param name="id">The transfer.</param>
    /// <param name="trouble">Why nothing more is left until the person tries again; unspecified: it is tried again by itself.</param>
    public void UploadFailed(FileStep step, TransferId id, TransferTrouble trouble)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: true } transfer)
            return;
        transfer.Uploading = false;
        if (trouble != TransferTrouble.Unspecified)
            transfer.Record.Trouble = trouble;
        else
            transfer.UploadFrom = step.At + UploadRetryMs;
        Changed(step, transfer);
        Welcome(step, transfer);
        Go(step);
    }

    private void Asked(FileStep step, Transfer transfer, FileFrame frame)
    {
        switch (frame.KindCase)
        {
            case FileFrame.KindOneofCase.Want:
                Asked(step, transfer, frame.Want);
                break;
            case FileFrame.KindOneofCase.Drop:
                Unqueue(transfer, _ => false);
                Forgo(step, transfer, null);
                break;
            case FileFrame.KindOneofCase.Have:
                transfer.TheirBytes = Math.Min(frame.Have.Bytes, FileShape.MaxSize);
                transfer.TheirThrough = Math.Min(frame.Have.Through, (ulong)transfer.Layout.Chunks);
                step.Rows[Transfer.ProgressKey(transfer.Id)] =
                    new TransferProgress { TheirBytes = transfer.TheirBytes, TheirThrough = transfer.TheirThrough }.ToByteArray();
                break;
        }
    }

    private void Asked(FileStep step, Transfer transfer, FileWant want)
    {
        if (!transfer.Layout.TryPlace(want.Range, out _, out _))
            return;
        var reason = transfer.Record.Paused ? FileStopReason.Paused
            : transfer.Uploading || !IsGiven(transfer) ? FileStopReason.NotReady
            : transfer.WantedChunks + want.Range.Count > MaxWanted ? FileStopReason.TooMuch : FileStopReason.Unspecified;
        if (reason != FileStopReason.Unspecified)
        {
            HaltSending(step, transfer, reason);
            return;
        }

        // Known to be gone: they were told, or will be.
        if (transfer.Record.Lost.Any(lost => lost.Item == want.Range.Item))
            return;
        if (transfer.Record.State == TransferState.Offered)
        {
            transfer.Record.State = TransferState.Moving;
            transfer.Record.BegunAtMs = step.WallMs;
            Changed(step, transfer);
        }

        transfer.Wants.Enqueue(want);
        transfer.WantedChunks += want.Range.Count;
    }

    private void ToldByRecipient(FileStep step, Transfer transfer, FileUpdate update)
    {
        if (update.KindCase == FileUpdate.KindOneofCase.DropOffGone && transfer is { IsOver: true, Repeated: false })
            Repeat(step, transfer);
        else if (update.KindCase == FileUpdate.KindOneofCase.DropOffGone)
            Gone(step, transfer, update.DropOffGone);
        if (update.KindCase != FileUpdate.KindOneofCase.End || !MaySay(transfer, update.End.Outcome))
            return;
        var end = update.End.Clone();
        var most = transfer.Record.TotalSize + (transfer.Record.Manifest?.Size ?? 0);
        if (end.Shares.Aggregate(0UL, (sum, share) => sum + share.Bytes) > most || end.Shares.Any(share => !Enum.IsDefined(share.Route) || share.HttpsBytes > (share.Route == Route.Direct ? share.Bytes : 0)))
            end.Shares.Clear();
        if (!transfer.IsOver)
        {
            End(step, transfer, end.Outcome, tell: false, end);
            return;
        }

        // The recipient's record is the record: it may have come to an end before our word to the contrary came.
        if (transfer.Record.End.Equals(end))
            return;
        transfer.Record.End = end;
        transfer.Record.Entered = false;
        Changed(step, transfer);
    }

    /// <summary>What we left is not there any more: it is missing again, and left anew where that was chosen; not without end.</summary>
    private static void Gone(FileStep step, Transfer transfer, ByteString blob)
    {
        if (transfer.IsOver || transfer.Record.DropOffs.FirstOrDefault(known => known.BlobId == blob) is not { } dropOff || ++transfer.GoneAtServer > MaxGone)
            return;
        transfer.Record.DropOffs.Remove(dropOff);
        transfer.Recount();
        step.Do(new FileEffect.RemoveDropOffs(transfer.Id, [dropOff]));
        Changed(step, transfer);
    }

    // That it was taken back only its sender can say; the recipient then says what had come.
    private static bool MaySay(Transfer transfer, FileOutcome outcome) => outcome switch
    {
        FileOutcome.Cancelled => transfer.IsOver && transfer.Record.End.Outcome == FileOutcome.Cancelled,
        FileOutcome.Arrived or FileOutcome.Refused or FileOutcome.WrongBytes or FileOutcome.BadManifest or FileOutcome.SourceChanged or FileOutcome.SourceGone => true,
        _ => false,
    };

    private static void Unqueue(Transfer transfer, Func<FileWant, bool> stays)
    {
        var left = transfer.Wants.Where(stays).ToList();
        transfer.Wants.Clear();
        foreach (var want in left)
            transfer.Wants.Enqueue(want);
        transfer.WantedChunks = left.Sum(want => want.Range.Count);
    }

    /// <summary>What the driver was told to send of a transfer is called off; what it was told of other items is told again.</summary>
    private void Forgo(FileStep step, Transfer transfer, uint? item)
    {
        if (!_channels.TryGetValue(transfer.Contact, out var channel) || !channel.Serving.Any(served => served.Transfer == transfer))
            return;
        step.Do(new FileEffect.StopServing(transfer.Contact, transfer.Id));
        var others = channel.Serving.Where(served => served.Transfer == transfer && item is not null && served.Range.Item != item).ToList();
        channel.Serving.RemoveAll(served => served.Transfer == transfer);
        foreach (var other in others)
        {
            channel.Serving.Add(other);
            step.Do(new FileEffect.Serve(transfer.Contact, transfer.Id, other.Range, Pages: true));
        }
    }

    /// <summary>What the driver was told to send is called off, and waits before what was asked for later.</summary>
    private void TakeBack(FileStep step, Transfer transfer)
    {
        if (!_channels.TryGetValue(transfer.Contact, out var channel))
            return;
        var taken = channel.Serving.Where(served => served.Transfer == transfer).Select(served => new FileWant { Range = served.Range, Pages = true }).ToList();
        Forgo(step, transfer, null);
        var waiting = transfer.Wants.ToList();
        transfer.Wants.Clear();
        foreach (var want in taken.Concat(waiting))
            transfer.Wants.Enqueue(want);
        transfer.WantedChunks += taken.Sum(want => want.Range.Count);
    }

    private void Welcome(FileStep step, Transfer transfer)
    {
        if (!transfer.Record.Paused && !transfer.Uploading && IsGiven(transfer))
            Frame(step, transfer, new FileFrame { Ready = new FileReady { AtServer = { transfer.AtServer.Spans().Take(WireLimits.ReadySpans) } } });
    }

    /// <summary>Whether what is asked for by the channel is given at all: its source is there, and the person did not choose the server for it.</summary>
    private bool IsGiven(Transfer transfer) =>
        !transfer.SourceUnknown && transfer.Record.Trouble != TransferTrouble.SourceNotReady && _rules.MayUseChannel(transfer);

    private void HaltSending(FileStep step, Transfer transfer, FileStopReason reason)
    {
        Unqueue(transfer, _ => false);
        Forgo(step, transfer, null);
        Frame(step, transfer, Stop(transfer.Key, reason));
        if (transfer.Uploading && reason != FileStopReason.NotReady)
            step.Do(new FileEffect.StopUpload(transfer.Id));
    }

    private static long? SendDeadline(Transfer transfer) =>
        Engine.Deadline.Earlier(transfer.SayAgainAt, transfer.Record.Leave && !transfer.Uploading && transfer.UploadFrom > long.MinValue ? transfer.UploadFrom : null);

    private static void WatchSending(FileStep step, Transfer transfer)
    {
        if (transfer.UploadFrom <= step.At)
            transfer.UploadFrom = long.MinValue;
        if (transfer.SayAgainAt <= step.At)
            SayAgain(step, transfer);
    }

    /// <summary>
    /// What should have been fetched long ago: the word of it, or that of its end, may have lain at a server beyond its time. Who has it says how it ended; who
    /// finds it gone says that.
    /// </summary>
    private static void SayAgain(FileStep step, Transfer transfer)
    {
        var record = transfer.Record;
        transfer.SayAgainAt = record.DropOffs.Count == 0 ? null : step.At + SayAgainMs;
        if (record.DropOffs.Count == 0 || step.WallMs < record.AtServerFromMs + (record.DropOffs.Max(dropOff => dropOff.KeepDays) * DayMs))
            return;
        foreach (var dropOff in record.DropOffs)
            step.Letters.Add((transfer.Contact, new FileUpdate { TransferId = transfer.Key, DropOff = dropOff.Clone() }));
    }

    /// <summary>Gives the driver what may be sent now, for each channel one range of each transfer in turn; and begins to leave what is to be left.</summary>
    private void Give(FileStep step)
    {
        foreach (var (contact, channel) in _channels)
        {
            if (channel.ServeFrom <= step.At)
                channel.ServeFrom = long.MinValue;
            while (channel.Serving.Count < (_inCall ? 1 : _credit.Serving) && channel.ServeFrom == long.MinValue
                && _turns.Find(transfer => transfer.Contact == contact && transfer.Wants.Count > 0) is { } transfer)
            {
                _turns.Remove(transfer);
                _turns.Add(transfer);
                var want = transfer.Wants.Dequeue();
                var range = want.Range;
                transfer.WantedChunks -= range.Count;
                if (_inCall && range.Count > 1)
                {
                    var rest = transfer.Wants.ToList();
                    transfer.Wants.Clear();
                    transfer.Wants.Enqueue(new FileWant { Range = new ChunkRange { Item = range.Item, First = range.First + 1, Count = range.Count - 1 } });
                    rest.ForEach(transfer.Wants.Enqueue);
                    transfer.WantedChunks += range.Count - 1;
                    range = new ChunkRange { Item = range.Item, First = range.First, Count = 1 };
                }

                channel.Serving.Add((transfer, range, step.At));
                step.Do(new FileEffect.Serve(contact, transfer.Id, range, want.Pages));
            }
        }

        foreach (var transfer in _turns)
        {
            if (transfer is { Uploading: false, SourceUnknown: false, Record: { Outgoing: true, Leave: true, Paused: false, Trouble: TransferTrouble.Unspecified } } && transfer.UploadFrom <= step.At
                && (!_channels.ContainsKey(transfer.Contact) || !_rules.MayUseChannel(transfer)) && _rules.MayLeave(transfer) && !_rules.AwaitsChannel(transfer) && Missing(transfer) is { Count: > 0 } spans)
            {
                transfer.UploadFrom = long.MinValue;
                transfer.Uploading = true;
                step.Do(new FileEffect.Upload(transfer.Id, spans));
            }
        }
    }

    private static List<ChunkSpan> Missing(Transfer transfer)
    {
        var missing = new ChunkSet();
        missing.Add((long)transfer.TheirThrough, transfer.Layout.Chunks);
        foreach (var (first, end) in transfer.AtServer.All.Concat(transfer.Lost.All))
            missing.Remove(first, end);
        return [.. missing.Spans().Take(WireLimits.DropOffSpans)];
    }
}
