using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>
/// All transfers of a peer, without its hands: events in; rows, letters and effects out. It decides what is wanted, by which way, and when; a driver
/// moves, verifies and keeps the bytes, none of which pass here. One owner; not thread-safe.
/// </summary>
/// <remarks>
/// The recipient draws: it asks for ranges, and all that it asked for and did not get is the sender's credit. Step 1: an event changes a transfer.
/// Step 2: what may be asked for, fetched, sent or left now is, in turns. Step 3: what was verified is kept, now and then.
/// </remarks>
internal sealed partial class FileTransfers(IFileRules? rules = null, FileCredit? credit = null)
{
    /// <summary>Transfers that are not over, in all.</summary>
    public const int MaxTransfers = 1_000;

    /// <summary>Transfers that are not over, offered by one contact.</summary>
    public const int MaxOffered = 200;

    /// <summary>Transfers that are over and still known, so that both ends come to the same end.</summary>
    public const int MaxOver = 500;

    private readonly Dictionary<TransferId, Transfer> _all = [];
    private readonly List<Transfer> _turns = [];
    private readonly Dictionary<ContactId, FileChannel> _channels = [];
    private readonly IFileRules _rules = rules ?? new NoFileRules();
    private readonly FileCredit _credit = credit ?? FileCredit.Default;
    private bool _inCall;

    public IReadOnlyCollection<Transfer> All => _all.Values;

    /// <summary>When a tick is wanted, in monotonic milliseconds; null: never.</summary>
    public long? NextDeadline
    {
        get
        {
            long? next = null;
            foreach (var transfer in _turns)
                next = Engine.Deadline.Earlier(next, transfer.Record.Outgoing ? SendDeadline(transfer) : ReceiveDeadline(transfer));
            foreach (var channel in _channels.Values)
                next = Engine.Deadline.Earlier(next, channel.ServeFrom > long.MinValue ? channel.ServeFrom : null);
            return next;
        }
    }

    /// <summary>Transfers that are not over, with whoever.</summary>
    public IReadOnlyList<Transfer> Open => _turns;

    /// <summary>Whether the channel to a contact is open, and by which route it was.</summary>
    public Route? RouteOf(ContactId contact) => _channels.GetValueOrDefault(contact)?.Route;

    /// <summary>Whether our end is giving something of a transfer by the channel.</summary>
    public bool IsServing(Transfer transfer) =>
        transfer.Wants.Count > 0 || (_channels.TryGetValue(transfer.Contact, out var channel) && channel.Serving.Any(served => served.Transfer == transfer));

    public Transfer? Find(TransferId id) => _all.GetValueOrDefault(id);

    public void Tick(FileStep step)
    {
        foreach (var transfer in _turns.ToList())
        {
            if (!transfer.Record.Outgoing)
                Watch(step, transfer);
            else
                WatchSending(step, transfer);
        }

        Go(step);
    }

    /// <summary>An offer of files, incoming or ours; false: there are too many, it contradicts itself, or it is known.</summary>
    public bool Offered(
        FileStep step, ContactId contact, FileOffer offer, bool outgoing, FileManifest? manifest = null, Policy way = Policy.Unspecified, bool leave = false)
    {
        if (FileCheck.Check(offer) != ContentFault.None || !TransferId.TryRead(offer.TransferId, out var id) || _all.ContainsKey(id)
            || _turns.Count >= MaxTransfers || _turns.Count(transfer => transfer.Contact == contact && transfer.Record.Outgoing == outgoing) >= MaxOffered)
            return false;
        var items = offer.Manifest is null ? new FileManifest { Items = { offer.Items.Select(Bare) } } : outgoing ? manifest : null;
        if ((outgoing && items is null) || (items is not null && !AreFiles(items)))
            return false;
        var record = new TransferRecord
        {
            Id = offer.TransferId, ContactId = contact.ToByteString(), Outgoing = outgoing, State = TransferState.Offered,
            Manifest = offer.Manifest, ItemCount = offer.ItemCount, TotalSize = offer.TotalSize,
            MessageId = offer.MessageId, OfferedAtMs = step.WallMs, Way = way, Leave = leave,
        };
        if (offer.DropOff is { } dropOff && !outgoing)
            record.DropOffs.Add(dropOff);
        var transfer = new Transfer(id, contact, record, items);
        LiesAtServer(step, transfer);
        _all.Add(id, transfer);
        _turns.Add(transfer);
        if (items is not null)
            step.Rows[Transfer.ItemsKey(id)] = items.ToByteArray();
        Changed(step, transfer);
        if (!outgoing)
            return true;
        Welcome(step, transfer);
        Go(step);
        return true;
    }

    /// <summary>Nothing of it moves until <see cref="Resume"/>.</summary>
    public void Pause(FileStep step, TransferId id)
    {
        if (Find(id) is not { IsOver: false, Record.Paused: false } transfer)
            return;
        transfer.Record.Paused = true;
        Changed(step, transfer);
        Halt(step, transfer, FileStopReason.Paused);
        Go(step);
    }

