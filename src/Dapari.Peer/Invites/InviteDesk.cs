using Dapari.Crypto;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Invites;

/// <summary>The invites that we make: published, used, revoked, expired, taken back from the server.</summary>
internal sealed class InviteDesk(Parts parts)
{
    private const uint BlobVersion = 1;
    private const int MaxClosed = 32;
    private const long LookEveryMs = 30_000;

    // Requests that lay in a closed invite's mailbox are answered; who goes on posting does not keep it open.
    private const long DrainMs = 60_000;

    // Ten years: more is taken for a mistake, and kept from overflowing.
    private const ulong LongestExpiryMs = 10UL * 365 * 24 * 60 * 60 * 1000;

    private long _lookAt = long.MinValue;

    public long? NextDeadline => parts.State.Invites.Values.Any(invite => !invite.Record.RemovedFromServer || invite.Record.Mailbox is not null) ? _lookAt : null;

    public void Make(Step step, long token, MakeInvite command)
    {
        var state = parts.State;
        if (state.Invites.Values.Count(invite => invite.Admits(step.Now.WallMs)) >= PeerState.MaxOpenInvites)
        {
            step.Complete(token, CommandRefusal.TooMany);
            return;
        }

        if (command.ExpiresInMs > LongestExpiryMs)
        {
            step.Complete(token, CommandRefusal.Malformed);
            return;
        }

        using var secret = InviteSecret.Generate(state.Random);
        using var owner = MailboxPrivateKey.Generate(state.Random);
        var id = InviteId.Random(state.Random);
        var record = new InviteRecord
        {
            Id = id.ToByteString(),
            Secret = ByteString.CopyFrom(secret.ExportSecret()),
            Reusable = command.Reusable,
            CreatedAtMs = step.WallMs,
            ExpiresAtMs = command.ExpiresInMs == 0 ? 0 : step.WallMs + command.ExpiresInMs,
            Label = NameText.Clean(command.Label, WireLimits.LabelLength),
            Server = state.Self!.HomeServer,
            Mailbox = OwnBox.Make(state.Self.HomeServer, state.Random),
            OwnerSeed = ByteString.CopyFrom(owner.ExportSecret()),
        };
        var invite = new OwnInvite(id, record);
        state.Invites.Add(id, invite);
        step.Changed(invite);
        parts.Boxes.Added(step, new OwnBox(record.Mailbox, null, invite) { Checked = true });
        if (parts.Servers.Want(step, record.Server) is { IsOnline: true } connection)
            Publish(step, connection, invite);
        step.Complete(token, new CommandResult { Invite = View(invite) });
    }

    public void Revoke(Step step, long token, RevokeInvite command)
    {
        if (!InviteId.TryRead(command.InviteId, out var id) || !parts.State.Invites.TryGetValue(id, out var invite))
        {
            step.Complete(token, CommandRefusal.UnknownInvite);
            return;
        }

        invite.Record.Revoked = true;
        Close(step, invite);
        step.Done(token);
    }

    /// <summary>A request came by it. A one-time invite is used up by the first.</summary>
    public void Used(Step step, OwnInvite invite)
    {
        invite.Record.Uses = invite.Record.Uses == uint.MaxValue ? uint.MaxValue : invite.Record.Uses + 1;
        step.Changed(invite);
        if (invite.IsUsedUp)
            Close(step, invite);
    }

    public void Online(Step step, ServerConnection connection)
    {
        foreach (var invite in parts.State.Invites.Values.Where(invite => invite.Record.Server == connection.Origin).ToList())
        {
            invite.IsToAskAgain = false;
            if (!invite.Admits(step.Now.WallMs))
                Withdraw(step, connection, invite);
            // One without an end is put there again: the server keeps it for its own longest time only.
            else if (!invite.Record.Published || invite.Record.ExpiresAtMs == 0)
                Publish(step, connection, invite);
        }
    }

    /// <summary>The server may be asked again: what it refused for the moment is said once more.</summary>
    public void PatienceOver(Step step, ServerConnection connection)
    {
        foreach (var invite in parts.State.Invites.Values.Where(invite => invite.IsToAskAgain && invite.Record.Server == connection.Origin).ToList())
        {
            invite.IsToAskAgain = false;
            if (invite.Admits(step.Now.WallMs))
                Publish(step, connection, invite);
            else
                Withdraw(step, connection, invite);
        }
    }

    public void Published(Step step, OwnInvite invite)
    {
        if (!IsKept(invite))
            return;
        invite.Record.Published = true;
        step.Changed(invite);
    }

    public void PublishingRefused(Step step, OwnInvite invite, Refusal refusal)
    {
        if (!IsKept(invite))
            return;
        invite.IsToAskAgain = refusal is Refusal.Rate or Refusal.Storage;
        if (refusal == Refusal.Rate || !invite.Record.Published)
            return;
        invite.Record.Published = false;
        step.Changed(invite);
    }

    public void WithdrawalRefused(Step step, OwnInvite invite, Refusal refusal)
    {
        if (refusal == Refusal.UnknownInvite)
            Withdrawn(step, invite);
        else if (refusal is Refusal.Rate or Refusal.Storage)
            invite.IsToAskAgain = true;
    }

    public void Withdrawn(Step step, OwnInvite invite)
    {
        if (!IsKept(invite))
            return;
        invite.Record.RemovedFromServer = true;
        step.Changed(invite);
        var closed = parts.State.Invites.Values.Where(other => other.Record.RemovedFromServer).OrderByDescending(other => other.Record.CreatedAtMs);
        foreach (var old in closed.Skip(MaxClosed).ToList())
            Remove(step, old);
        if (invite.Record is { Revoked: true, Mailbox: null } && IsKept(invite))
            Remove(step, invite);
    }

