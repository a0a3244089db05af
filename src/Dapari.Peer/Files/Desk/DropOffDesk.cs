using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>
/// What is being left at the home server. Step 1: id, tokens and key are made and kept. Step 2: the server begins it, for the mailbox of its recipient.
/// Step 3: the driver seals and uploads, from where the server is. A crash or a server's end at any of these goes on with the same drop-off.
/// </summary>
internal sealed partial class DropOffDesk(Parts parts)
{
    private const long AgainMs = 5_000;
    private const int MostRenewals = 3;
    private const ulong DayMs = 24UL * 60 * 60 * 1000;

    private readonly Dictionary<TransferId, Draft> _drafts = [];

    public long? NextDeadline
    {
        get
        {
            var next = _forgetAt;
            foreach (var draft in _drafts.Values)
                next = Deadline.Earlier(next, draft is { Wanted: true, Asked: false, BeginAt: > long.MinValue } ? draft.BeginAt : null);
            return next;
        }
    }

    private FileDesk Desk => parts.Files;

    /// <summary>Rows of drafts.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public void Load(IReadOnlyList<StateRow> rows)
    {
        LoadRemains(rows);
        foreach (var row in rows.Where(row => row.Key.EndsWith("/drop-off", StringComparison.Ordinal)))
        {
            var record = DropOffDraft.Parser.ParseFrom(row.Value);
            if (!TransferId.TryRead(Convert.FromHexString(row.Key.Split('/')[1]), out var id) || record.DropOff is null)
                throw new InvalidDataException("A drop-off's row cannot be read.");
            _drafts[id] = new Draft(record);
        }
    }

    /// <summary>Bytes of chunks of what is being left that are durable at the server.</summary>
    public ulong UploadedBytes(TransferId id) => _drafts.TryGetValue(id, out var draft) && draft.Wanted ? draft.Uploaded : 0;

    /// <summary>These chunks are to be left; one that was begun and not ended goes on first.</summary>
    public void Leave(Step step, Transfer transfer, IReadOnlyList<ChunkSpan> spans)
    {
        if (!_drafts.TryGetValue(transfer.Id, out var draft) || draft.Record.DropOff.Server != parts.State.Self!.HomeServer || Holds(draft, transfer.Lost))
        {
            if (draft is not null)
                Drop(step, transfer.Id);
            _drafts[transfer.Id] = draft = new Draft(Make(transfer, spans));
            step.Batch.State[Key(transfer.Id)] = draft.Record.ToByteArray();
        }

        draft.Wanted = true;
        Begin(step, transfer, draft);
    }

    /// <summary>No more than was left.</summary>
    public void Stop(Step step, TransferId id)
    {
        if (_drafts.TryGetValue(id, out var draft) && draft.Uploading)
        {
            Order(step, new FileOrder.StopUpload(id));
            return;
        }

        if (draft is not null)
            draft.Wanted = false;
        Desk.Run(step, (machine, inner) => machine.LeftAtServer(inner, id, null));
    }

    /// <summary>The transfer is over.</summary>
    public void Forget(Step step, TransferId id)
    {
        if (!_drafts.TryGetValue(id, out var draft))
            return;
        if (draft.Uploading)
            Order(step, new FileOrder.StopUpload(id));
        Drop(step, id);
    }

    /// <summary>Our mailbox of this contact is open at its server.</summary>
    public void Ready(Step step, Contact contact)
    {
        foreach (var (id, draft) in _drafts.Where(draft => draft.Value is { Wanted: true, Uploading: false }).ToList())
        {
            if (parts.Files.Find(id) is { } transfer && transfer.Contact == contact.Id)
                Begin(step, transfer, draft);
        }
    }

    /// <summary>The person tries again.</summary>
    public void Retry(TransferId id)
    {
        if (_drafts.TryGetValue(id, out var draft))
            draft.Renewals = 0;
    }

    public void Tick(Step step)
    {
        TickRemains(step);
        foreach (var (id, draft) in _drafts.Where(draft => draft.Value is { Wanted: true, Asked: false, Uploading: false, BeginAt: > long.MinValue }).ToList())
        {
            if (draft.BeginAt <= step.Now.MonotonicMs && parts.Files.Find(id) is { } transfer)
                Begin(step, transfer, draft);
        }
    }

