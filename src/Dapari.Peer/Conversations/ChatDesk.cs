using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Routes;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Conversations;

/// <summary>Conversations: what is composed here, how far it got, what was read, who types.</summary>
internal sealed class ChatDesk(Parts parts)
{
    private const long TypingShownMs = 6_000;
    private const long TypingEveryMs = 3_000;
    private const int UnreadClocksKept = 256;

    // Messages said, not composed before the store was asked.
    private readonly Dictionary<EnvelopeId, Draft> _lookups = [];

    /// <summary>Messages to one contact that wait on this device.</summary>
    public const int MaxQueued = 10_000;

    public void Send(Step step, long token, SendText command)
    {
        if (parts.Contacts.Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        var refusal = Judge(contact, command, out var id, out var text);
        if (refusal is { } no)
        {
            step.Complete(token, no);
            return;
        }

        if (!EnvelopeId.TryRead(command.MessageId, out var lookup))
            throw new InvalidOperationException("Ids have one length.");
        if (!command.Again && !_lookups.ContainsKey(lookup))
        {
            Compose(step, contact, id, text);
            step.Done(token);
            return;
        }

        // Said again, perhaps after a restart, it must not be composed anew: the store knows. Until it answers, the message id is the lookup's name.
        if (_lookups.TryGetValue(lookup, out var before))
        {
            before.Tokens.Add(token);
            return;
        }

        _lookups.Add(lookup, new Draft(contact, id, text, [token]));
        step.Do(new PeerEffect.FindMessage(lookup, id));
    }

    /// <summary>The store's answer for a draft; false: it was for nobody here.</summary>
    public bool Found(Step step, EnvelopeId lookup, MessageRecord? kept)
    {
        if (!_lookups.Remove(lookup, out var draft))
            return false;
        var refusal = kept is not null
            ? kept.Outgoing && kept.ContactId == draft.Contact.Record.Id ? CommandRefusal.Unspecified : CommandRefusal.Malformed
            : parts.State.Contacts.GetValueOrDefault(draft.Contact.Id) != draft.Contact ? CommandRefusal.UnknownContact : Writable(draft.Contact);
        if (kept is null && refusal == CommandRefusal.Unspecified)
            Compose(step, draft.Contact, draft.Id, draft.Text);
        foreach (var token in draft.Tokens)
            step.Complete(token, refusal);
        return true;
    }

    private void Compose(Step step, Contact contact, MessageId id, string text)
    {
        var choice = parts.Paths.Choose(contact);
        var clock = ++contact.Record.Clock;
        var message = new MessageRecord
        {
            Id = id.ToByteString(),
            ContactId = contact.Record.Id,
            Outgoing = true,
            Clock = clock,
            Kind = MessageKind.Text,
            Text = text,
            State = MessageState.Queued,
            Route = new RouteRecord { Route = choice.Route, Reason = choice.Reason },
            ShownAtMs = step.WallMs,
            ComposedAtMs = step.WallMs,
            OrderKey = ByteString.CopyFrom(MessageOrder.Key(clock, IsSmaller(contact, ours: true), id)),
        };
        step.Put(message);
        contact.Lately.Add(id, message);
        Touch(step, contact, message);
        contact.OwnTyping = false;
        parts.Outbox.SendMessage(step, contact, message);
        parts.Paths.Active(step, contact);
    }

    /// <summary>What is sealed for a message.</summary>
    public static Content ContentOf(MessageRecord message) => new()
    {
        Chat = new ChatMessage
        {
            MessageId = message.Id,
            Clock = message.Clock,
            Text = message.Text,
            ComposedAtMs = message.ComposedAtMs,
            IntendedRoute = message.Route.Route,
            IntendedReason = message.Route.Reason,
        },
    };

    /// <summary>The server has it.</summary>
    public void OnServer(Step step, Contact contact, MessageRecord message)
    {
        message.Attempts++;
        if (message.State == MessageState.Queued)
        {
            message.State = MessageState.OnServer;
            message.OnServerAtMs = step.WallMs;
            message.Route = RouteRecords.Arrived(message.Route.Route, message.Route.Reason, Route.Mailbox, Network.Unspecified, 0, 0);
        }

        step.Put(message);
        Touch(step, contact, message);
    }

    /// <summary>Receipts for messages of ours. What was never sent is not believed.</summary>
    public void ReceiptsArrived(Step step, Contact contact, Receipts receipts)
    {
        foreach (var delivered in receipts.Delivered)
        {
            if (!MessageId.TryRead(delivered.MessageId, out var id) || RouteRecords.Adopt(delivered.Record) is not { } record
                || parts.Outbox.Delivered(step, contact, id) is not { } message)
                continue;
            message.State = MessageState.Delivered;
            message.DeliveredAtMs = step.WallMs;
            message.Route = record;
            step.Put(message);
            Touch(step, contact, message);
        }

        var through = Math.Min(receipts.ReadThroughClock, contact.Record.Clock);
        if (through <= contact.Record.TheyReadThrough)
            return;
        contact.Record.TheyReadThrough = through;
        contact.Record.TheyReadAtMs = step.WallMs;
        if (contact.Record.LastMessage is { } last)
            MarkReadIfSo(contact, last);
        step.Changed(contact);
    }

    /// <summary>A message of theirs, new for sure.</summary>
    public void Arrived(Step step, Contact contact, MessageRecord message)
    {
        contact.Record.Clock = Math.Max(contact.Record.Clock, message.Clock);
        contact.Record.TheirClock = Math.Max(contact.Record.TheirClock, message.Clock);
        contact.TypingUntil = long.MinValue;
        if (message.Clock > contact.Record.ReadThrough)
        {
            contact.Record.Unread++;
            if (contact.Record.UnreadClocks.Count < UnreadClocksKept)
                contact.Record.UnreadClocks.Add(message.Clock);
        }

        step.Put(message, arrived: true);
        step.Changed(contact);
        Touch(step, contact, message);
        parts.Paths.Active(step, contact);
    }

    /// <summary>A line of the conversation's own story.</summary>
    public void AddEvent(Step step, Contact contact, MessageKind kind)
    {
        var id = MessageId.Random(parts.State.Random);
        var clock = ++contact.Record.Clock;
        var message = new MessageRecord
        {
            Id = id.ToByteString(),
            ContactId = contact.Record.Id,
            Clock = clock,
            Kind = kind,
            State = MessageState.Received,
            ShownAtMs = step.WallMs,
            OrderKey = ByteString.CopyFrom(MessageOrder.StoryKey(clock)),
        };
        step.Put(message);
        Touch(step, contact, message);
    }

    public void MarkRead(Step step, long token, MarkRead command)
    {
        if (parts.Contacts.Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        var record = contact.Record;
        var through = Math.Min(command.ThroughClock, record.Clock);
        // The mark stops at a message of theirs that is here: under a later place, of a line of our own, may yet come what they write without knowing of it.
        if (record.Unread == record.UnreadClocks.Count)
            through = record.UnreadClocks.Where(clock => clock <= through).DefaultIfEmpty().Max();
        if (through > record.ReadThrough)
        {
            record.ReadThrough = through;
            var left = record.UnreadClocks.Where(clock => clock > through).ToList();
            var beyond = record.Unread - (uint)record.UnreadClocks.Count;
            record.UnreadClocks.Clear();
            record.UnreadClocks.Add(left);
            record.Unread = through >= record.Clock ? 0 : (uint)left.Count + beyond;
            step.Changed(contact);
            parts.Receipts.OweRead(contact);
        }

        step.Done(token);
    }

    public void SetTyping(Step step, long token, SetTyping command)
    {
        if (parts.Contacts.Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        var now = step.Now.MonotonicMs;
        var due = command.Active ? !contact.OwnTyping || now - contact.OwnTypingSaidAt >= TypingEveryMs : contact.OwnTyping;
        if (due && contact.IsAccepted && parts.State.Self is { SendTyping: true } && parts.Paths.IsThere(contact)
            && parts.Live.TrySend(step, contact, new Content { Typing = new Typing { Active = command.Active } }))
        {
            contact.OwnTyping = command.Active;
            contact.OwnTypingSaidAt = now;
        }

        step.Done(token);
    }

    public void TypingArrived(Step step, Contact contact, Typing typing)
    {
        contact.TypingUntil = typing.Active ? step.Now.MonotonicMs + TypingShownMs : long.MinValue;
        step.Shown(contact);
    }

    public void Tick(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (contact.TypingUntil == long.MinValue || contact.TypingUntil > step.Now.MonotonicMs)
                continue;
            contact.TypingUntil = long.MinValue;
            step.Shown(contact);
        }
    }

    /// <summary>Whether the author's identity key is the smaller of the two.</summary>
    public bool IsSmaller(Contact contact, bool ours) =>
        parts.State.Device is { } device && contact.Identity is { } theirs && (device.Identity.CompareTo(theirs) < 0) == ours;

    /// <summary>Keeps the newest message with the contact.</summary>
    public static void Touch(Step step, Contact contact, MessageRecord message)
    {
        var last = contact.Record.LastMessage;
        if (last is not null && last.Id != message.Id && last.OrderKey.Span.SequenceCompareTo(message.OrderKey.Span) > 0)
            return;
        var copy = Files.FileEntries.Short(message);
        MarkReadIfSo(contact, copy);
        contact.Record.LastMessage = copy;
        step.Changed(contact);
    }

    private static void MarkReadIfSo(Contact contact, MessageRecord last)
    {
        if (!last.Outgoing || last.State != MessageState.Delivered || last.Clock > contact.Record.TheyReadThrough)
            return;
        last.State = MessageState.Read;
        last.ReadAtMs = contact.Record.TheyReadAtMs;
    }

    internal static CommandRefusal Writable(Contact contact) => contact.Record.State switch
    {
        ContactState.Accepted or ContactState.Asked or ContactState.Inviting => CommandRefusal.Unspecified,
        ContactState.Blocked => CommandRefusal.Blocked,
        _ => CommandRefusal.NotAccepted,
    };

    private static CommandRefusal? Judge(Contact contact, SendText command, out MessageId id, out string text)
    {
        text = MessageText.Normalize(command.Text);
        if (!MessageId.TryRead(command.MessageId, out id))
            return CommandRefusal.Malformed;
        if (Writable(contact) is var closed and not CommandRefusal.Unspecified)
            return closed;
        if (MessageText.Check(text) is var fault and not TextFault.None)
            return fault == TextFault.Empty ? CommandRefusal.Empty : CommandRefusal.TooLong;
        // Said twice (a tab that lost its owner says it again): it is on its way.
        if (contact.Queue.Find(id) is not null || contact.Record.LastMessage?.Id == command.MessageId || contact.Lately.Contains(id))
            return CommandRefusal.Unspecified;
        if (contact.Queue.QueuedMessages >= MaxQueued)
            return CommandRefusal.TooMany;
        return null;
    }

    private sealed record Draft(Contact Contact, MessageId Id, string Text, List<long> Tokens);
}
