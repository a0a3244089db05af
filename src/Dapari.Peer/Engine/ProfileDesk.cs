using System.Text;
using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Local;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Engine;

/// <summary>Our own identity: made once, described to contacts, deleted.</summary>
internal sealed class ProfileDesk(Parts parts)
{
    private const uint SelfVersion = 1;

    public void Create(Step step, long token, CreateIdentity command)
    {
        var state = parts.State;
        var name = NameText.Clean(command.Name);
        var code = command.RegistrationCode.Trim();
        if (state.Self is not null || name.Length == 0 || !Origin.TryParse(command.HomeServer, out var home) || Encoding.UTF8.GetByteCount(code) > WireLimits.RegistrationCodeBytes)
        {
            step.Complete(token, state.Self is not null ? CommandRefusal.HasIdentity : name.Length == 0 ? CommandRefusal.Empty : CommandRefusal.Malformed);
            return;
        }

        using var identity = IdentityPrivateKey.Generate(state.Random);
        using var agreement = AgreementPrivateKey.Generate(state.Random);
        using var signing = SigningPrivateKey.Generate(state.Random);
        using var prekeyOwner = MailboxPrivateKey.Generate(state.Random);
        Use(state, new SelfRecord
        {
            Version = SelfVersion,
            Name = name,
            IdentitySeed = ByteString.CopyFrom(identity.ExportSecret()),
            DeviceAgreementPrivate = ByteString.CopyFrom(agreement.ExportSecret()),
            DeviceSigningSeed = ByteString.CopyFrom(signing.ExportSecret()),
            Certificate = DeviceCertificates.Issue(identity, DeviceId.Random(state.Random), agreement.PublicKey, signing.PublicKey, step.WallMs),
            HomeServer = home.Value,
            PrekeyStoreId = PrekeyStoreId.Random(state.Random).ToByteString(),
            PrekeyOwnerSeed = ByteString.CopyFrom(prekeyOwner.ExportSecret()),
            DefaultPolicy = Policy.Automatic,
            SendReadReceipts = true,
            SendTyping = true,
            Incarnation = 1,
            RegistrationCode = code,
        });
        state.Vault = PrekeyVault.Create(state.Device!, state.Random, Prekeys.PrekeyDesk.FirstCount, step.WallMs);
        step.SelfChanged();
        step.VaultChanged();
        parts.Servers.Want(step, home.Value);
        step.Done(token);
    }

    /// <summary>Takes an identity's keys into use.</summary>
    /// <exception cref="InvalidDataException">The record cannot be read, or is of a newer version.</exception>
    public static void Use(PeerState state, SelfRecord self)
    {
        if (self.Version != SelfVersion || !IdentityPrivateKey.TryRead(self.IdentitySeed.Span, out var identity)
            || !AgreementPrivateKey.TryRead(self.DeviceAgreementPrivate.Span, out var agreement)
            || !SigningPrivateKey.TryRead(self.DeviceSigningSeed.Span, out var signing)
            || !MailboxPrivateKey.TryRead(self.PrekeyOwnerSeed.Span, out var prekeyOwner))
            throw new InvalidDataException("The row \"self\" cannot be read.");
        state.Self = self;
        state.Identity = identity;
        state.Device = new LocalDevice(agreement, signing, self.Certificate);
        state.PrekeyOwner = prekeyOwner;
    }

    public void Set(Step step, long token, SetProfile command)
    {
        var self = parts.State.Self!;
        var name = NameText.Clean(command.Name);
        if (name.Length == 0)
        {
            step.Complete(token, CommandRefusal.Empty);
            return;
        }

        var renamed = self.Name != name;
        self.Name = name;
        self.SendReadReceipts = command.SendReadReceipts;
        self.SendTyping = command.SendTyping;
        step.SelfChanged();
        if (renamed)
        {
            foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.IsAccepted).ToList())
                Tell(step, contact);
        }

        step.Done(token);
    }

    /// <summary>Tells a contact our name and whether we hide our address.</summary>
    public void Tell(Step step, Contact contact)
    {
        parts.Outbox.DropUnsent(step, contact, Content.KindOneofCase.Profile);
        parts.Outbox.SendSetUp(step, contact, new Content
        {
            Profile = new ProfileUpdate { Name = parts.State.Self!.Name, HidesAddress = parts.State.PolicyFor(contact) == Policy.ServerOnly },
        });
    }

    /// <summary>Deletes everything here, and at the servers as far as they are connected.</summary>
    public void Delete(Step step, long token)
    {
        parts.Calls.EndAll(step);
        parts.Files.ForgetAll(step);
        foreach (var contact in parts.State.Contacts.Values.ToList())
            parts.Paths.Close(step, contact, tell: true);
        foreach (var box in parts.State.Boxes.Values)
        {
            if (parts.Servers.Find(box.Record.Server) is { IsOnline: true } connection && connection.OpenBoxes.Contains(box.Id))
            {
                connection.Send(step, new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = box.Record.MailboxId } }, new Asked.ToDeleteBox(box));
            }
        }

        parts.Invites.WithdrawAll(step);
        parts.Prekeys.Withdraw(step);
        parts.Servers.CloseAll(step);
        step.Done(token);
        step.Do(new PeerEffect.Wipe());
    }
}
