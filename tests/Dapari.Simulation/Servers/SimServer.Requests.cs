using Dapari.Simulation.Network;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Servers;

/// <summary>What each request does to the database.</summary>
internal sealed partial class SimServer
{
    private readonly Dictionary<InviteBlobId, (byte[] Blob, byte[] Owner, long ExpiresAt)> _invites = [];
    private readonly Dictionary<PrekeyStoreId, SimPrekeys> _prekeys = [];

    public void PutFromAdversary(MailboxId id, EnvelopeId envelopeId, byte[] envelope)
    {
        if (!Up || !Mailboxes.TryGetValue(id, out var mailbox) || mailbox.Held.Contains(envelopeId))
            return;
        Store(mailbox, envelopeId, envelope);
        if (mailbox.Listener is { } listener)
            Deliver(listener, mailbox, mailbox.NextSequence - 1);
    }

    private ServerFrame Apply(SimConnection connection, ClientFrame frame)
    {
        if (DiskFull && frame.KindCase is not (ClientFrame.KindOneofCase.Live or ClientFrame.KindOneofCase.OpenMailbox or ClientFrame.KindOneofCase.OpenSender
            or ClientFrame.KindOneofCase.GetInvite or ClientFrame.KindOneofCase.GetUsage or ClientFrame.KindOneofCase.CloseMailbox))
            return Refuse(Refusal.Storage, 1_000);
        return frame.KindCase switch
        {
            ClientFrame.KindOneofCase.CreateMailbox => Create(connection, frame.CreateMailbox),
            ClientFrame.KindOneofCase.OpenMailbox => Open(connection, frame.OpenMailbox),
            ClientFrame.KindOneofCase.OpenSender => OpenSender(connection, frame.OpenSender),
            ClientFrame.KindOneofCase.Post => Post(connection, frame.Post),
            ClientFrame.KindOneofCase.Live => Live(connection, frame.Live),
            ClientFrame.KindOneofCase.Acknowledge => Acknowledge(connection, frame.Acknowledge),
            ClientFrame.KindOneofCase.DeleteMailbox => Delete(connection, frame.DeleteMailbox),
            ClientFrame.KindOneofCase.CloseMailbox => Close(connection, frame.CloseMailbox),
            ClientFrame.KindOneofCase.GetUsage => GetUsage(connection, frame.GetUsage),
            ClientFrame.KindOneofCase.PutInvite => PutInvite(connection, frame.PutInvite),
            ClientFrame.KindOneofCase.GetInvite => GetInvite(frame.GetInvite),
            ClientFrame.KindOneofCase.DeleteInvite => DeleteInvite(connection, frame.DeleteInvite),
            ClientFrame.KindOneofCase.PutPrekeys => PutPrekeys(connection, frame.PutPrekeys),
            ClientFrame.KindOneofCase.TakePrekeys => TakePrekeys(frame.TakePrekeys),
            ClientFrame.KindOneofCase.BeginBlob => BeginBlob(connection, frame.BeginBlob),
            ClientFrame.KindOneofCase.GetBlobUsage => GetBlobUsage(connection, frame.GetBlobUsage),
            ClientFrame.KindOneofCase.TakeRelayAccess => new ServerFrame
            {
                RelayAccess = new RelayAccess { Urls = { "turn:relay.sim" }, Username = "u", Password = "p", LifetimeSeconds = 3600 },
            },
            _ => Refuse(Refusal.Malformed),
        };
    }

    /// <summary>Step two, after the group is durable and answered: deliveries.</summary>
    private void AfterAnswer(SimConnection connection, ClientFrame frame, ServerFrame answer)
    {
        switch (frame.KindCase)
        {
            case ClientFrame.KindOneofCase.OpenMailbox or ClientFrame.KindOneofCase.CreateMailbox
                when answer.KindCase is ServerFrame.KindOneofCase.MailboxOpened or ServerFrame.KindOneofCase.Done:
                MailboxId.TryRead(frame.OpenMailbox?.MailboxId ?? frame.CreateMailbox.MailboxId, out var opened);
                if (!Mailboxes.TryGetValue(opened, out var own) || !connection.AtServer)
                    break;
                if (own.Listener is { } former && former != connection)
                    former.Answer(0, new ServerFrame { MailboxTaken = new MailboxTaken { MailboxId = opened.ToByteString() } });
                own.Listener = connection;
                foreach (var sequence in own.Envelopes.Keys)
                    Deliver(connection, own, sequence);
                break;
            case ClientFrame.KindOneofCase.Post when answer.KindCase == ServerFrame.KindOneofCase.Posted:
                MailboxId.TryRead(frame.Post.MailboxId, out var to);
                EnvelopeId.TryRead(frame.Post.EnvelopeId, out var envelope);
                if (!Mailboxes.TryGetValue(to, out var mailbox) || mailbox.Listener is not { } listener)
                    break;
                foreach (var (sequence, stored) in mailbox.Envelopes.Reverse())
                {
                    if (stored.Id == envelope)
                    {
                        Deliver(listener, mailbox, sequence);
                        break;
                    }
                }

                break;
            case ClientFrame.KindOneofCase.TakePrekeys when answer.KindCase == ServerFrame.KindOneofCase.Prekeys:
                PrekeyStoreId.TryRead(frame.TakePrekeys.StoreId, out var store);
                if (_prekeys.TryGetValue(store, out var kept) && kept.Owner is { AtServer: true } owner && kept.OneTime.Count < 5)
                    owner.Answer(0, new ServerFrame { PrekeyCount = kept.Count(frame.TakePrekeys.StoreId) });
                break;
            default:
                break;
        }
    }

