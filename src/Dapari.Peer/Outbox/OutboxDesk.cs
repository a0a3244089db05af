using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Outbox;

/// <summary>What goes out: sealed, kept, sent by the way that the chooser says, and again by another until it is acknowledged.</summary>
internal sealed partial class OutboxDesk(Parts parts)
{
    private const long FirstFullBackoffMs = 2_000;
    private const long LongestFullBackoffMs = 5 * 60_000;
    private const long FirstGoneBackoffMs = 30_000;
    private const ulong DayMs = 24UL * 60 * 60 * 1000;
    private const ulong WeekMs = 7 * DayMs;

    private const long LookEveryMs = 6L * 60 * 60 * 1000;

    private long _lookAt;

    // Contacts with something that waits for a way.
    private readonly HashSet<Contact> _backlog = [];

    // Contacts whose door is shut, whether or not something waits: live signs need it too.
    private readonly HashSet<Contact> _shut = [];

    /// <summary>A message of ours: kept until its receipt.</summary>
    public void SendMessage(Step step, Contact contact, MessageRecord message) =>
        Add(step, contact, new OutboxRecord { Message = message });

    /// <summary>A message of ours whose content its record does not say whole.</summary>
    public void SendMessage(Step step, Contact contact, MessageRecord message, Content content) =>
        Add(step, contact, new OutboxRecord { Message = message, Content = content.ToByteString() });

    /// <summary>Contact set-up and its like: by mailbox, kept until the server has it.</summary>
    public void SendSetUp(Step step, Contact contact, Content content) =>
        Add(step, contact, new OutboxRecord { Untracked = true, Content = content.ToByteString() });

    /// <summary>Receipts: by the way of messages, kept until the server has them or the path took them.</summary>
    public void SendReceipts(Step step, Contact contact, Receipts receipts) =>
        SendSetUp(step, contact, new Content { Receipts = receipts });

    /// <summary>How a call ended: kept until the server has it or the path took it.</summary>
    public void SendNote(Step step, Contact contact, CallNote note) => SendSetUp(step, contact, new Content { CallNote = note });

    /// <summary>Whether something of this kind already waits, unsent; it is replaced.</summary>
    public void DropUnsent(Step step, Contact contact, Content.KindOneofCase kind)
    {
        foreach (var entry in contact.Queue.Waiting.Where(entry => entry.Record.Untracked && entry.ContentKind == kind).ToList())
            Remove(step, entry);
    }

