using Dapari.Crypto;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Invites;
using Dapari.Peer.Local;
using Dapari.Peer.Sessions;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire.V1;

namespace Dapari.Peer.Contacts;

/// <summary>Requests to be a contact, ours and theirs, and the answers.</summary>
internal sealed class RequestDesk(Parts parts)
{
    /// <summary>A request came to an invite's mailbox, opened with a fresh session. What is not right is dropped without a trace.</summary>
    public void Arrived(Step step, OwnInvite invite, FreshSession fresh, ContactRequest request)
    {
        var state = parts.State;
        if (request.InviteId != invite.Record.Id || fresh.Device.Identity == state.Device!.Identity
            || !invite.Secret.VerifyProof(request.InviteProof.Span, fresh.Device.Certificate))
            return;
        var known = state.ByIdentity.GetValueOrDefault(fresh.Device.Identity);
        if (known is null && (state.Contacts.Count >= PeerState.MaxContacts
            || state.Contacts.Values.Count(contact => contact.Record.State == ContactState.Asking) >= PeerState.MaxUnanswered))
            return;
        if (invite.Admits(step.Now.WallMs))
            parts.Invites.Used(step, invite);
        else if (known?.Record.State is null or ContactState.Unspecified or ContactState.Declined)
        {
            TooLate(step, known, fresh, request);
            return;
        }

        if (known?.Record.State == ContactState.Blocked)
            return;
        if (known is { IsLeaving: true })
            parts.Outbox.Forget(step, known);
        var contact = known ?? Add(step, fresh.Device);
        var asked = contact.Record.State is ContactState.Asked or ContactState.Inviting;
        var accepted = contact.IsAccepted;
        if (contact.Device is null)
            contact.Record.Devices.Add(new RemoteDevice());
        contact.Device!.Certificate = fresh.Device.Certificate;
        var begun = parts.Seals.Keep(step, contact, fresh);
        var name = NameText.Clean(request.Name);
        if (name.Length > 0)
            contact.Record.Name = name;
        contact.Record.TheyHideAddress = request.HidesAddress;
        contact.Record.InviteId = request.InviteId;
        SetClock(contact, request.Clock);
        parts.Contacts.SetAddress(step, contact, request.ReplyTo, request.Prekeys);
        step.Changed(contact);
        if (accepted)
        {
            // Whoever asks anew has forgotten every session of before: what they sealed opens nowhere any more, though its mailbox may be the same.
            SealRoom.SealWith(step, contact, begun);
            parts.Outbox.SealAllAnew(step, contact);
        }

        if (asked || accepted)
        {
            // Both asked each other, or a contact lost us and asks again: nobody needs to be asked.
            Accept(step, contact);
            return;
        }

        contact.Record.State = ContactState.Asking;
    }

