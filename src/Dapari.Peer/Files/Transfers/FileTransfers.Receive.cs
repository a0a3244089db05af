using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>The recipient's side: what is asked for, by which way, and what comes of it.</summary>
internal sealed partial class FileTransfers
{
    /// <summary>Chunks that are asked for at once: 2 MiB; small enough that turns are fair.</summary>
    public const int WantChunks = 8;

    /// <summary>Chunks that are fetched from a server at once: 8 MiB.</summary>
    public const int FetchChunks = 32;

    /// <summary>Wrong chunks of one item before it is given up, and of one drop-off before it is.</summary>
    public const int MaxWrong = 3;

    /// <summary>Wrong chunks of a transfer before it is given up.</summary>
    public const int MaxWrongInAll = 9;

    /// <summary>Ranges of verified chunks; what would make more is fetched again later rather than remembered.</summary>
    public const int MaxRanges = 4_096;

    private const long KeepBytes = 16 * 1024 * 1024;
    private const long KeepMs = 2_000;
    private const long StallMs = 15_000;
    private const long FirstRetryMs = 5_000;
    private const long LongestRetryMs = 60_000;
    private const long LongestRestMs = 2_000;

    /// <summary>The person wants it.</summary>
    public void Want(FileStep step, TransferId id)
    {
        if (Find(id) is not { Record: { Outgoing: false, State: TransferState.Offered } } transfer)
            return;
        transfer.Record.State = TransferState.Moving;
        transfer.Record.BegunAtMs = step.WallMs;
        Changed(step, transfer);
        step.Do(new FileEffect.OpenDestination(id, transfer.Layout));
    }

    /// <summary>The destination is open, with room for all.</summary>
    public void Ready(FileStep step, TransferId id)
    {
        if (Find(id) is not { Record: { Outgoing: false, State: TransferState.Moving } } transfer)
            return;
        transfer.Ready = true;
        step.Seen.Add(id);
        Settle(step, transfer);
        Go(step);
    }