    /// <summary>Goes on, and tries again whatever failed.</summary>
    public void Resume(FileStep step, TransferId id)
    {
        if (Find(id) is not { IsOver: false } transfer)
            return;
        var record = transfer.Record;
        (record.Paused, record.Trouble) = (false, TransferTrouble.Unspecified);
        transfer.DirectFrom = transfer.FetchFrom = transfer.UploadFrom = long.MinValue;
        transfer.Stalls = transfer.FetchFailures = 0;
        Changed(step, transfer);
        if (record.Outgoing)
            Welcome(step, transfer);
        else if (!transfer.Ready && record.State == TransferState.Moving)
            step.Do(new FileEffect.OpenDestination(id, transfer.Layout));
        Go(step);
    }

    /// <summary>Taken back by its sender, or not wanted (any more) by its recipient.</summary>
    public void Cancel(FileStep step, TransferId id)
    {
        if (Find(id) is not { IsOver: false, Record.State: not TransferState.Finishing } transfer)
            return;
        End(step, transfer, transfer.Record.Outgoing ? FileOutcome.Cancelled : FileOutcome.Refused, tell: true);
        Go(step);
    }

    /// <summary>The contact is gone: so is what was under way with them.</summary>
    public void Forget(FileStep step, ContactId contact)
    {
        foreach (var transfer in _all.Values.Where(transfer => transfer.Contact == contact).ToList())
        {
            if (!transfer.IsOver)
                End(step, transfer, transfer.Record.Outgoing ? FileOutcome.Cancelled : FileOutcome.Refused, tell: false);
            _all.Remove(transfer.Id);
            step.Rows[Transfer.RowKey(transfer.Id)] = null;
        }

        Go(step);
    }

    /// <summary>The channel to a contact is open.</summary>
    public void ChannelOpened(FileStep step, ContactId contact, Route route)
    {
        ChannelClosed(step, contact);
        _channels[contact] = new FileChannel(route);
        foreach (var transfer in Of(contact))
        {
            step.Seen.Add(transfer.Id);
            transfer.DirectFrom = long.MinValue;
            // The sender says when to begin, and what lies at a server already.
            if (!transfer.Record.Outgoing)
            {
                (transfer.HeldBack, transfer.TheySaid) = (FileStopReason.NotReady, FileStopReason.Unspecified);
                // So that a sender for whom it is over says so, and any other knows how far it is.
                if (transfer.Record.State == TransferState.Moving)
                    Keep(step, transfer);
            }

            if (!transfer.Record.Outgoing || transfer.Record.Paused || !_rules.MayUseChannel(transfer))
                continue;
            // What was left so far is known when the driver answers: until then nothing is given that may lie there already.
            if (transfer.Uploading)
                step.Do(new FileEffect.StopUpload(transfer.Id));
            else
                Welcome(step, transfer);
        }

        Go(step);
    }

    /// <summary>It is gone, and with it all that was asked for by it.</summary>
    public void ChannelClosed(FileStep step, ContactId contact)
    {
        if (!_channels.Remove(contact))
            return;
        foreach (var transfer in Of(contact))
        {
            transfer.Direct.Clear();
            transfer.Paged.Clear();
            transfer.Wants.Clear();
            transfer.WantedChunks = 0;
            transfer.HeldBack = transfer.TheySaid = FileStopReason.Unspecified;
            transfer.Promised.Clear();
            transfer.Recount();
            step.Seen.Add(transfer.Id);
        }

        Go(step);
    }

    /// <summary>A control message of the channel.</summary>
    public void FrameArrived(FileStep step, ContactId contact, FileFrame frame)
    {
        if (!_channels.ContainsKey(contact) || !TransferId.TryRead(frame.TransferId, out var id))
            return;
        if (Find(id) is not { IsOver: false } transfer || transfer.Contact != contact)
        {
            if (frame.KindCase == FileFrame.KindOneofCase.Want)
                step.Do(new FileEffect.SendFrame(contact, Stop(frame.TransferId, FileStopReason.UnknownTransfer)));
            // They do not know that it is over: the word got lost with a server or with a life that an old copy replaced.
            if (Find(id) is { IsOver: true } over && over.Contact == contact && Expects(over, frame.KindCase) && _channels[contact].Repeated.Add(id))
                Repeat(step, over);
            return;
        }

        if (transfer.Record.Outgoing)
            Asked(step, transfer, frame);
        else
            Answered(step, transfer, frame);
        step.Seen.Add(id);
        Go(step);
    }

    /// <summary>A sealed word about a transfer.</summary>
    public void Told(FileStep step, ContactId contact, FileUpdate update)
    {
        if (FileCheck.Check(update) != ContentFault.None || !TransferId.TryRead(update.TransferId, out var id) || Find(id) is not { } transfer || transfer.Contact != contact)
            return;
        if (transfer.Record.Outgoing)
            ToldByRecipient(step, transfer, update);
        else if (!transfer.IsOver)
            ToldBySender(step, transfer, update);
        else if (update.KindCase == FileUpdate.KindOneofCase.DropOff && !transfer.Repeated)
            Repeat(step, transfer);
        Go(step);
    }

