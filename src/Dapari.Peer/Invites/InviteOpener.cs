using System.Diagnostics.CodeAnalysis;
using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Invites;

/// <summary>
/// Opens the invites of others. Steps: 1. the link is kept as a contact INVITING under a provisional id; 2. the blob is fetched and the contact gets
/// its own id; 3. prekeys are taken; 4. the request is sealed and posted to the invite's mailbox: ASKED. Each step survives a restart.
/// </summary>
internal sealed class InviteOpener(Parts parts)
{
    private const uint BlobVersion = 1;
    private const long AnswerWithinMs = 5_000;

    /// <summary>Step 1. Completed when the blob is there, or after a while, offline, with the provisional id.</summary>
    public void Open(Step step, long token, OpenInvite command)
    {
        if (!InviteLink.TryParse(command.Link, out var origin, out var bytes, out _) || !InviteSecret.TryRead(bytes, out var secret))
        {
            step.Complete(token, CommandRefusal.BadLink);
            return;
        }

        using (secret)
        {
            if (parts.State.Invites.Values.Any(invite => invite.Secret.HasSameSecret(secret)))
            {
                step.Complete(token, CommandRefusal.OwnInvite);
                return;
            }

            var seed = ByteString.CopyFrom(bytes);
            if (parts.State.Contacts.Values.FirstOrDefault(known => known.Record.InviteSecret == seed) is { } before)
            {
                OpenAgain(step, token, before);
                return;
            }

            if (parts.State.Contacts.Count >= PeerState.MaxContacts || !ContactId.TryRead(secret.BlobId.ToArray(), out var provisional))
            {
                step.Complete(token, CommandRefusal.TooMany);
                return;
            }

            var contact = new Contact(provisional, new ContactRecord
            {
                Id = provisional.ToByteString(),
                State = ContactState.Inviting,
                InviteSecret = seed,
                AddedAtMs = step.WallMs,
                Devices = { new RemoteDevice { Prekeys = new PrekeyAddress { Server = origin.Value } } },
            })
            {
                OpeningToken = token,
                OpeningUntil = step.Now.MonotonicMs + AnswerWithinMs,
            };
            parts.State.Add(contact);
            step.Changed(contact);
            Fetch(step, contact);
        }
    }

    /// <summary>Whether something is still to be had for an INVITING contact from this server.</summary>
    public bool Needs(Contact contact, string origin) => !contact.InviteGone && contact.Device?.Prekeys?.Server == origin;

