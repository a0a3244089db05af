using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Peer.Sessions;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Kind = Dapari.Wire.V1.Content.KindOneofCase;

namespace Dapari.Peer.Conversations;

/// <summary>
/// What comes in, by whatever door. Step 1: open. Step 2: what was opened before gets its receipt again. Step 3: what cannot be opened is reported to its
/// sender. Step 4: each kind of content finds its part, if the contact may say it. Nothing is shown of who is not accepted, but a request.
/// </summary>
internal sealed partial class Inbox(Parts parts)
{
    private const long ReportEveryMs = 10_000;

    // Repetitions and parked messages that wait for the store's answer, with what their servers are told then.
    private readonly Dictionary<EnvelopeId, (Arrival Arrival, List<ulong> Sequences)> _lookups = [];
    private readonly HashSet<Contact> _toReport = [];

    /// <summary>Takes an envelope in.</summary>
    /// <param name="step">The step.</param>
    /// <param name="arrival">How it came.</param>
    /// <param name="bytes">The envelope, unparsed.</param>
    /// <param name="sequence">Its number at the server, if it lay there.</param>
    /// <returns>Whether it is dealt with, so that its server may forget it. If not, it will be after the store's answer.</returns>
    public bool Receive(Step step, Arrival arrival, ReadOnlySpan<byte> bytes, ulong? sequence = null)
    {
        var outcome = parts.Seals.Open(step, arrival.Box, bytes);
        switch (outcome.Result)
        {
            case Opening.Repeated when outcome.Lane == Lane.Durable && arrival.Box.Contact is { IsAccepted: true } contact:
                if (arrival.Door == ArrivalDoor.Path)
                    parts.Paths.Heard(step, contact);
                if (parts.State.Parked.ContainsKey(outcome.Envelope))
                    return Awaits(arrival, outcome.Envelope, sequence);
                if (!_lookups.ContainsKey(outcome.Envelope))
                    step.Do(new PeerEffect.FindByEnvelope(outcome.Envelope));
                return Awaits(arrival, outcome.Envelope, sequence);
            case Opening.Unopenable when outcome.Lane == Lane.Durable && arrival.Box.Contact is { IsAccepted: true } contact:
                Unopenable(contact, outcome.Envelope, sequence is { } lies ? [lies] : []);
                // Its server may forget it only when the report of it is kept.
                return sequence is null;
            case Opening.Unopenable when arrival is { Door: ArrivalDoor.Live, Box.Contact: { IsAccepted: true } contact }:
                // Who only ever sends live (direct only, and no path yet) would never hear that it opens nowhere.
                contact.UnopenedLive = true;
                _toReport.Add(contact);
                return true;
            case Opening.Opened when ContentCodec.TryRead(outcome.Plaintext, out var content, out _):
                Opened(step, arrival, outcome, content);
                // A parked one will owe a receipt; its server delivers it again if that is lost.
                return !parts.State.Parked.ContainsKey(outcome.Envelope) || Awaits(arrival, outcome.Envelope, sequence);
            default:
                return true;
        }
    }

    /// <summary>The store's answer to a lookup.</summary>
    public void Found(Step step, EnvelopeId envelope, MessageRecord? message)
    {
        if (parts.Calls.Found(step, envelope, message) || parts.Files.Found(step, envelope, message))
            return;
        if (parts.State.Parked.Remove(envelope, out var parked))
        {
            step.Delete(ParkedKey(envelope));
            var lay = _lookups.Remove(envelope, out var awaited) && awaited.Sequences.Count > 0;
            if (lay)
                Settle(awaited.Arrival, awaited.Sequences);
            if (!ContactId.TryRead(parked.ContactId, out var id) || parts.State.Contacts.GetValueOrDefault(id) is not { IsAccepted: true } contact)
                return;
            if (parked.Message.Kind == MessageKind.Call)
                parts.Calls.NoteFound(step, contact, parked.Message, message);
            else
                Unpark(step, contact, parked, message, byPath: !lay && parked.Message.Route.Route != Route.Mailbox);
            return;
        }

        if (parts.Chats.Found(step, envelope, message) || !_lookups.Remove(envelope, out var lookup))
            return;
        // Its key is used, and it is not on record: another one was sealed with the same key, by an old copy of their device that does not know that it
        // is one. Or it was no message, and their outbox no longer knows of it.
        if (message is null && lookup.Arrival.Box.Contact is { IsAccepted: true } unlucky)
        {
            Unopenable(unlucky, envelope, lookup.Sequences);
            return;
        }

        Settle(lookup.Arrival, lookup.Sequences);
        if (lookup.Arrival.Box.Contact is { IsAccepted: true } author && message is { Outgoing: false } && message.ContactId == author.Record.Id
            && MessageId.TryRead(message.Id, out var messageId))
            parts.Receipts.Owe(step, author, messageId, message.Route, byPath: lookup.Arrival.Door == ArrivalDoor.Path && lookup.Sequences.Count == 0);
    }