    private void Deliver(SimConnection connection, SimMailbox mailbox, ulong sequence)
    {
        var stored = mailbox.Envelopes[sequence];
        connection.Answer(0, new ServerFrame
        {
            Deliver = new Deliver
            {
                MailboxId = mailbox.Id.ToByteString(),
                Sequence = sequence,
                Envelope = UnsafeByteOperations.UnsafeWrap(stored.Envelope),
                LayMs = (ulong)Math.Max(0, _world.Now - stored.StoredAt),
            },
        });
    }

    private ServerFrame Create(SimConnection connection, CreateMailbox ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        var proof = ProofMessage.MailboxOwner(Host, connection.Challenge, id);
        if (!Proofs.Holds(ask.OwnerKey, proof, ask.Signature))
            return Unproved(connection, "CreateMailbox");
        if (Mailboxes.TryGetValue(id, out var there))
        {
            if (!there.OwnerKey.AsSpan().SequenceEqual(ask.OwnerKey.Span) || !there.SenderKey.AsSpan().SequenceEqual(ask.SenderKey.Span))
                return Refuse(Refusal.Taken);
        }
        else
        {
            Mailboxes[id] = new SimMailbox(id, ask.OwnerKey.ToByteArray(), ask.SenderKey.ToByteArray());
        }

        connection.Owned.Add(id);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Open(SimConnection connection, OpenMailbox ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        if (!Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.UnknownMailbox);
        if (!Proofs.Holds(mailbox.OwnerKey, ProofMessage.MailboxOwner(Host, connection.Challenge, id), ask.Signature))
            return Unproved(connection, "OpenMailbox");
        connection.Owned.Add(id);
        return new ServerFrame
        {
            MailboxOpened = new MailboxOpened
            {
                WaitingEnvelopes = (ulong)mailbox.Envelopes.Count, HighestAcknowledged = mailbox.HighestAcknowledged,
            },
        };
    }

    private ServerFrame OpenSender(SimConnection connection, OpenSender ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        if (!Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.UnknownMailbox);
        if (!Proofs.Holds(mailbox.SenderKey, ProofMessage.MailboxSender(Host, connection.Challenge, id), ask.Signature))
            return Unproved(connection, "OpenSender");
        connection.Sending.Add(id);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Post(SimConnection connection, Post ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        EnvelopeId.TryRead(ask.EnvelopeId, out var envelope);
        if (!connection.Sending.Contains(id))
            return Refuse(Refusal.NotOpen);
        if (!Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.UnknownMailbox);
        if (_random.Chance(RateRefusals))
            return Refuse(Refusal.Rate, (uint)_random.Between(100, 3_000));
        if (!mailbox.Held.Contains(envelope))
        {
            if (mailbox.Envelopes.Count >= Quota)
                return Refuse(Refusal.MailboxFull, 2_000);
            if (_world.Options.Sabotage == Sabotage.ServerDropsPosted && _world.Strike())
                _world.Note(Name, $"drops {envelope}");
            else
                Store(mailbox, envelope, ask.Envelope.ToByteArray());
        }

        _world.Ledger.Durable(envelope);
        return new ServerFrame { Posted = new Posted { RecipientConnected = mailbox.Listener is not null } };
    }

    private void Store(SimMailbox mailbox, EnvelopeId id, byte[] envelope)
    {
        mailbox.Envelopes[mailbox.NextSequence++] = new StoredEnvelope(id, envelope, _world.Now);
        mailbox.Held.Add(id);
        mailbox.Bytes += envelope.Length;
    }

    private ServerFrame Acknowledge(SimConnection connection, Acknowledge ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        if (!connection.Owned.Contains(id))
            return Refuse(Refusal.NotOpen);
        if (!Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.UnknownMailbox);
        foreach (var sequence in ask.Sequences)
        {
            mailbox.Remove(sequence);
            if (sequence < mailbox.NextSequence)
                mailbox.HighestAcknowledged = Math.Max(mailbox.HighestAcknowledged, sequence);
        }

        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Delete(SimConnection connection, DeleteMailbox ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        if (!connection.Owned.Contains(id))
            return Refuse(Refusal.NotOpen);
        Mailboxes.Remove(id);
        connection.Owned.Remove(id);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Close(SimConnection connection, CloseMailbox ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        connection.Owned.Remove(id);
        if (Mailboxes.TryGetValue(id, out var mailbox) && mailbox.Listener == connection)
            mailbox.Listener = null;
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame GetUsage(SimConnection connection, GetUsage ask)
    {
        MailboxId.TryRead(ask.MailboxId, out var id);
        if (!connection.Owned.Contains(id) || !Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.NotOpen);
        return new ServerFrame
        {
            Usage = new Usage
            {
                StoredBytes = (ulong)mailbox.Bytes,
                StoredEnvelopes = (ulong)mailbox.Envelopes.Count,
                QuotaBytes = 64 << 20,
                QuotaEnvelopes = (ulong)Quota,
                RetentionDays = World.RetentionDays,
            },
        };
    }

    private ServerFrame PutInvite(SimConnection connection, PutInvite ask)
    {
        InviteBlobId.TryRead(ask.BlobId, out var id);
        if (!Proofs.Holds(ask.OwnerKey, ProofMessage.InviteOwner(Host, connection.Challenge, id), ask.Signature))
            return Unproved(connection, "PutInvite");
        if (_invites.TryGetValue(id, out var there) && !there.Owner.AsSpan().SequenceEqual(ask.OwnerKey.Span))
            return Refuse(Refusal.Taken);
        var longest = World.RetentionDays * 86_400_000L * 12;
        var lasts = ask.ExpiresInMs == 0 ? longest : (long)Math.Min(ask.ExpiresInMs, (ulong)longest);
        _invites[id] = (ask.Blob.ToByteArray(), ask.OwnerKey.ToByteArray(), _world.Now + lasts);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame GetInvite(GetInvite ask)
    {
        InviteBlobId.TryRead(ask.BlobId, out var id);
        return _invites.TryGetValue(id, out var invite) && invite.ExpiresAt > _world.Now
            ? new ServerFrame { Invite = new Invite { Blob = ByteString.CopyFrom(invite.Blob) } }
            : Refuse(Refusal.UnknownInvite);
    }

    private ServerFrame DeleteInvite(SimConnection connection, DeleteInvite ask)
    {
        InviteBlobId.TryRead(ask.BlobId, out var id);
        if (!_invites.TryGetValue(id, out var invite))
            return Refuse(Refusal.UnknownInvite);
        if (!Proofs.Holds(invite.Owner, ProofMessage.InviteOwner(Host, connection.Challenge, id), ask.Signature))
            return Unproved(connection, "DeleteInvite");
        _invites.Remove(id);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame PutPrekeys(SimConnection connection, PutPrekeys ask)
    {
        PrekeyStoreId.TryRead(ask.StoreId, out var id);
        if (!Proofs.Holds(ask.OwnerKey, ProofMessage.PrekeysOwner(Host, connection.Challenge, id), ask.Signature))
            return Unproved(connection, "PutPrekeys");
        if (_prekeys.TryGetValue(id, out var kept) && !kept.OwnerKey.AsSpan().SequenceEqual(ask.OwnerKey.Span))
            return Refuse(Refusal.Taken);
        kept ??= new SimPrekeys(ask.OwnerKey.ToByteArray());
        _prekeys[id] = kept;
        kept.Put(ask, connection);
        return new ServerFrame { PrekeyCount = kept.Count(ask.StoreId) };
    }

    private ServerFrame TakePrekeys(TakePrekeys ask)
    {
        PrekeyStoreId.TryRead(ask.StoreId, out var id);
        return _prekeys.TryGetValue(id, out var kept)
            ? new ServerFrame { Prekeys = new Prekeys { Bundle = kept.Take() } }
            : Refuse(Refusal.UnknownPrekeys);
    }

    private ServerFrame Unproved(SimConnection connection, string what)
    {
        _world.Broken($"{connection.Peer.Name}'s proof for {what} at {Name} does not hold");
        return Refuse(Refusal.UnknownMailbox);
    }
}