    /// <summary>The server has begun it.</summary>
    public void Begun(Step step, Asked.ToBeginBlob asked, BlobBegun begun)
    {
        if (Find(asked) is not { } draft)
        {
            // The transfer ended while the answer was on its way: what was removed then has been begun anew behind it.
            if (Desk.Find(asked.Transfer) is null or { IsOver: true })
                Discard(step, [asked.Place]);
            return;
        }

        draft.Asked = false;
        if (!draft.Wanted || draft.Uploading)
            return;
        var dropOff = draft.Record.DropOff;
        dropOff.KeepDays = (uint)Math.Clamp((begun.ExpiresInMs + (DayMs / 2)) / DayMs, 1, WireLimits.DropOffDays);
        step.Batch.State[Key(asked.Transfer)] = draft.Record.ToByteArray();
        draft.Uploading = true;
        Order(step, new FileOrder.Upload(asked.Transfer, dropOff.Clone(), begun.UploadToken.ToByteArray()));
    }

    /// <summary>The server says no, to a drop-off or to a question.</summary>
    public void Refused(Step step, Asked asked, Refusal refusal)
    {
        if (asked is Asked.ForBlobRoom room)
        {
            step.Complete(room.Token, refusal is Refusal.Rate or Refusal.Storage or Refusal.NotOpen ? CommandRefusal.NoServer : CommandRefusal.NoDropOffs);
            return;
        }

        if (asked is not Asked.ToBeginBlob begin || Find(begin) is not { } draft)
            return;
        draft.Asked = false;
        switch (refusal)
        {
            case Refusal.Rate or Refusal.Storage or Refusal.NotOpen:
                draft.BeginAt = step.Now.MonotonicMs + AgainMs;
                break;
            case Refusal.Taken:
                // The id with other values: nobody's fault, and no good any more.
                Drop(step, begin.Transfer);
                Desk.Run(step, (machine, inner) => machine.UploadFailed(inner, begin.Transfer, TransferTrouble.Unspecified));
                break;
            default:
                // It has no room for so much, or takes none (any more, though some of it may lie there): said, and tried again when the person says so.
                Drop(step, begin.Transfer);
                // A server of an earlier version says nothing in particular.
                var trouble = refusal is Refusal.NoBlobs or Refusal.Unspecified ? TransferTrouble.NoDropOffs : TransferTrouble.Quota;
                Desk.Run(step, (machine, inner) => machine.UploadFailed(inner, begin.Transfer, trouble));
                break;
        }
    }

    /// <summary>The connection ended before the answer.</summary>
    public void NotAnswered(Step step, Asked asked)
    {
        if (asked is Asked.ForBlobRoom room)
            step.Complete(room.Token, CommandRefusal.NoServer);
        else if (asked is Asked.ToBeginBlob begin && Find(begin) is { } draft)
            draft.Asked = false;
    }

    public void Uploaded(TransferId id, ulong bytes)
    {
        if (_drafts.TryGetValue(id, out var draft))
            draft.Uploaded = bytes;
    }

    /// <summary>The driver is done: with all of it, with a part, or with nothing.</summary>
    public void Left(Step step, TransferId id, DropOff? dropOff)
    {
        if (!_drafts.TryGetValue(id, out var draft))
            return;
        draft.Uploading = draft.Wanted = false;
        if (dropOff is { Spans.Count: > 0 } && dropOff.BlobId == draft.Record.DropOff.BlobId)
        {
            var left = draft.Record.DropOff.Clone();
            left.Spans.Clear();
            left.Spans.Add(dropOff.Spans);
            _drafts.Remove(id);
            step.Delete(Key(id));
            if (!left.Spans.Equals(draft.Record.DropOff.Spans))
                Trim(step, Desk.Find(id), left, draft.Record.OwnerToken);
            Desk.Run(step, (machine, inner) => machine.LeftAtServer(inner, id, left));
            return;
        }

        Desk.Run(step, (machine, inner) => machine.LeftAtServer(inner, id, null));
    }

    public void Failed(Step step, TransferId id, UploadFault fault)
    {
        if (!_drafts.TryGetValue(id, out var draft))
            return;
        draft.Uploading = false;
        switch (fault)
        {
            case UploadFault.UnknownToken when draft is { Wanted: true } && draft.Renewals++ < MostRenewals && Desk.Find(id) is { } transfer:
                Begin(step, transfer, draft);
                return;
            case UploadFault.Source:
                // What is changed or gone cannot be sealed any more: what is left of the transfer becomes another drop-off.
                Drop(step, id);
                break;
        }

        draft.Wanted = false;
        Desk.Run(step, (machine, inner) => machine.UploadFailed(inner, id, fault == UploadFault.NoRoom ? TransferTrouble.Quota : TransferTrouble.Unspecified));
    }