    /// <summary>At the start: what was parked is looked up again.</summary>
    public void Start(Step step)
    {
        foreach (var (envelope, parked) in parts.State.Parked)
        {
            if (MessageId.TryRead(parked.Message.Id, out var id))
                step.Do(new PeerEffect.FindMessage(envelope, id));
        }
    }

    public void Forget(Step step, Contact contact)
    {
        _toReport.Remove(contact);
        foreach (var envelope in parts.State.Parked.Where(parked => parked.Value.ContactId == contact.Record.Id).Select(parked => parked.Key).ToList())
        {
            parts.State.Parked.Remove(envelope);
            step.Delete(ParkedKey(envelope));
            _lookups.Remove(envelope);
        }
    }

    public static string ParkedKey(EnvelopeId envelope) => "inbox/" + envelope;

    private static bool IsUnheard(KnownSession known) => known.Session is { IsInitiator: true, PendingHandshake: not null };

    /// <summary>Its server may forget it when the store has answered; false where one keeps it.</summary>
    private bool Awaits(Arrival arrival, EnvelopeId envelope, ulong? sequence)
    {
        if (!_lookups.TryGetValue(envelope, out var lookup))
            _lookups.Add(envelope, lookup = (arrival, []));
        if (sequence is { } lies)
            lookup.Sequences.Add(lies);
        return sequence is null;
    }

    private void Settle(Arrival arrival, List<ulong> sequences)
    {
        foreach (var sequence in sequences)
            parts.Boxes.Settle(arrival.Box, sequence);
    }

    private void Opened(Step step, Arrival arrival, OpenOutcome outcome, Content content)
    {
        if ((arrival.Box.Invite ?? arrival.Box.FormerInvite) is { } invite)
        {
            if (outcome is { Fresh: { } fresh, Lane: Lane.Durable } && content.KindCase == Kind.ContactRequest)
                parts.Requests.Arrived(step, invite, fresh, content.ContactRequest);
            return;
        }

        if (arrival.Box.Contact is not { } contact)
            return;
        var known = outcome.Known;
        var former = parts.Seals.Sealing(contact);
        if (outcome.Fresh is { } begun)
        {
            if (contact.Record.State is not (ContactState.Accepted or ContactState.Asked or ContactState.Blocked) || !IsTheirDevice(step, contact, begun.Device, content))
                return;
            known = parts.Seals.Keep(step, contact, begun);
        }

        if (arrival.Door == ArrivalDoor.Path)
            parts.Paths.Heard(step, contact);
        if (outcome.Lane == Lane.Durable && contact.ReportedWith == known!.Id)
            contact.ReportedWith = null;
        if (outcome.Lane == Lane.Durable)
            Durable(step, arrival, outcome, contact, known!, content);
        else if (contact.IsAccepted)
            parts.Signals.Arrived(step, arrival, contact, content);
        if (outcome.Fresh is null || !contact.IsAccepted)
            return;
        // They began anew although a session was in use: what it sealed for them may open nowhere any more.
        if (former is not null && (!IsUnheard(former) || contact.ReportedWith == former.Id))
        {
            parts.Outbox.SealAllAnew(step, contact);
            // An old copy of them knows us as we were then.
            parts.Profile.Tell(step, contact);
        }

        parts.Outbox.SessionReady(step, contact);
    }

    private static bool IsTheirDevice(Step step, Contact contact, VerifiedDevice device, Content content)
    {
        if (contact.Device is not { } kept)
            return false;
        if (DeviceCertificates.TryVerify(kept.Certificate, out var before) == CertificateFault.None && before!.Id == device.Id)
            return true;
        // Another device of the same person speaks for it only when it says where it is reached.
        if (content.KindCase is not (Kind.ContactAccept or Kind.Address))
            return false;
        kept.Certificate = device.Certificate;
        step.Changed(contact);
        return true;
    }

    private void Durable(Step step, Arrival arrival, OpenOutcome outcome, Contact contact, KnownSession session, Content content)
    {
        if (contact.Record.State is ContactState.Asked or ContactState.Accepted)
        {
            switch (content.KindCase)
            {
                case Kind.ContactAccept:
                    parts.Requests.Accepted(step, contact, content.ContactAccept);
                    return;
                case Kind.ContactDecline:
                    parts.Requests.Declined(step, contact, content.ContactDecline);
                    return;
            }
        }

        if (!contact.IsAccepted)
            return;
        switch (content.KindCase)
        {
            case Kind.Chat:
                Chat(step, arrival, contact, outcome.Envelope, content.Chat);
                break;
            case Kind.File:
                Offer(step, arrival, contact, outcome.Envelope, content.File);
                break;
            case Kind.FileUpdate:
                parts.Files.Told(step, contact, content.FileUpdate);
                break;
            case Kind.Receipts:
                parts.Chats.ReceiptsArrived(step, contact, content.Receipts);
                break;
            case Kind.CallNote:
                parts.Calls.NoteArrived(step, contact, outcome.Envelope, content.CallNote);
                break;
            case Kind.Profile:
                parts.Contacts.ProfileArrived(step, contact, content.Profile);
                break;
            case Kind.Address:
                parts.Contacts.AddressArrived(step, contact, content.Address);
                break;
            case Kind.CannotOpen:
                // The session that brought this works, at least.
                SealRoom.SealWith(step, contact, session);
                foreach (var bytes in content.CannotOpen.EnvelopeIds)
                {
                    if (EnvelopeId.TryRead(bytes, out var id))
                        parts.Outbox.SealAnew(step, contact, id);
                }

                OweLately(step, contact, content.CannotOpen);
                parts.Outbox.SessionReady(step, contact);
                break;
            case Kind.None:
                Unknown(step, arrival, contact, outcome);
                break;
        }
    }