    /// <summary>A call goes before files: while it lasts one chunk at a time moves, and the line rests twice as long as that took.</summary>
    public void CallChanged(FileStep step, bool inCall)
    {
        if (_inCall == inCall)
            return;
        _inCall = inCall;
        step.Do(new FileEffect.GoEasy(inCall));
        foreach (var channel in _channels.Values)
            channel.ServeFrom = channel.WantFrom = long.MinValue;
        // What is under way would fill the line for seconds: it is called off, and begun again in small parts.
        foreach (var transfer in _turns.Where(_ => inCall))
        {
            if (transfer.Record.Outgoing)
                TakeBack(step, transfer);
            else
                HaltReceiving(step, transfer);
        }

        Go(step);
    }

    private static bool Expects(Transfer over, FileFrame.KindOneofCase said) =>
        over.Record.Outgoing ? said is FileFrame.KindOneofCase.Want or FileFrame.KindOneofCase.Have : said == FileFrame.KindOneofCase.Ready;

    private static void Repeat(FileStep step, Transfer over)
    {
        over.Repeated = true;
        step.Letters.Add((over.Contact, new FileUpdate { TransferId = over.Key, End = over.Record.End.Clone() }));
    }

    private static FileFrame Stop(ByteString id, FileStopReason reason) => new() { TransferId = id, Stop = new FileStop { Reason = reason } };

    // Only what the machine needs: names and previews are in the message.
    private static FileItem Bare(FileItem item) => new() { Blob = item.Blob };

    // An empty file has one id; one with another root could never be verified.
    private static bool AreFiles(FileManifest manifest) =>
        manifest.Items.All(item => FileId.TryRead(item.Blob.Root, item.Blob.Size, out var id) && (id.Shape.Size > 0 || id.Root == FileHash.Empty));

    private IEnumerable<Transfer> Of(ContactId contact) => _turns.Where(transfer => transfer.Contact == contact);

    private static void Changed(FileStep step, Transfer transfer)
    {
        step.Rows[Transfer.RowKey(transfer.Id)] = transfer.Record.ToByteArray();
        step.Seen.Add(transfer.Id);
    }

    /// <summary>Since when, and how much at most, lies at servers.</summary>
    private static void LiesAtServer(FileStep step, Transfer transfer)
    {
        var record = transfer.Record;
        if (record.DropOffs.Count == 0)
            return;
        if (record.AtServerFromMs == 0)
            record.AtServerFromMs = step.WallMs;
        record.AtServerBytes = Math.Max(record.AtServerBytes, transfer.BytesAtServer);
    }

    private void Frame(FileStep step, Transfer transfer, FileFrame frame)
    {
        if (!_channels.ContainsKey(transfer.Contact))
            return;
        frame.TransferId = transfer.Key;
        step.Do(new FileEffect.SendFrame(transfer.Contact, frame));
    }

    private void Halt(FileStep step, Transfer transfer, FileStopReason reason)
    {
        if (transfer.Record.Outgoing)
            HaltSending(step, transfer, reason);
        else
            HaltReceiving(step, transfer);
    }

    private void End(FileStep step, Transfer transfer, FileOutcome outcome, bool tell, FileEnd? theirs = null)
    {
        Halt(step, transfer, FileStopReason.UnknownTransfer);
        var record = transfer.Record;
        record.State = TransferState.Ended;
        record.Trouble = TransferTrouble.Unspecified;
        record.EndedAtMs = step.WallMs;
        record.End = theirs ?? new FileEnd
        {
            Outcome = outcome,
            Shares = { transfer.ToldShares() },
            TookMs = record.BegunAtMs == 0 || step.WallMs < record.BegunAtMs ? 0 : step.WallMs - record.BegunAtMs,
            ItemsLost = (uint)record.Lost.Count,
        };
        _turns.Remove(transfer);
        Changed(step, transfer);
        step.Rows[Transfer.ItemsKey(transfer.Id)] = null;
        step.Rows[Transfer.ProgressKey(transfer.Id)] = null;
        if (tell)
            step.Letters.Add((transfer.Contact, new FileUpdate { TransferId = transfer.Key, End = record.End.Clone() }));
        if (record.DropOffs.Count > 0)
            step.Do(new FileEffect.RemoveDropOffs(transfer.Id, [.. record.DropOffs]));
        step.Do(new FileEffect.Release(transfer.Id));
    }

    private void Go(FileStep step)
    {
        foreach (var channel in _channels.Values.Where(channel => channel.WantFrom <= step.At))
            channel.WantFrom = long.MinValue;
        Draw(step);
        Give(step);
    }
}