    /// <summary>So many requests lie in its mailbox. A closed one's is deleted when nobody is left who waits for an answer.</summary>
    public void Counted(Step step, OwnInvite invite, ulong stored)
    {
        if (invite.Admits(step.Now.WallMs) || !IsKept(invite))
            return;
        invite.DrainUntil ??= step.Now.MonotonicMs + DrainMs;
        if (stored > 0 && step.Now.MonotonicMs < invite.DrainUntil)
            return;
        DiscardBox(step, invite);
        if (invite.Record is { Revoked: true, RemovedFromServer: true })
            Remove(step, invite);
    }

    /// <summary>Takes every invite back from servers that are connected.</summary>
    public void WithdrawAll(Step step)
    {
        foreach (var invite in parts.State.Invites.Values)
        {
            if (parts.Servers.Find(invite.Record.Server) is { IsOnline: true } connection)
                Withdraw(step, connection, invite);
        }
    }

    public void Tick(Step step)
    {
        if (step.Now.MonotonicMs < _lookAt)
            return;
        _lookAt = step.Now.MonotonicMs + LookEveryMs;
        foreach (var invite in parts.State.Invites.Values.Where(invite => invite.Record.Mailbox is not null).ToList())
        {
            if (!invite.Admits(step.Now.WallMs))
                Close(step, invite);
        }
    }

    public static InviteView View(OwnInvite invite) => new()
    {
        Id = invite.Record.Id,
        Link = Origin.TryParse(invite.Record.Server, out var origin) ? InviteLink.Format(origin, invite.Record.Secret.Span) : "",
        Reusable = invite.Record.Reusable,
        CreatedAtMs = invite.Record.CreatedAtMs,
        ExpiresAtMs = invite.Record.ExpiresAtMs,
        Revoked = invite.Record.Revoked,
        Uses = invite.Record.Uses,
        Label = invite.Record.Label,
        Published = invite.Record.Published,
    };

    private bool IsKept(OwnInvite invite) => parts.State.Invites.GetValueOrDefault(invite.Id) == invite;

    private void Remove(Step step, OwnInvite invite)
    {
        DiscardBox(step, invite);
        parts.State.Invites.Remove(invite.Id);
        step.Deleted(invite);
    }

    /// <summary>Nobody comes by it any more: its blob goes, and its mailbox once who came too late has been told.</summary>
    private void Close(Step step, OwnInvite invite)
    {
        if (BoxOf(invite) is not { } box)
            invite.Record.Mailbox = null;
        else if (parts.Servers.Find(invite.Record.Server) is { IsOnline: true } open)
            OwnBoxes.AskUsage(step, open, box);
        step.Changed(invite);
        if (!invite.Record.RemovedFromServer && parts.Servers.Want(step, invite.Record.Server) is { IsOnline: true } connection)
            Withdraw(step, connection, invite);
    }

    private OwnBox? BoxOf(OwnInvite invite) =>
        MailboxId.TryRead(invite.Record.Mailbox?.MailboxId ?? ByteString.Empty, out var id) ? parts.State.Boxes.GetValueOrDefault(id) : null;

    private void DiscardBox(Step step, OwnInvite invite)
    {
        if (BoxOf(invite) is { } box)
            parts.Boxes.Discard(step, box);
        invite.Record.Mailbox = null;
        step.Changed(invite);
    }

    private void Publish(Step step, ServerConnection connection, OwnInvite invite)
    {
        if (parts.State is not { Self: { } self, Device: { } device } || invite.Record.Mailbox is not { } mailbox)
            return;
        var blob = new InviteBlob
        {
            Version = BlobVersion,
            InviteId = invite.Record.Id,
            Name = self.Name,
            Device = device.Certificate,
            Prekeys = new PrekeyAddress { Server = self.HomeServer, StoreId = self.PrekeyStoreId },
            Mailbox = new MailboxAddress
            {
                Server = mailbox.Server, MailboxId = mailbox.MailboxId, SenderSeed = mailbox.SenderSeed, WrapKey = mailbox.WrapKey,
            },
            ExpiresAtMs = invite.Record.ExpiresAtMs,
            Reusable = invite.Record.Reusable,
        };
        connection.Send(step, new ClientFrame
        {
            PutInvite = new PutInvite
            {
                BlobId = invite.Secret.BlobId.ToByteString(),
                Blob = ByteString.CopyFrom(invite.Secret.SealBlob(blob)),
                OwnerKey = invite.Owner.PublicKey.ToByteString(),
                Signature = Prove(connection, invite),
                ExpiresInMs = invite.Record.ExpiresAtMs == 0 ? 0 : invite.Record.ExpiresAtMs - step.WallMs,
            },
        }, new Asked.ToPublish(invite));
    }

    private void Withdraw(Step step, ServerConnection connection, OwnInvite invite)
    {
        if (invite.Record.RemovedFromServer)
            return;
        connection.Send(step, new ClientFrame
        {
            DeleteInvite = new DeleteInvite { BlobId = invite.Secret.BlobId.ToByteString(), Signature = Prove(connection, invite) },
        }, new Asked.ToWithdraw(invite));
    }

    private static ByteString Prove(ServerConnection connection, OwnInvite invite) =>
        ByteString.CopyFrom(invite.Owner.Sign(ProofMessage.InviteOwner(connection.Host, connection.Challenge, invite.Secret.BlobId)));
}