    /// <summary>Asks what may be left now.</summary>
    public void AskRoom(Step step, long token)
    {
        var home = parts.State.Self!.HomeServer;
        if (parts.Servers.Find(home) is not { IsOnline: true } connection
            || parts.State.Boxes.Values.FirstOrDefault(box => box.Record.Server == home && !box.IsGone && connection.OpenBoxes.Contains(box.Id)) is not { } any)
        {
            step.Complete(token, CommandRefusal.NoServer);
            return;
        }

        // Each mailbox has its own quota: the one of whom is on screen, if any.
        var box = parts.State.OnScreen is { } id && parts.State.Contacts.GetValueOrDefault(id)?.Box is { } shown && connection.OpenBoxes.Contains(shown.Id) ? shown : any;
        connection.Send(step, new ClientFrame { GetBlobUsage = new GetBlobUsage { MailboxId = box.Record.MailboxId } }, new Asked.ForBlobRoom(token));
    }

    public static void Told(Step step, Asked.ForBlobRoom room, BlobUsage usage) => step.Complete(room.Token, new CommandResult
    {
        Room = new DropOffRoom { UsedBytes = usage.UsedBytes, QuotaBytes = usage.QuotaBytes, RoomBytes = usage.RoomBytes, KeepDays = usage.Days },
    });

    private static string Key(TransferId id) => Transfer.RowKey(id) + "/drop-off";

    private static bool Holds(Draft draft, ChunkSet lost) =>
        draft.Record.DropOff.Spans.Any(span => lost.NextInside((long)span.First) < (long)(span.First + span.Count));

    private Draft? Find(Asked.ToBeginBlob asked) =>
        _drafts.TryGetValue(asked.Transfer, out var draft) && draft.Record.DropOff.BlobId == asked.Blob.ToByteString() ? draft : null;

    private DropOffDraft Make(Transfer transfer, IReadOnlyList<ChunkSpan> spans)
    {
        var random = parts.State.Random;
        return new DropOffDraft
        {
            DropOff = new DropOff
            {
                Server = parts.State.Self!.HomeServer,
                BlobId = BlobId.Random(random).ToByteString(),
                ReadToken = BlobToken.Random(random).ToByteString(),
                Key = ByteString.CopyFrom(random.Bytes(Shape.Key)),
                Spans = { spans.Select(span => span.Clone()) },
            },
            OwnerToken = BlobToken.Random(random).ToByteString(),
            Size = DropOffLayout.Size(transfer.Layout.All, spans),
        };
    }

    private void Begin(Step step, Transfer transfer, Draft draft)
    {
        if (draft.Asked || draft.Uploading)
            return;
        draft.BeginAt = long.MinValue;
        var record = draft.Record;
        if (parts.State.Contacts.GetValueOrDefault(transfer.Contact)?.Box is not { } box || !BlobId.TryRead(record.DropOff.BlobId, out var blob)
            || !BlobToken.TryRead(record.DropOff.ReadToken.Span, out var read) || !BlobToken.TryRead(record.OwnerToken.Span, out var owner))
            return;
        // When the mailbox is open it begins.
        if (parts.Servers.Want(step, record.DropOff.Server) is not { IsOnline: true } connection || !connection.OpenBoxes.Contains(box.Id))
            return;
        if (step.Now.MonotonicMs < connection.PatienceUntil)
        {
            draft.BeginAt = connection.PatienceUntil;
            return;
        }

        draft.Asked = true;
        connection.Send(step, new ClientFrame
        {
            BeginBlob = new BeginBlob
            {
                MailboxId = box.Record.MailboxId, BlobId = record.DropOff.BlobId, Size = record.Size,
                ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(owner.Hash()),
            },
        }, new Asked.ToBeginBlob(transfer.Id, blob, new DropOff { Server = record.DropOff.Server, BlobId = record.DropOff.BlobId, ReadToken = record.DropOff.ReadToken }));
    }

    private void Drop(Step step, TransferId id)
    {
        if (!_drafts.Remove(id, out var draft))
            return;
        step.Delete(Key(id));
        Discard(step, [draft.Record.DropOff]);
    }

    private void Order(Step step, FileOrder order)
    {
        if (parts.State.FilesSupported)
            step.Do(new PeerEffect.DoFile(order));
    }

    private sealed class Draft(DropOffDraft record)
    {
        public DropOffDraft Record { get; } = record;

        /// <summary>The machine waits for it.</summary>
        public bool Wanted { get; set; }

        public bool Asked { get; set; }

        public bool Uploading { get; set; }

        public ulong Uploaded { get; set; }

        public int Renewals { get; set; }

        /// <summary>When it is begun (again); the least value: when its mailbox is open.</summary>
        public long BeginAt { get; set; } = long.MinValue;
    }
}