    /// <summary>The destination is full, fails, or (lost) was emptied by the platform.</summary>
    public void DestinationFailed(FileStep step, TransferId id, TransferTrouble trouble, bool lost = false)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: false } transfer)
            return;
        HaltReceiving(step, transfer);
        transfer.Ready = false;
        transfer.Record.Trouble = trouble;
        if (lost)
        {
            transfer.Verified.Clear();
            transfer.Shares.Clear();
            transfer.HttpsBytes = 0;
            transfer.Record.State = TransferState.Moving;
            Keep(step, transfer);
        }

        Changed(step, transfer);
        Go(step);
    }

    /// <summary>The bytes of a verified manifest.</summary>
    public void ManifestRead(FileStep step, TransferId id, ReadOnlySpan<byte> bytes)
    {
        if (Find(id) is not { IsOver: false, HasItems: false, Record.Outgoing: false } transfer)
            return;
        transfer.ReadingManifest = false;
        if (!ManifestCodec.TryRead(bytes, transfer.Record.ItemCount, transfer.Record.TotalSize, out var manifest, out _) || !AreFiles(manifest))
        {
            End(step, transfer, FileOutcome.BadManifest, tell: true);
            Go(step);
            return;
        }

        transfer.SetItems(manifest);
        transfer.Ready = false;
        step.Rows[Transfer.ItemsKey(id)] = manifest.ToByteArray();
        step.Seen.Add(id);
        Keep(step, transfer);
        step.Do(new FileEffect.OpenDestination(id, transfer.Layout));
    }

    /// <summary>Chunks were verified, and are kept so that a crash does not lose them.</summary>
    public void Verified(FileStep step, TransferId id, ChunkRange range, Route route, bool byHttps = false)
    {
        if (Find(id) is not { IsOver: false, Record: { Outgoing: false, State: TransferState.Moving } } transfer || !transfer.Layout.TryPlace(range, out var first, out var end))
            return;
        var asked = transfer.Direct.Remove(first, end);
        transfer.Fetched.Remove(first, end);
        for (var chunk = first; chunk < end; chunk++)
        {
            if (transfer.Verified.Add(chunk, chunk + 1) == 0)
                continue;
            var bytes = transfer.Layout.Bytes(chunk, chunk + 1);
            transfer.Shares[route] = transfer.Shares.GetValueOrDefault(route) + (ulong)bytes;
            if (byHttps)
                transfer.HttpsBytes += (ulong)bytes;
            transfer.UnkeptBytes += bytes;
            transfer.UnkeptSince ??= step.At;
        }

        if (route == Route.DropOff)
            transfer.FetchFailures = 0;
        else if (asked > 0)
            Rest(step, transfer);
        step.Seen.Add(id);
        if (transfer.UnkeptBytes >= KeepBytes)
            Keep(step, transfer);
        Settle(step, transfer);
        Go(step);
    }

    /// <summary>A chunk was not the one that was offered.</summary>
    public void Wrong(FileStep step, TransferId id, ChunkRange range, Route route)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: false } transfer || !transfer.Layout.TryPlace(range, out var first, out var end))
            return;
        if (route == Route.DropOff)
        {
            transfer.Fetched.Clear();
            step.Do(new FileEffect.StopFetch(id));
            if (++transfer.WrongAtServer >= MaxWrong)
                DropOffGone(step, transfer, dropOff => dropOff.Spans.Any(span => (long)span.First < end && first < (long)(span.First + span.Count)));
            Go(step);
            return;
        }

        transfer.Direct.Remove(first, end);
        // Perhaps it was the pages: they are asked for again.
        transfer.Paged.Remove((range.Item, range.First / FileShape.FanOut));
        var item = (int)range.Item;
        var wrong = transfer.WrongByItem[item] = transfer.WrongByItem.GetValueOrDefault(item) + 1;
        if (++transfer.WrongInAll >= MaxWrongInAll || (wrong >= MaxWrong && item == 0))
            End(step, transfer, FileOutcome.WrongBytes, tell: true);
        else if (wrong >= MaxWrong)
            Lose(step, transfer, (uint)item, FileOutcome.WrongBytes);
        Go(step);
    }

    /// <summary>A fetch did not get all; gone: the server does not know the drop-off (any more).</summary>
    public void FetchFailed(FileStep step, TransferId id, ByteString blob, bool gone)
    {
        if (Find(id) is not { IsOver: false, Record.Outgoing: false } transfer)
            return;
        transfer.Fetched.Clear();
        if (gone)
            DropOffGone(step, transfer, dropOff => dropOff.BlobId == blob);
        else
            transfer.FetchFrom = step.At + Retry(transfer.FetchFailures++);
        step.Seen.Add(id);
        Go(step);
    }

    /// <summary>All is where it belongs.</summary>
    public void Finished(FileStep step, TransferId id)
    {
        if (Find(id) is not { Record: { Outgoing: false, State: TransferState.Finishing } } transfer)
            return;
        var none = transfer.Record.Lost.Count == transfer.Layout.Items - 1 && transfer.Record.Lost.Count > 0;
        End(step, transfer, none ? transfer.Record.Lost[0].Why : FileOutcome.Arrived, tell: true);
        Go(step);
    }

    private static long Retry(int failures) => Math.Min(FirstRetryMs << Math.Min(failures, 5), LongestRetryMs);

    private void Answered(FileStep step, Transfer transfer, FileFrame frame)
    {
        switch (frame.KindCase)
        {
            case FileFrame.KindOneofCase.Stop when frame.Stop.Reason == FileStopReason.TooMuch:
                // They lost count, or we did: asked for again after a while.
                transfer.Direct.Clear();
                transfer.Paged.Clear();
                transfer.DirectFrom = step.At + Retry(transfer.Stalls++);
                step.Do(new FileEffect.ExpectNothing(transfer.Contact, transfer.Id));
                break;
            case FileFrame.KindOneofCase.Stop:
                transfer.HeldBack = transfer.TheySaid = frame.Stop.Reason == FileStopReason.Unspecified ? FileStopReason.Paused : frame.Stop.Reason;
                transfer.Direct.Clear();
                transfer.Paged.Clear();
                break;
            case FileFrame.KindOneofCase.Ready:
                transfer.HeldBack = transfer.TheySaid = FileStopReason.Unspecified;
                transfer.DirectFrom = long.MinValue;
                transfer.Promised.Clear();
                transfer.Promised.AddRange(frame.Ready.AtServer);
                transfer.Recount();
                break;
        }
    }

    private void ToldBySender(FileStep step, Transfer transfer, FileUpdate update)
    {
        switch (update.KindCase)
        {
            case FileUpdate.KindOneofCase.End when transfer.Record.State != TransferState.Finishing:
                // What was verified stays so, but there will be no more of it. The sender hears how much that was.
                End(step, transfer, update.End.Outcome is FileOutcome.SourceChanged or FileOutcome.SourceGone ? update.End.Outcome : FileOutcome.Cancelled, tell: true);
                break;
            case FileUpdate.KindOneofCase.DropOff when transfer.Record.DropOffs.Count < WireLimits.FileShares
                && transfer.Record.DropOffs.All(known => known.BlobId != update.DropOff.BlobId):
                transfer.Record.DropOffs.Add(update.DropOff);
                transfer.Recount();
                LiesAtServer(step, transfer);
                Changed(step, transfer);
                break;
            case FileUpdate.KindOneofCase.Lost when transfer.Record.Lost.All(known => known.Item != update.Lost.Item) && update.Lost.Item <= transfer.Record.ItemCount:
                Lose(step, transfer, update.Lost.Item, update.Lost.Why == FileOutcome.SourceChanged ? FileOutcome.SourceChanged : FileOutcome.SourceGone);
                break;
        }
    }

    private void Lose(FileStep step, Transfer transfer, uint item, FileOutcome why)
    {
        transfer.Record.Lost.Add(new FileLost { Item = item, Why = why });
        transfer.Recount();
        Changed(step, transfer);
        Settle(step, transfer);
    }

    private void DropOffGone(FileStep step, Transfer transfer, Func<DropOff, bool> which)
    {
        foreach (var dropOff in transfer.Record.DropOffs.Where(which).ToList())
        {
            transfer.Record.DropOffs.Remove(dropOff);
            // Or its sender would believe for ever that it can be had there.
            step.Letters.Add((transfer.Contact, new FileUpdate { TransferId = transfer.Key, DropOffGone = dropOff.BlobId }));
        }

        transfer.WrongAtServer = 0;
        transfer.Recount();
        Changed(step, transfer);
    }

    /// <summary>Whether a part is complete: then the manifest is read, or all is put where it belongs.</summary>
    private void Settle(FileStep step, Transfer transfer)
    {
        if (transfer.Record.State != TransferState.Moving || !transfer.Ready || NextOpen(transfer, 0) < transfer.Layout.Chunks)
            return;
        Keep(step, transfer);
        if (!transfer.HasItems)
        {
            if (!transfer.ReadingManifest)
                step.Do(new FileEffect.ReadManifest(transfer.Id));
            transfer.ReadingManifest = true;
            return;
        }

        HaltReceiving(step, transfer);
        transfer.Record.State = TransferState.Finishing;
        Changed(step, transfer);
        step.Do(new FileEffect.Finish(transfer.Id));
    }

    /// <summary>The row and the word to the sender are of one commit: what it believes to be here survives a crash.</summary>
    private void Keep(FileStep step, Transfer transfer)
    {
        (transfer.UnkeptBytes, transfer.UnkeptSince) = (0, null);
        while (transfer.Verified.Ranges > MaxRanges && transfer.Verified.All.Last() is var last)
            transfer.Verified.Remove(last.First, last.End);
        var progress = new TransferProgress
        {
            Verified = { transfer.Verified.Spans() },
            Shares = { transfer.ToldShares() },
        };
        step.Rows[Transfer.ProgressKey(transfer.Id)] = progress.ToByteArray();
        var bytes = transfer.Shares.Values.Aggregate(0UL, (sum, share) => sum + share);
        Frame(step, transfer, new FileFrame { Have = new FileHave { Bytes = Math.Min(bytes, FileShape.MaxSize), Through = (ulong)transfer.Verified.Prefix } });
    }

    private void HaltReceiving(FileStep step, Transfer transfer)
    {
        if (!transfer.Direct.IsEmpty)
        {
            step.Do(new FileEffect.ExpectNothing(transfer.Contact, transfer.Id));
            Frame(step, transfer, new FileFrame { Drop = new FileDrop() });
        }

        if (!transfer.Fetched.IsEmpty)
            step.Do(new FileEffect.StopFetch(transfer.Id));
        // The pages that were asked for with it may not have come either.
        transfer.Paged.Clear();
        transfer.Direct.Clear();
        transfer.Fetched.Clear();
    }

    private long? ReceiveDeadline(Transfer transfer)
    {
        if (transfer.Record.State != TransferState.Moving)
            return null;
        var next = transfer.UnkeptSince is { } since ? since + KeepMs : (long?)null;
        if (!transfer.Direct.IsEmpty)
            next = Engine.Deadline.Earlier(next, transfer.DirectSince + StallMs);
        if (!Draws(transfer))
            return next;
        if (transfer.DirectFrom > long.MinValue)
            next = Engine.Deadline.Earlier(next, transfer.DirectFrom);
        if (_inCall && _channels.GetValueOrDefault(transfer.Contact) is { WantFrom: > long.MinValue } channel)
            next = Engine.Deadline.Earlier(next, channel.WantFrom);
        return transfer.FetchFrom > long.MinValue && transfer.Record.DropOffs.Count > 0 ? Engine.Deadline.Earlier(next, transfer.FetchFrom) : next;
    }

    private void Watch(FileStep step, Transfer transfer)
    {
        if (transfer.UnkeptSince is { } since && step.At - since >= KeepMs)
            Keep(step, transfer);
        if (transfer.DirectFrom <= step.At)
            transfer.DirectFrom = long.MinValue;
        if (transfer.FetchFrom <= step.At)
            transfer.FetchFrom = long.MinValue;
        if (transfer.Direct.IsEmpty || step.At - transfer.DirectSince < StallMs)
            return;
        step.Do(new FileEffect.ExpectNothing(transfer.Contact, transfer.Id));
        Frame(step, transfer, new FileFrame { Drop = new FileDrop() });
        transfer.Direct.Clear();
        transfer.Paged.Clear();
        transfer.DirectFrom = step.At + Retry(transfer.Stalls++);
        step.Seen.Add(transfer.Id);
    }
}