    public void Answer(Step step, long token, AnswerRequest command)
    {
        if (parts.Contacts.Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        if (contact.IsAccepted && command.Answer == RequestAnswer.Accept)
        {
            step.Done(token);
            return;
        }

        if (contact.Record.State != ContactState.Asking)
        {
            step.Complete(token, CommandRefusal.NotAccepted);
            return;
        }

        switch (command.Answer)
        {
            case RequestAnswer.Accept:
                Accept(step, contact);
                break;
            case RequestAnswer.Refuse:
                // First the state: a leaving contact is gone as soon as the answer is.
                contact.Record.State = ContactState.Unspecified;
                parts.Outbox.SendSetUp(step, contact, new Content { ContactDecline = new ContactDecline() });
                parts.Contacts.Leave(step, contact);
                break;
            case RequestAnswer.Block:
                parts.Contacts.Block(step, contact);
                break;
            default:
                step.Complete(token, CommandRefusal.Malformed);
                return;
        }

        step.Done(token);
    }

    /// <summary>Says yes; said again it does no harm.</summary>
    public void Accept(Step step, Contact contact)
    {
        var self = parts.State.Self!;
        parts.Contacts.GiveBox(step, contact);
        BeginConversation(step, contact);
        parts.Outbox.SendSetUp(step, contact, new Content
        {
            ContactAccept = new ContactAccept
            {
                Name = self.Name,
                ReplyTo = contact.Box!.ToAddress(),
                Prekeys = new PrekeyAddress { Server = self.HomeServer, StoreId = self.PrekeyStoreId },
                HidesAddress = parts.State.PolicyFor(contact) == Policy.ServerOnly,
                Clock = contact.Record.Clock,
            },
        });
        parts.Outbox.SessionReady(step, contact);
    }

    public void Accepted(Step step, Contact contact, ContactAccept accept)
    {
        if (contact.Record.State is not (ContactState.Asked or ContactState.Accepted))
            return;
        var name = NameText.Clean(accept.Name);
        if (name.Length > 0)
            contact.Record.Name = name;
        SetClock(contact, accept.Clock);
        BeginConversation(step, contact);
        parts.Contacts.SetAddress(step, contact, accept.ReplyTo, accept.Prekeys);
        parts.Contacts.SetHidesAddress(step, contact, accept.HidesAddress);
        parts.Outbox.SessionReady(step, contact);
        parts.Paths.Active(step, contact);
    }

    public void Declined(Step step, Contact contact, ContactDecline decline)
    {
        if (contact.Record.State != ContactState.Asked)
            return;
        contact.Record.State = ContactState.Declined;
        contact.Record.InviteGone = decline.InviteClosed;
        step.Changed(contact);
    }

    /// <summary>
    /// They hold the link, and it closed before their request came: they are told so, and nothing is kept of them. Only where that shows our address to
    /// no server but our own: theirs could be the asker's.
    /// </summary>
    private void TooLate(Step step, Contact? known, FreshSession fresh, ContactRequest request)
    {
        if (request.ReplyTo.Server != parts.State.Self!.HomeServer || parts.State.Contacts.Values.Count(contact => contact.IsLeaving) >= PeerState.MaxUnanswered)
            return;
        var contact = known ?? Add(step, fresh.Device);
        if (known is null)
            contact.Record.State = ContactState.Unspecified;
        if (contact.Device is null)
            contact.Record.Devices.Add(new RemoteDevice());
        contact.Device!.Certificate = fresh.Device.Certificate;
        parts.Seals.Keep(step, contact, fresh);
        parts.Contacts.SetAddress(step, contact, request.ReplyTo, request.Prekeys);
        parts.Outbox.DropUnsent(step, contact, Content.KindOneofCase.ContactDecline);
        if (!parts.State.Contacts.ContainsKey(contact.Id))
            return;
        parts.Outbox.SendSetUp(step, contact, new Content { ContactDecline = new ContactDecline { InviteClosed = true } });
        if (contact.IsLeaving)
            parts.Contacts.Leave(step, contact);
    }

    private Contact Add(Step step, VerifiedDevice device)
    {
        var id = device.Identity.ToContactId();
        var contact = new Contact(id, new ContactRecord
        {
            Id = id.ToByteString(),
            IdentityKey = device.Identity.ToByteString(),
            State = ContactState.Asking,
            AddedAtMs = step.WallMs,
            Devices = { new RemoteDevice { Certificate = device.Certificate } },
        });
        parts.State.Add(contact);
        step.Changed(contact);
        return contact;
    }

    /// <summary>They may have kept a conversation that was removed here.</summary>
    private static void SetClock(Contact contact, ulong theirs) =>
        contact.Record.Clock = Math.Max(contact.Record.Clock, MessageOrder.Accept(Math.Min(theirs, long.MaxValue), contact.Record.Clock));

    private void BeginConversation(Step step, Contact contact)
    {
        if (contact.IsAccepted)
            return;
        contact.Record.State = ContactState.Accepted;
        contact.Record.InviteSecret = Google.Protobuf.ByteString.Empty;
        contact.Record.InviteGone = false;
        step.Changed(contact);
        parts.Chats.AddEvent(step, contact, MessageKind.EventConnected);
    }
}
