using Dapari.Crypto;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Contacts;

/// <summary>What a person decides about contacts, and what contacts say of themselves.</summary>
internal sealed class ContactDesk(Parts parts)
{
    /// <summary>The contact of a command, as long as it is shown.</summary>
    public Contact? Find(ByteString id) =>
        ContactId.TryRead(id, out var parsed) && parts.State.Contacts.GetValueOrDefault(parsed) is { IsLeaving: false } contact ? contact : null;

    /// <summary>Gives a contact a mailbox of its own, where it has none.</summary>
    public void GiveBox(Step step, Contact contact)
    {
        if (contact.Box is not null)
            return;
        contact.Record.Mailbox = OwnBox.Make(parts.State.Self!.HomeServer, parts.State.Random);
        contact.Box = new OwnBox(contact.Record.Mailbox, contact, null) { Checked = true };
        step.Changed(contact);
        parts.Boxes.Added(step, contact.Box);
    }

    public void SetBlocked(Step step, long token, SetBlocked command)
    {
        if (Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        if (command.Blocked)
            Block(step, contact);
        else
            Unblock(step, contact);
        step.Done(token);
    }

    public void Block(Step step, Contact contact)
    {
        if (contact.Record.State == ContactState.Blocked)
            return;
        parts.Calls.Leave(step, contact);
        parts.Paths.Close(step, contact, tell: false);
        contact.Record.StateBeforeBlock = contact.Record.State;
        contact.Record.State = ContactState.Blocked;
        parts.Files.GiveUp(step, contact);
        contact.DueByMailbox.Clear();
        contact.DueByPath.Clear();
        contact.TypingUntil = long.MinValue;
        step.Changed(contact);
    }

    public void SetPolicy(Step step, long token, SetPolicy command)
    {
        if (!Enum.IsDefined(command.Policy))
        {
            step.Complete(token, CommandRefusal.Malformed);
            return;
        }

        if (command.ContactId.IsEmpty)
        {
            var before = parts.State.Contacts.Values.ToDictionary(contact => contact, parts.State.PolicyFor);
            parts.State.Self!.DefaultPolicy = parts.State.Effective(command.Policy == Policy.Unspecified ? Policy.Automatic : command.Policy);
            step.SelfChanged();
            foreach (var (contact, policy) in before)
                PolicyChanged(step, contact, policy);
            step.Done(token);
            return;
        }

        if (Find(command.ContactId) is not { } one)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        var former = parts.State.PolicyFor(one);
        one.Record.Policy = command.Policy;
        step.Changed(one);
        PolicyChanged(step, one, former);
        step.Done(token);
    }

    /// <summary>How calls go: of one contact, or by default.</summary>
    public void SetCallPolicy(Step step, long token, SetCallPolicy command)
    {
        if (!Enum.IsDefined(command.Policy))
        {
            step.Complete(token, CommandRefusal.Malformed);
            return;
        }

        if (!command.ContactId.IsEmpty)
        {
            Change(step, token, command.ContactId, contact => contact.Record.CallPolicy = command.Policy);
            return;
        }

        parts.State.Self!.DefaultCallPolicy = command.Policy;
        step.SelfChanged();
        foreach (var contact in parts.State.Contacts.Values)
            step.Shown(contact);
        step.Done(token);
    }

    public void SetVerified(Step step, long token, SetVerified command) =>
        Change(step, token, command.ContactId, contact => contact.Record.Verified = command.Verified && contact.Identity is not null);

    public void SetGivenName(Step step, long token, SetGivenName command) =>
        Change(step, token, command.ContactId, contact => contact.Record.GivenName = NameText.Clean(command.Name));

    public void SafetyNumberOf(Step step, long token, GetSafetyNumber command)
    {
        if (Find(command.ContactId) is not { Identity: { } theirs } || parts.State.Device is not { } own)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        step.Complete(token, new CommandResult
        {
            SafetyNumber = SafetyNumber.Digits(own.Identity, theirs),
            SafetyCode = ByteString.CopyFrom(SafetyNumber.Code(own.Identity, theirs)),
        });
    }

    public void Remove(Step step, long token, RemoveContact command)
    {
        if (Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        Erase(step, contact);
        step.Done(token);
    }

    /// <summary>The contact, its conversation, keys and mailbox are no more.</summary>
    public void Erase(Step step, Contact contact)
    {
        parts.Calls.Leave(step, contact);
        parts.Calls.Forget(step, contact);
        parts.Files.Forget(step, contact);
        parts.Paths.Close(step, contact, tell: true);
        parts.Outbox.Forget(step, contact);
        parts.Seals.Forget(step, contact);
        parts.Inbox.Forget(step, contact);
        parts.Receipts.Forget(contact);
        if (contact.OpeningToken is { } opening)
        {
            // Its link was still being opened; whoever asked for that waits for a word.
            contact.OpeningToken = null;
            step.Complete(opening, CommandRefusal.UnknownContact);
        }

        if (contact.Box is { } box)
        {
            contact.Box = null;
            parts.Boxes.Discard(step, box);
        }

        step.Forget(contact.Id, contact.Record.Id);
        // Whoever still holds it, for a lookup that is under way, has nothing to do with it any more.
        contact.Record.State = ContactState.Unspecified;
        parts.State.Remove(contact);
        step.Deleted(contact);
    }

    /// <summary>Lets the last things go out, and then forgets the contact.</summary>
    public void Leave(Step step, Contact contact)
    {
        contact.Record.State = ContactState.Unspecified;
        step.Changed(contact);
        step.ViewDirty = true;
        Left(step, contact);
    }

    public void Left(Step step, Contact contact)
    {
        if (contact.IsLeaving && contact.Queue.Count == 0 && parts.State.Contacts.GetValueOrDefault(contact.Id) == contact)
            Erase(step, contact);
    }

    public void ProfileArrived(Step step, Contact contact, ProfileUpdate profile)
    {
        var name = NameText.Clean(profile.Name);
        if (name.Length > 0)
            contact.Record.Name = name;
        SetHidesAddress(step, contact, profile.HidesAddress);
        step.Changed(contact);
    }

    public void AddressArrived(Step step, Contact contact, ContactAddress address)
    {
        SetAddress(step, contact, address.ReplyTo, address.Prekeys);
        parts.Outbox.SessionReady(step, contact);
    }

    public void SetHidesAddress(Step step, Contact contact, bool hides)
    {
        if (contact.Record.TheyHideAddress == hides)
            return;
        contact.Record.TheyHideAddress = hides;
        step.Changed(contact);
        if (hides)
            parts.Paths.Close(step, contact, tell: false);
        parts.Files.WayChanged(step, contact);
        parts.Outbox.Dispatch(step, contact);
    }

    /// <summary>
    /// Where the contact is written to from now on. What is sealed to the former address is sealed anew: its wrap key opens nothing in the new one, and what
    /// lies there may be lost with a mailbox that is given up.
    /// </summary>
    public void SetAddress(Step step, Contact contact, MailboxAddress mailbox, PrekeyAddress prekeys)
    {
        if (contact.Device is not { } device)
            return;
        device.Prekeys = prekeys;
        if (!mailbox.Equals(device.Mailbox))
        {
            device.Mailbox = mailbox;
            contact.Queue.DoorShutUntil = null;
            contact.Queue.DoorGone = contact.Queue.LastFoundGone = false;
            contact.Queue.DoorBackoffMs = 0;
            parts.Outbox.TakeBack(step, contact);
            parts.Outbox.Unseal(step, contact);
        }

        step.Changed(contact);
    }

    private void Change(Step step, long token, ByteString id, Action<Contact> change)
    {
        if (Find(id) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        change(contact);
        step.Changed(contact);
        step.Done(token);
    }

    private void Unblock(Step step, Contact contact)
    {
        if (contact.Record.State != ContactState.Blocked)
            return;
        contact.Record.State = contact.Record.StateBeforeBlock;
        contact.Record.StateBeforeBlock = ContactState.Unspecified;
        step.Changed(contact);
        parts.Outbox.Dispatch(step, contact);
    }

    private void PolicyChanged(Step step, Contact contact, Policy former)
    {
        var policy = parts.State.PolicyFor(contact);
        step.Shown(contact);
        if (policy == former)
            return;
        if (policy == Policy.ServerOnly)
            parts.Paths.Close(step, contact, tell: true);
        if (contact.IsAccepted && (policy == Policy.ServerOnly) != (former == Policy.ServerOnly))
            parts.Profile.Tell(step, contact);
        parts.Files.WayChanged(step, contact);
        parts.Paths.Reconsider(step, contact);
        parts.Outbox.Dispatch(step, contact);
    }
}