    private void Chat(Step step, Arrival arrival, Contact contact, EnvelopeId envelope, ChatMessage chat)
    {
        var text = MessageText.Normalize(chat.Text);
        if (!MessageId.TryRead(chat.MessageId, out var id) || chat.Clock is 0 or > long.MaxValue || MessageText.Check(text) != TextFault.None)
            return;
        if (contact.Lately.TryGet(id, out var shown))
        {
            if (!shown.Outgoing)
                parts.Receipts.Owe(step, contact, id, shown.Route, arrival.Door == ArrivalDoor.Path);
            return;
        }

        var clock = MessageOrder.Accept(chat.Clock, contact.Record.Clock);
        var message = Incoming(step, arrival, contact, envelope, id, clock);
        message.Kind = MessageKind.Text;
        message.Text = text;
        message.ComposedAtMs = chat.ComposedAtMs;
        message.Route = RouteOf(arrival, contact, chat.IntendedRoute, chat.IntendedReason);
        ShowOrPark(step, arrival, contact, envelope, id, message, null);
    }

    private static RouteRecord RouteOf(Arrival arrival, Contact contact, Route intended, Reason reason) => arrival.Door == ArrivalDoor.Path
        ? RouteRecords.Arrived(intended, reason, contact.Path.Route, contact.Path.Network, contact.Path.Facts.RoundTripMs, 0)
        : RouteRecords.Arrived(intended, reason, Route.Mailbox, Network.Unspecified, 0, arrival.LayMs);

    private void ShowOrPark(Step step, Arrival arrival, Contact contact, EnvelopeId envelope, MessageId id, MessageRecord message, FileOffer? offer)
    {
        if (message.Clock > contact.Record.Clock)
        {
            Show(step, contact, id, message, offer, arrival.Door == ArrivalDoor.Path);
            return;
        }

        // Perhaps a second sealing of a message that is kept already: the store is asked before it is shown.
        var parked = new ParkedMessage { ContactId = contact.Record.Id, Message = message, Offer = offer };
        parts.State.Parked[envelope] = parked;
        step.Batch.State[ParkedKey(envelope)] = parked.ToByteArray();
        step.Do(new PeerEffect.FindMessage(envelope, id));
    }

    private void Unpark(Step step, Contact contact, ParkedMessage parked, MessageRecord? kept, bool byPath)
    {
        var message = parked.Message;
        if (!MessageId.TryRead(message.Id, out var id))
            return;
        if (kept is null && contact.Lately.TryGet(id, out var shown))
            kept = shown;
        if (kept is null)
            Show(step, contact, id, message, parked.Offer, byPath);
        else if (!kept.Outgoing && kept.ContactId == contact.Record.Id)
            parts.Receipts.Owe(step, contact, id, kept.Route, byPath);
    }

    private void Show(Step step, Contact contact, MessageId id, MessageRecord message, FileOffer? offer, bool byPath)
    {
        if (offer is not null && !parts.Files.Take(step, contact, message, offer))
            return;
        contact.Lately.Add(id, Files.FileEntries.Short(message));
        parts.Chats.Arrived(step, contact, message);
        parts.Receipts.Owe(step, contact, id, message.Route, byPath);
    }

    private void Unknown(Step step, Arrival arrival, Contact contact, OpenOutcome outcome)
    {
        if (!MessageId.TryRead(outcome.Envelope.ToArray(), out var id))
            return;
        var message = Incoming(step, arrival, contact, outcome.Envelope, id, contact.Record.Clock + 1);
        message.Kind = MessageKind.Unknown;
        message.Content = ByteString.CopyFrom(outcome.Plaintext);
        message.Route = RouteRecords.Arrived(
            Route.Unspecified, Reason.Unspecified, arrival.Door == ArrivalDoor.Path ? contact.Path.Route : Route.Mailbox, Network.Unspecified, 0, arrival.LayMs);
        parts.Chats.Arrived(step, contact, message);
    }

    private MessageRecord Incoming(Step step, Arrival arrival, Contact contact, EnvelopeId envelope, MessageId id, ulong clock) => new()
    {
        Id = id.ToByteString(),
        ContactId = contact.Record.Id,
        Clock = clock,
        State = MessageState.Received,
        EnvelopeId = envelope.ToByteString(),
        // Our clock, less the time it lay: the sender's clock is not believed.
        ShownAtMs = step.WallMs - Math.Min(arrival.LayMs, step.WallMs),
        DeliveredAtMs = step.WallMs,
        OrderKey = ByteString.CopyFrom(MessageOrder.Key(clock, parts.Chats.IsSmaller(contact, ours: false), id)),
    };
}