    public void Online(Step step, ServerConnection connection)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => IsToFetch(contact) && Needs(contact, connection.Origin)).ToList())
            Fetch(step, contact);
    }

    public void Retry(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(IsToFetch).ToList())
        {
            contact.InviteGone = false;
            Fetch(step, contact);
        }
    }

    public void NotAnswered(Contact contact) => contact.KeysAsked = false;

    public void Refused(Step step, Contact contact, Refusal refusal)
    {
        contact.KeysAsked = false;
        if (!IsToFetch(contact) || refusal is Refusal.Rate or Refusal.Storage)
            return;
        if (contact.OpeningToken is { } token)
        {
            // Nobody saw it yet: as if it had never been opened.
            contact.OpeningToken = null;
            Drop(step, contact);
            step.Complete(token, CommandRefusal.UnknownInvite);
            return;
        }

        contact.InviteGone = true;
        step.Shown(contact);
    }

    /// <summary>Step 2.</summary>
    public void Fetched(Step step, Contact provisional, ByteString sealedBlob)
    {
        provisional.KeysAsked = false;
        if (!IsToFetch(provisional) || parts.State.Device is not { } own)
            return;
        if (!TryRead(provisional, sealedBlob, out var blob, out var device))
        {
            Refused(step, provisional, Refusal.UnknownInvite);
            return;
        }

        var refusal = CommandRefusal.Unspecified;
        Contact? contact = null;
        if (device.Identity == own.Identity)
            refusal = CommandRefusal.OwnInvite;
        else if (parts.State.ByIdentity.TryGetValue(device.Identity, out contact))
            refusal = OpenKnown(step, contact, provisional, blob, device);
        else
            contact = Add(step, provisional, blob, device);
        if (contact is not null && contact.Record.State == ContactState.Inviting)
            parts.Keys.Ask(step, contact);
        if (provisional.OpeningToken is { } token)
            step.Complete(token, new CommandResult { Refusal = refusal, ContactId = contact?.Record.Id ?? ByteString.Empty });
        provisional.OpeningToken = null;
        Drop(step, provisional);
    }

    /// <summary>Step 4, after step 3 in <see cref="Sessions.SessionStarter"/>.</summary>
    public void KeysTaken(Step step, Contact contact, VerifiedDevice device, Session session)
    {
        if (contact.Device is not { Mailbox: { } mailbox } remote || parts.State is not { Self: { } self, Device: { } own }
            || !InviteSecret.TryRead(contact.Record.InviteSecret.Span, out var secret))
            return;
        using (secret)
        {
            remote.Certificate = device.Certificate;
            parts.Seals.KeepOwn(step, contact, session);
            parts.Contacts.GiveBox(step, contact);
            contact.Record.State = ContactState.Asked;
            step.Changed(contact);
            parts.Outbox.SendSetUp(step, contact, new Content
            {
                ContactRequest = new ContactRequest
                {
                    Name = self.Name,
                    InviteId = contact.Record.InviteId,
                    InviteProof = ByteString.CopyFrom(secret.Proof(own.Certificate)),
                    ReplyTo = contact.Box!.ToAddress(),
                    Prekeys = new PrekeyAddress { Server = self.HomeServer, StoreId = self.PrekeyStoreId },
                    HidesAddress = parts.State.PolicyFor(contact) == Policy.ServerOnly,
                    Clock = contact.Record.Clock,
                },
            });
            parts.Servers.Want(step, mailbox.Server);
        }
    }

    public void Tick(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.OpeningToken is not null).ToList())
        {
            if (step.Now.MonotonicMs < contact.OpeningUntil)
                continue;
            step.Complete(contact.OpeningToken!.Value, new CommandResult { ContactId = contact.Record.Id });
            contact.OpeningToken = null;
        }
    }

    private static bool IsToFetch(Contact contact) => contact.Record.State == ContactState.Inviting && contact.Identity is null;

    private static void SetDevice(Contact contact, InviteBlob blob)
    {
        var device = contact.Device;
        if (device is null)
            contact.Record.Devices.Add(device = new RemoteDevice());
        device.Certificate = blob.Device;
        device.Mailbox = blob.Mailbox;
        device.Prekeys = blob.Prekeys;
    }

    private static bool TryRead(
        Contact provisional, ByteString bytes, [NotNullWhen(true)] out InviteBlob? blob, [NotNullWhen(true)] out VerifiedDevice? device)
    {
        blob = null;
        device = null;
        if (!InviteSecret.TryRead(provisional.Record.InviteSecret.Span, out var secret))
            return false;
        using (secret)
        {
            return secret.TryOpenBlob(bytes.Span, out blob) && blob is { Version: BlobVersion, InviteId.Length: InviteId.Length }
                && Shape.IsMailboxAddress(blob.Mailbox) && Shape.IsPrekeyAddress(blob.Prekeys)
                && DeviceCertificates.TryVerify(blob.Device, out device) == CertificateFault.None && device is not null;
        }
    }

    private Contact Add(Step step, Contact provisional, InviteBlob blob, VerifiedDevice device)
    {
        var id = device.Identity.ToContactId();
        var contact = new Contact(id, new ContactRecord
        {
            Id = id.ToByteString(),
            IdentityKey = device.Identity.ToByteString(),
            Name = NameText.Clean(blob.Name),
            GivenName = provisional.Record.GivenName,
            Policy = provisional.Record.Policy,
            State = ContactState.Inviting,
            InviteId = blob.InviteId,
            InviteSecret = provisional.Record.InviteSecret,
            AddedAtMs = provisional.Record.AddedAtMs,
        });
        SetDevice(contact, blob);
        parts.State.Add(contact);
        step.Changed(contact);
        return contact;
    }

    private CommandRefusal OpenKnown(Step step, Contact contact, Contact provisional, InviteBlob blob, VerifiedDevice device)
    {
        switch (contact.Record.State)
        {
            case ContactState.Accepted when contact.Queue.LastFoundGone:
                // They removed us, and now invite us anew: asked again. What is still to be said to them waits for the answer.
                parts.Paths.Close(step, contact, tell: false);
                Wait(step, contact);
                AskAnew(step, contact, provisional, blob);
                return CommandRefusal.Unspecified;
            case ContactState.Accepted:
                return CommandRefusal.AlreadyContact;
            case ContactState.Blocked:
                return CommandRefusal.Blocked;
            case ContactState.Asking:
                // They asked already: opening their invite is a yes.
                parts.Requests.Accept(step, contact);
                return CommandRefusal.Unspecified;
            default:
                // Asked before by another invite, declined, or on the way out: asked anew. What was written meanwhile waits for the answer.
                if (contact.IsLeaving)
                    parts.Outbox.Forget(step, contact);
                Wait(step, contact);
                AskAnew(step, contact, provisional, blob);
                return device.Identity == contact.Identity ? CommandRefusal.Unspecified : throw new InvalidOperationException("Another identity.");
        }
    }

    /// <summary>No session of before is used any more: messages wait for a new one, and the rest is of a time that is over.</summary>
    private void Wait(Step step, Contact contact)
    {
        parts.Seals.Forget(step, contact);
        parts.Outbox.TakeBack(step, contact);
        if (!contact.IsLeaving)
            parts.Outbox.DropUntracked(step, contact);
        parts.Outbox.Unseal(step, contact);
    }

    private static void AskAnew(Step step, Contact contact, Contact provisional, InviteBlob blob)
    {
        SetDevice(contact, blob);
        contact.Record.State = ContactState.Inviting;
        contact.Record.InviteId = blob.InviteId;
        contact.Record.InviteSecret = provisional.Record.InviteSecret;
        contact.Queue.DoorShutUntil = null;
        contact.Queue.DoorGone = contact.Queue.LastFoundGone = false;
        contact.KeysAskAt = long.MinValue;
        contact.InviteGone = contact.Record.InviteGone = false;
        step.Changed(contact);
    }

    private void OpenAgain(Step step, long token, Contact contact)
    {
        if (contact.IsAccepted)
        {
            step.Complete(token, new CommandResult { Refusal = CommandRefusal.AlreadyContact, ContactId = contact.Record.Id });
            return;
        }

        contact.InviteGone = false;
        if (IsToFetch(contact))
            Fetch(step, contact);
        step.Complete(token, new CommandResult { ContactId = contact.Record.Id });
    }

    private void Fetch(Step step, Contact contact)
    {
        if (contact.KeysAsked || contact.Device?.Prekeys is not { } address || parts.Servers.Want(step, address.Server) is not { IsOnline: true } connection
            || !InviteSecret.TryRead(contact.Record.InviteSecret.Span, out var secret))
            return;
        using (secret)
        {
            contact.KeysAsked = true;
            connection.Send(step, new ClientFrame { GetInvite = new GetInvite { BlobId = secret.BlobId.ToByteString() } }, new Asked.ForInvite(contact));
        }
    }

    private void Drop(Step step, Contact provisional)
    {
        parts.State.Remove(provisional);
        step.Deleted(provisional);
    }
}