    /// <summary>A session seals now: what waited for one is sealed and goes.</summary>
    public void SessionReady(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.Waiting.Where(entry => entry.Phase == EntryPhase.Unsealed).ToList())
            TrySeal(step, entry);
        Dispatch(step, contact);
        step.Shown(contact);
    }

    /// <summary>Sends what can go now.</summary>
    public void Dispatch(Step step, Contact contact)
    {
        if (contact.Queue.Waiting.Count == 0)
        {
            _backlog.Remove(contact);
            return;
        }

        _backlog.Add(contact);
        if (!MaySend(contact))
            return;
        if (contact.IsAccepted && !contact.HasSealingSession)
            parts.Keys.Ask(step, contact);
        var policy = parts.State.PolicyFor(contact);
        var choice = parts.Paths.Choose(contact);
        var doorOpen = parts.Servers.Door(contact) == DoorStanding.Open;
        // The other drops what comes before the contact is made: nothing overtakes what makes it.
        var beginning = contact.Queue.MakingContact > 0;
        foreach (var entry in contact.Queue.Waiting.ToList())
        {
            if (entry.Phase == EntryPhase.Unsealed || (beginning && !entry.MakesContact))
                continue;
            var route = entry.FollowsRoute(policy) ? choice.Route : doorOpen ? Route.Mailbox : Route.Waiting;
            if (route is Route.Direct or Route.Relay)
                SendOnPath(step, entry);
            else if (route == Route.Mailbox && entry.Record.OnServer)
                contact.Queue.Move(entry, EntryPhase.OnServer);
            else if (route == Route.Mailbox)
            {
                if (!parts.Servers.TryPost(step, entry))
                    break;
                contact.Queue.Move(entry, EntryPhase.Posting);
                NotePosting(step, entry);
            }
        }
    }

    public void Pump(Step step, string origin)
    {
        foreach (var contact in _backlog.Where(contact => contact.Address?.Server == origin).ToList())
            Dispatch(step, contact);
    }

    public void Online(Step step, ServerConnection connection)
    {
        connection.IsToLookAt = false;
        // Half the time: clocks may be days off, and posting what is still there changes nothing.
        var patience = (connection.Limits?.RetentionDays ?? 0) * DayMs / 2;
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.Queue.Count > 0 && contact.Address?.Server == connection.Origin).ToList())
        {
            foreach (var entry in contact.Queue.All.Where(entry => entry.Phase == EntryPhase.OnServer).ToList())
            {
                // The server throws it away some day. By a clock that went back nobody knows when.
                if (patience == 0 || (step.WallMs >= entry.Record.OnServerAtMs && step.WallMs - entry.Record.OnServerAtMs < patience))
                    continue;
                ContactQueue.MarkOffServer(entry);
                contact.Queue.Move(entry, EntryPhase.Ready);
                step.Changed(entry);
            }

            Dispatch(step, contact);
        }
    }

    public void Posted(Step step, OutboxEntry entry, Posted posted)
    {
        var contact = entry.Contact;
        contact.Queue.DoorBackoffMs = 0;
        contact.Queue.LastFoundGone = false;
        if (contact.Record.State == ContactState.Asked)
            SetInviteGone(step, contact, false);
        parts.Paths.PostAnswered(step, contact, posted.RecipientConnected);
        // One that was unsealed meanwhile is sealed anew, and goes again: what this server has of it counts no more.
        if (!IsKept(entry) || entry.Phase == EntryPhase.Unsealed)
        {
            PumpAfter(step, contact);
            return;
        }

        if (entry.Record.Untracked)
        {
            Remove(step, entry);
        }
        else
        {
            contact.Queue.MarkOnServer(entry, step.WallMs);
            contact.Queue.Move(entry, EntryPhase.OnServer);
            step.Changed(entry);
            parts.Chats.OnServer(step, contact, entry.Message!);
        }

        step.Shown(contact);
        PumpAfter(step, contact);
    }

    public void PostRefused(Step step, ServerConnection connection, OutboxEntry entry, Refusal refusal)
    {
        NotPosted(entry);
        if (entry is { MayHaveArrived: false, Record.FirstPostedAtMs: not 0 } && IsKept(entry))
        {
            entry.Record.FirstPostedAtMs = 0; // It did not arrive, and there was no other time.
            step.Changed(entry);
        }

        switch (refusal)
        {
            case Refusal.UnknownMailbox:
                ForgetSender(connection, entry.Contact);
                DoorShut(step, entry.Contact, gone: true);
                break;
            case Refusal.NotOpen:
                ForgetSender(connection, entry.Contact);
                if (connection.PatienceUntil <= step.Now.MonotonicMs && entry.Contact.Queue.DoorShutUntil is null)
                    DoorShut(step, entry.Contact, gone: false);
                break;
            case Refusal.Rate or Refusal.Storage:
                break;
            default:
                DoorShut(step, entry.Contact, gone: false);
                break;
        }
    }

    /// <summary>The post was not answered: it goes again.</summary>
    public void NotPosted(OutboxEntry entry)
    {
        if (IsKept(entry) && entry.Phase == EntryPhase.Posting)
        {
            entry.Contact.Queue.Move(entry, EntryPhase.Ready);
            _backlog.Add(entry.Contact);
        }
    }

    /// <summary>The mailbox takes nothing for a while: full, or unknown to the server.</summary>
    public void DoorShut(Step step, Contact contact, bool gone)
    {
        var queue = contact.Queue;
        if (queue.DoorShutUntil is not null && queue.DoorGone == gone)
            return;
        queue.DoorBackoffMs = queue.DoorBackoffMs == 0
            ? gone ? FirstGoneBackoffMs : FirstFullBackoffMs
            : Math.Min(queue.DoorBackoffMs * 2, LongestFullBackoffMs);
        queue.DoorGone = gone;
        queue.LastFoundGone |= gone;
        if (gone && contact.Record.State == ContactState.Asked && !MayRequestHaveArrived(step, contact))
            SetInviteGone(step, contact, true);
        queue.DoorShutUntil = step.Now.MonotonicMs + queue.DoorBackoffMs;
        _shut.Add(contact);
        step.Shown(contact);
    }

    public void ServerLost(Step step, string origin)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.Address?.Server == origin && contact.Queue.Count > 0).ToList())
        {
            if (contact.Path.Standing == PathStanding.Open)
                PathReady(step, contact);
        }
    }

    /// <summary>The recipient has it. Null: nothing of ours that could be acknowledged.</summary>
    public MessageRecord? Delivered(Step step, Contact contact, MessageId id)
    {
        if (contact.Queue.Find(id) is not { Phase: not EntryPhase.Unsealed } entry)
            return null;
        Remove(step, entry);
        return entry.Message;
    }

    /// <summary>All that was to go to a contact is given up.</summary>
    public void Forget(Step step, Contact contact)
    {
        foreach (var entry in contact.Queue.All.ToList())
        {
            contact.Queue.Remove(entry);
            step.Deleted(entry);
        }

        _backlog.Remove(contact);
        _shut.Remove(contact);
    }

    public void Tick(Step step)
    {
        if (step.Now.MonotonicMs >= _lookAt)
        {
            // A connection may last longer than a server keeps things.
            _lookAt = step.Now.MonotonicMs + LookEveryMs;
            foreach (var connection in parts.Servers.Connections.Where(connection => connection.IsOnline).ToList())
                Online(step, connection);
            WantOld(step);
        }

        foreach (var contact in _shut.Where(contact => contact.Queue.DoorShutUntil is not { } until || until <= step.Now.MonotonicMs).ToList())
            OpenDoor(step, contact);
    }

    /// <summary>The mailbox is tried again, by what waits and by live signs.</summary>
    private void OpenDoor(Step step, Contact contact)
    {
        _shut.Remove(contact);
        contact.Queue.DoorShutUntil = null;
        contact.Queue.DoorGone = false;
        step.Shown(contact);
        Dispatch(step, contact);
        parts.Paths.Ready(step, contact);
    }

    /// <summary>A server that is not our own is left when there is nothing to say; what lies there long is looked after.</summary>
    private void WantOld(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (contact.Address is { } address && contact.Queue.All.Any(entry => entry.Phase == EntryPhase.OnServer
                && (step.WallMs < entry.Record.OnServerAtMs || step.WallMs - entry.Record.OnServerAtMs >= WeekMs)))
            {
                if (parts.Servers.Want(step, address.Server) is { IsOnline: false } connection)
                    connection.IsToLookAt = true;
            }
        }
    }

    /// <summary>Tries shut doors again.</summary>
    public void Retry(Step step)
    {
        foreach (var contact in _shut.ToList())
        {
            contact.Queue.DoorBackoffMs = 0;
            OpenDoor(step, contact);
        }

        foreach (var contact in _backlog.ToList())
            Dispatch(step, contact);
    }

    public long? NextDeadline
    {
        get
        {
            long? next = parts.State.Self is null ? null : _lookAt;
            foreach (var contact in _shut)
                next = Deadline.Earlier(next, contact.Queue.DoorShutUntil);
            return next;
        }
    }

    /// <summary>An entry as it was kept.</summary>
    public void Load(Contact contact, OutboxRecord record)
    {
        contact.Queue.Add(new OutboxEntry(contact, record));
        parts.State.NextOrder = Math.Max(parts.State.NextOrder, record.Order + 1);
        if (contact.Queue.Waiting.Count > 0)
            _backlog.Add(contact);
    }

    private static bool IsKept(OutboxEntry entry) => entry.Contact.Queue.Find(entry.EnvelopeId) == entry;

    private static bool MaySend(Contact contact) =>
        // Before our own mailbox was looked at, this device could still be an old copy of itself: what it seals must not leave.
        contact.Box is null or { MaySeal: true } && contact.Record.State is not ContactState.Blocked;

    private static void ForgetSender(ServerConnection connection, Contact contact)
    {
        if (MailboxId.TryRead(contact.Address?.MailboxId ?? ByteString.Empty, out var id))
            connection.OpenSenders.Remove(id);
    }

    private void Add(Step step, Contact contact, OutboxRecord record)
    {
        record.EnvelopeId = EnvelopeId.Random(parts.State.Random).ToByteString();
        record.ContactId = contact.Record.Id;
        record.Order = parts.State.NextOrder++;
        var entry = new OutboxEntry(contact, record);
        contact.Queue.Add(entry);
        step.Changed(entry);
        // Before the contact is accepted, messages wait unsealed: their mailbox is not known yet.
        if (contact.IsAccepted || record.Untracked)
            TrySeal(step, entry);
        Dispatch(step, contact);
        step.Shown(contact);
    }

    private void Remove(Step step, OutboxEntry entry)
    {
        entry.Contact.Queue.Remove(entry);
        step.Deleted(entry);
        step.Shown(entry.Contact);
        parts.Contacts.Left(step, entry.Contact);
    }

    /// <summary>That a request leaves is kept with what is kept before it does.</summary>
    private static void NotePosting(Step step, OutboxEntry entry)
    {
        if (entry.ContentKind != Content.KindOneofCase.ContactRequest)
            return;
        entry.MayHaveArrived = entry.Record.FirstPostedAtMs != 0;
        if (entry.MayHaveArrived)
            return;
        entry.Record.FirstPostedAtMs = Math.Max(1, step.WallMs);
        step.Changed(entry);
    }

    /// <summary>
    /// A mailbox that is gone may be gone because of our own request: it was delivered, its maker closed a one-time invite, and this app died, or lost its connection, before
    /// it was told. Then there is an answer to wait for, and for a day nothing else is said.
    /// </summary>
    private static bool MayRequestHaveArrived(Step step, Contact contact) => contact.Queue.All.Any(entry =>
        entry.ContentKind == Content.KindOneofCase.ContactRequest && entry.Record.FirstPostedAtMs != 0 && step.WallMs < entry.Record.FirstPostedAtMs + DayMs);

    /// <summary>The invite's mailbox took no request: somebody else used the invite up, or it was taken back. Were it found again, it would.</summary>
    private static void SetInviteGone(Step step, Contact contact, bool gone)
    {
        if (contact.Record.InviteGone == gone)
            return;
        contact.Record.InviteGone = gone;
        step.Changed(contact);
    }

    private void PumpAfter(Step step, Contact contact)
    {
        if (contact.Address is { } address)
            Pump(step, address.Server);
    }
}
