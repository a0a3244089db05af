using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Sessions;

/// <summary>Takes a contact's prekeys and begins a session: for a first request, and after a restore.</summary>
internal sealed class SessionStarter(Parts parts)
{
    private const long AskAgainMs = 60_000;
    private const long SoonMs = 5_000;

    public bool Needs(Contact contact) => contact.Record.State switch
    {
        ContactState.Accepted => !contact.HasSealingSession && contact.Device?.Prekeys is not null,
        ContactState.Inviting => contact.Identity is not null,
        _ => false,
    };

    public void Ask(Step step, Contact contact)
    {
        if (!Needs(contact) || contact.KeysAsked || step.Now.MonotonicMs < contact.KeysAskAt || contact.Device?.Prekeys is not { } address
            || parts.Servers.Want(step, address.Server) is not { IsOnline: true } connection)
            return;
        contact.KeysAsked = true;
        connection.Send(step, new ClientFrame { TakePrekeys = new TakePrekeys { StoreId = address.StoreId } }, new Asked.ForPrekeys(contact));
    }

    public void Online(Step step, ServerConnection connection)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.Device?.Prekeys?.Server == connection.Origin).ToList())
            Ask(step, contact);
    }

    public void Taken(Step step, Contact contact, PrekeyBundle bundle)
    {
        contact.KeysAsked = false;
        if (!IsCurrent(contact) || parts.State.Device is not { } own)
            return;
        contact.KeysAskAt = step.Now.MonotonicMs + AskAgainMs;
        if (DeviceCertificates.TryVerify(bundle.Device, out var device) != CertificateFault.None || device!.Identity != contact.Identity
            || Pqxdh.TryInitiate(own, bundle, device, parts.State.Random, out var session) != HandshakeFault.None)
            return;
        if (contact.Record.State == ContactState.Inviting)
        {
            parts.Openings.KeysTaken(step, contact, device, session!);
            return;
        }

        contact.Device!.Certificate = bundle.Device;
        parts.Seals.KeepOwn(step, contact, session!);
        // Whatever else there is to say: the other must hear of the session, or goes on sealing with one that we no longer open.
        if (contact.Box is { } box && parts.State.Self is { } self)
        {
            parts.Outbox.SendSetUp(step, contact, new Content
            {
                Address = new ContactAddress
                {
                    ReplyTo = box.ToAddress(), Prekeys = new PrekeyAddress { Server = self.HomeServer, StoreId = self.PrekeyStoreId },
                },
            });
            // A life that is lost may have told them otherwise.
            parts.Profile.Tell(step, contact);
        }

        parts.Outbox.SessionReady(step, contact);
    }

    public void Refused(Step step, Contact contact, Refusal refusal)
    {
        contact.KeysAsked = false;
        contact.KeysAskAt = step.Now.MonotonicMs + (refusal == Refusal.Rate ? SoonMs : AskAgainMs);
        step.Shown(contact);
    }

    public void NotAnswered(Step step, Contact contact)
    {
        contact.KeysAsked = false;
        contact.KeysAskAt = step.Now.MonotonicMs;
    }

    public void Tick(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (!contact.KeysAsked && contact.KeysAskAt != long.MinValue && contact.KeysAskAt <= step.Now.MonotonicMs && Needs(contact))
                Ask(step, contact);
        }
    }

    public long? DeadlineOf(Contact contact) =>
        !contact.KeysAsked && contact.KeysAskAt != long.MinValue && Needs(contact)
            && contact.Device?.Prekeys is { } address && parts.Servers.Find(address.Server) is { IsOnline: true }
            ? contact.KeysAskAt
            : null;

    private bool IsCurrent(Contact contact) => parts.State.Contacts.GetValueOrDefault(contact.Id) == contact && Needs(contact);
}
