using Dapari.Crypto;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Kind = Dapari.Wire.V1.ClientFrame.KindOneofCase;

namespace Dapari.Testing;

/// <summary>
/// The mailbox rules of frames.proto, in memory and at once: proofs are checked, envelopes lie until they are acknowledged, one-time prekeys go to one taker.
/// Connections are numbers; what the server says is put into <see cref="Outgoing"/>.
/// </summary>
public sealed partial class ModelServer(string origin, Func<long> now)
{
    private readonly Dictionary<int, Connection> _connections = [];
    private readonly Dictionary<MailboxId, Mailbox> _mailboxes = [];
    private readonly Dictionary<ByteString, (ByteString Blob, MailboxPublicKey Owner, long Until)> _invites = [];
    private readonly Dictionary<ByteString, PrekeyStore> _prekeys = [];
    private readonly SeededRandom _random = new(77);

    public string Origin { get; } = origin;

    public Queue<(int Connection, byte[] Frame)> Outgoing { get; } = new();

    /// <summary>What a welcome names for finding ways.</summary>
    public List<IceServer> IceServers { get; } = [];

    /// <summary>What it gives to who asks for its relay; null: it has none.</summary>
    public RelayAccess? RelayAccess { get; set; }

    /// <summary>Envelopes that one mailbox holds at most.</summary>
    public int MailboxEnvelopes { get; set; } = 10_000;

    /// <summary>So many openings of mailboxes are refused for coming too fast.</summary>
    public int RefusedOpenings { get; set; }

    /// <summary>The key with which it wakes devices; empty: it wakes none.</summary>
    public ByteString PushKey { get; set; } = ByteString.Empty;

    /// <summary>So many subscriptions are refused.</summary>
    public Queue<Refusal> WakeRefusals { get; } = new();

    /// <summary>How the owners of mailboxes are woken; one entry for each mailbox, null where nobody is.</summary>
    public IReadOnlyList<WakeSubscription?> Wakes => [.. _mailboxes.Values.Select(mailbox => mailbox.Wake)];

    /// <summary>Uploads of prekeys are refused, as by a full disk.</summary>
    public bool RefusesPrekeys { get; set; }

    /// <summary>Whether it has a relay is not said, as by one who is asked too often.</summary>
    public bool PutsRelayOff { get; set; }

    /// <summary>Acknowledgements are refused, as by a full disk.</summary>
    public bool RefusesAcknowledgements { get; set; }

    public long RetentionMs { get; set; } = 30L * 24 * 60 * 60 * 1000;

    /// <summary>Every frame that clients said, by kind.</summary>
    public Dictionary<Kind, int> Said { get; } = [];

    public int MailboxCount => _mailboxes.Count;

    public int InviteCount => _invites.Count;

    public int StoredEnvelopes => _mailboxes.Values.Sum(mailbox => mailbox.Stored.Count);

    public IEnumerable<byte[]> Stored => _mailboxes.Values.SelectMany(mailbox => mailbox.Stored.Select(stored => stored.Envelope.ToByteArray()));

    /// <summary>Takes out of each mailbox the envelope at this place, as a dishonest server could.</summary>
    public void DropStored(int index)
    {
        foreach (var mailbox in _mailboxes.Values.Where(mailbox => mailbox.Stored.Count > index))
            mailbox.Stored.RemoveAt(index);
    }

    /// <summary>Puts an envelope into every mailbox, as a dishonest server could.</summary>
    public void PutStored(byte[] envelope)
    {
        foreach (var mailbox in _mailboxes.Values)
            mailbox.Stored.Add(new StoredEnvelope(++mailbox.Sequence, ByteString.CopyFrom(_random.Bytes(16)), ByteString.CopyFrom(envelope), now()));
    }

    public void Connect(int connection) => _connections[connection] = new Connection(_random.Bytes(ProofMessage.ChallengeLength));

    public void Disconnect(int connection)
    {
        _connections.Remove(connection);
        foreach (var mailbox in _mailboxes.Values.Where(mailbox => mailbox.OpenedBy == connection))
            mailbox.OpenedBy = null;
    }

    /// <summary>Forgets everything, as a server whose disk was replaced.</summary>
    public void Lose()
    {
        _mailboxes.Clear();
        _invites.Clear();
        _prekeys.Clear();
        _blobs.Clear();
    }

    /// <summary>Delivers again, on the same connection, what lies unacknowledged.</summary>
    public void DeliverAgain()
    {
        foreach (var (id, mailbox) in _mailboxes.Where(mailbox => mailbox.Value.OpenedBy is not null))
        {
            foreach (var stored in mailbox.Stored)
                Deliver(id, mailbox, stored);
        }
    }

    public void Receive(int number, byte[] bytes)
    {
        if (!_connections.TryGetValue(number, out var connection))
            return;
        if (!FrameCodec.TryRead(bytes, out ClientFrame? frame, out _))
        {
            Say(number, new ServerFrame { Refused = new Refused { Refusal = Refusal.Malformed } });
            return;
        }

        Said[frame.KindCase] = Said.GetValueOrDefault(frame.KindCase) + 1;
        Expire();
        var answer = Answer(number, connection, frame);
        answer.Request = frame.Request;
        Say(number, answer);
        if (answer.KindCase == ServerFrame.KindOneofCase.MailboxOpened)
            DeliverAll(frame.OpenMailbox.MailboxId);
        else if (frame.KindCase == Kind.CreateMailbox && answer.KindCase == ServerFrame.KindOneofCase.Done)
            DeliverAll(frame.CreateMailbox.MailboxId);
    }

    private static ServerFrame Refuse(Refusal refusal) => new() { Refused = new Refused { Refusal = refusal, RetryAfterMs = 500 } };

    private ServerFrame Answer(int number, Connection connection, ClientFrame frame)
    {
        switch (frame.KindCase)
        {
            case Kind.Hello:
                return new ServerFrame
                {
                    Welcome = new Welcome
                    {
                        Version = 1,
                        Challenge = ByteString.CopyFrom(connection.Challenge),
                        ServerTimeMs = (ulong)now(),
                        Limits = new Limits { RetentionDays = 30, IdleSeconds = 90, MailboxesPerConnection = 2000, EnvelopeBytes = WireLimits.EnvelopeBytes },
                        IceServers = { IceServers },
                        PushKey = PushKey,
                    },
                };
            case Kind.Ping:
                return new ServerFrame { Pong = new Pong() };
            case Kind.CreateMailbox:
                return Create(number, connection, frame.CreateMailbox);
            case Kind.OpenMailbox:
                return Open(number, connection, frame.OpenMailbox);
            case Kind.OpenSender:
                return OpenSender(connection, frame.OpenSender);
            case Kind.Post:
                return Post(connection, frame.Post);
            case Kind.Live:
                return Live(connection, frame.Live);
            case Kind.Acknowledge:
                return Acknowledge(number, frame.Acknowledge);
            case Kind.DeleteMailbox:
                if (Owned(number, frame.DeleteMailbox.MailboxId) is null)
                    return Refuse(Refusal.NotOpen);
                _mailboxes.Remove(Id(frame.DeleteMailbox.MailboxId));
                return new ServerFrame { Done = new Done() };
            case Kind.GetUsage:
                return Owned(number, frame.GetUsage.MailboxId) is { } used
                    ? new ServerFrame { Usage = new Usage { StoredEnvelopes = (ulong)used.Stored.Count, QuotaEnvelopes = (ulong)MailboxEnvelopes, RetentionDays = 30 } }
                    : Refuse(Refusal.NotOpen);
            case Kind.SetWake when WakeRefusals.TryDequeue(out var refusal):
                return Refuse(refusal);
            case Kind.SetWake:
                if (Owned(number, frame.SetWake.MailboxId) is not { } woken)
                    return Refuse(Refusal.NotOpen);
                woken.Wake = frame.SetWake.Subscription;
                return new ServerFrame { Done = new Done() };
            case Kind.PutInvite:
                return PutInvite(connection, frame.PutInvite);
            case Kind.GetInvite:
                return _invites.TryGetValue(frame.GetInvite.BlobId, out var invite)
                    ? new ServerFrame { Invite = new Invite { Blob = invite.Blob } }
                    : Refuse(Refusal.UnknownInvite);
            case Kind.DeleteInvite:
                if (!_invites.TryGetValue(frame.DeleteInvite.BlobId, out var known)
                    || !known.Owner.Verify(ProofMessage.InviteOwner(Host, connection.Challenge, BlobId(frame.DeleteInvite.BlobId)), frame.DeleteInvite.Signature.Span))
                    return Refuse(Refusal.UnknownInvite);
                _invites.Remove(frame.DeleteInvite.BlobId);
                return new ServerFrame { Done = new Done() };
            case Kind.PutPrekeys:
                return PutPrekeys(connection, frame.PutPrekeys);
            case Kind.TakePrekeys:
                return _prekeys.TryGetValue(frame.TakePrekeys.StoreId, out var store)
                    ? new ServerFrame { Prekeys = new Prekeys { Bundle = store.Take() } }
                    : Refuse(Refusal.UnknownPrekeys);
            case Kind.TakeRelayAccess:
                return PutsRelayOff ? Refuse(Refusal.Rate) : RelayAccess is null ? Refuse(Refusal.NoRelay) : new ServerFrame { RelayAccess = RelayAccess.Clone() };
            case Kind.BeginBlob:
                return BeginBlob(number, frame.BeginBlob);
            case Kind.GetBlobUsage:
                return Owned(number, frame.GetBlobUsage.MailboxId) is null ? Refuse(Refusal.NotOpen)
                    : !TakesBlobs ? Refuse(Refusal.NoBlobs) : new ServerFrame { BlobUsage = BlobUsageOf(frame.GetBlobUsage.MailboxId) };
            default:
                return Refuse(Refusal.Malformed);
        }
    }

    private ServerFrame Create(int number, Connection connection, CreateMailbox create)
    {
        if (!MailboxPublicKey.TryRead(create.OwnerKey, out var owner) || !MailboxPublicKey.TryRead(create.SenderKey, out var sender)
            || !owner.Verify(ProofMessage.MailboxOwner(Host, connection.Challenge, Id(create.MailboxId)), create.Signature.Span))
            return Refuse(Refusal.UnknownMailbox);
        if (_mailboxes.TryGetValue(Id(create.MailboxId), out var known))
        {
            if (known.Owner != owner)
                return Refuse(Refusal.Taken);
            known.OpenedBy = number;
            return new ServerFrame { Done = new Done() };
        }

        _mailboxes[Id(create.MailboxId)] = new Mailbox(owner, sender) { OpenedBy = number };
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Open(int number, Connection connection, OpenMailbox open)
    {
        if (RefusedOpenings > 0)
        {
            RefusedOpenings--;
            return Refuse(Refusal.Rate);
        }

        if (!_mailboxes.TryGetValue(Id(open.MailboxId), out var mailbox)
            || !mailbox.Owner.Verify(ProofMessage.MailboxOwner(Host, connection.Challenge, Id(open.MailboxId)), open.Signature.Span))
            return Refuse(Refusal.UnknownMailbox);
        if (mailbox.OpenedBy is { } other && other != number)
            Say(other, new ServerFrame { MailboxTaken = new MailboxTaken { MailboxId = open.MailboxId } });
        mailbox.OpenedBy = number;
        return new ServerFrame
        {
            MailboxOpened = new MailboxOpened { WaitingEnvelopes = (ulong)mailbox.Stored.Count, HighestAcknowledged = mailbox.HighestAcknowledged, Wake = WakeMark.Of(mailbox.Wake) },
        };
    }

    private ServerFrame OpenSender(Connection connection, OpenSender open)
    {
        if (!_mailboxes.TryGetValue(Id(open.MailboxId), out var mailbox)
            || !mailbox.Sender.Verify(ProofMessage.MailboxSender(Host, connection.Challenge, Id(open.MailboxId)), open.Signature.Span))
            return Refuse(Refusal.UnknownMailbox);
        connection.Senders.Add(Id(open.MailboxId));
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame Post(Connection connection, Post post)
    {
        var id = Id(post.MailboxId);
        if (!_mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.UnknownMailbox);
        if (!connection.Senders.Contains(id))
            return Refuse(Refusal.NotOpen);
        var posted = new ServerFrame { Posted = new Posted { RecipientConnected = mailbox.OpenedBy is not null } };
        if (mailbox.Stored.Any(stored => stored.Id == post.EnvelopeId))
            return posted;
        if (mailbox.Stored.Count >= MailboxEnvelopes)
            return Refuse(Refusal.MailboxFull);
        var kept = new StoredEnvelope(++mailbox.Sequence, post.EnvelopeId, post.Envelope, now());
        mailbox.Stored.Add(kept);
        Deliver(id, mailbox, kept);
        return posted;
    }

    private ServerFrame Live(Connection connection, Live live)
    {
        var id = Id(live.MailboxId);
        if (!_mailboxes.TryGetValue(id, out var mailbox) || !connection.Senders.Contains(id))
            return Refuse(Refusal.NotOpen);
        if (mailbox.OpenedBy is { } owner)
            Say(owner, new ServerFrame { LiveDeliver = new LiveDeliver { MailboxId = live.MailboxId, Envelope = live.Envelope } });
        return new ServerFrame { LiveResult = new LiveResult { RecipientConnected = mailbox.OpenedBy is not null } };
    }

    private ServerFrame Acknowledge(int number, Acknowledge acknowledge)
    {
        if (Owned(number, acknowledge.MailboxId) is not { } mailbox)
            return Refuse(Refusal.NotOpen);
        if (RefusesAcknowledgements)
            return Refuse(Refusal.Storage);
        mailbox.Stored.RemoveAll(stored => acknowledge.Sequences.Contains(stored.Sequence));
        mailbox.HighestAcknowledged = Math.Max(mailbox.HighestAcknowledged, acknowledge.Sequences.DefaultIfEmpty().Max());
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame PutInvite(Connection connection, PutInvite put)
    {
        if (!MailboxPublicKey.TryRead(put.OwnerKey, out var owner)
            || !owner.Verify(ProofMessage.InviteOwner(Host, connection.Challenge, BlobId(put.BlobId)), put.Signature.Span))
            return Refuse(Refusal.UnknownInvite);
        if (_invites.TryGetValue(put.BlobId, out var known) && known.Owner != owner)
            return Refuse(Refusal.Taken);
        _invites[put.BlobId] = (put.Blob, owner, put.ExpiresInMs == 0 ? long.MaxValue : now() + (long)put.ExpiresInMs);
        return new ServerFrame { Done = new Done() };
    }

    private ServerFrame PutPrekeys(Connection connection, PutPrekeys put)
    {
        if (!MailboxPublicKey.TryRead(put.OwnerKey, out var owner) || !PrekeyStoreId.TryRead(put.StoreId, out var id)
            || !owner.Verify(ProofMessage.PrekeysOwner(Host, connection.Challenge, id), put.Signature.Span))
            return Refuse(Refusal.UnknownPrekeys);
        if (RefusesPrekeys)
            return Refuse(Refusal.Storage);
        if (!_prekeys.TryGetValue(put.StoreId, out var store))
            _prekeys[put.StoreId] = store = new PrekeyStore();
        store.Put(put);
        return new ServerFrame
        {
            PrekeyCount = new PrekeyCount { StoreId = put.StoreId, OneTime = (uint)store.OneTime.Count, OneTimeKem = (uint)store.OneTimeKem.Count },
        };
    }

    private void DeliverAll(ByteString mailboxId)
    {
        var mailbox = _mailboxes[Id(mailboxId)];
        foreach (var stored in mailbox.Stored)
            Deliver(Id(mailboxId), mailbox, stored);
    }

    private void Deliver(MailboxId id, Mailbox mailbox, StoredEnvelope stored)
    {
        if (mailbox.OpenedBy is { } owner)
        {
            Say(owner, new ServerFrame
            {
                Deliver = new Deliver
                {
                    MailboxId = id.ToByteString(), Sequence = stored.Sequence, Envelope = stored.Envelope, LayMs = (ulong)(now() - stored.At),
                },
            });
        }
    }

    private void Expire()
    {
        foreach (var mailbox in _mailboxes.Values)
            mailbox.Stored.RemoveAll(stored => now() - stored.At >= RetentionMs);
        foreach (var id in _invites.Where(invite => invite.Value.Until <= now()).Select(invite => invite.Key).ToList())
            _invites.Remove(id);
    }

    private Mailbox? Owned(int number, ByteString id) =>
        _mailboxes.TryGetValue(Id(id), out var mailbox) && mailbox.OpenedBy == number ? mailbox : null;

    private string Host => Origin[(Origin.IndexOf("//", StringComparison.Ordinal) + 2)..];

    private static MailboxId Id(ByteString bytes) => MailboxId.TryRead(bytes, out var id) ? id : default;

    private static InviteBlobId BlobId(ByteString bytes) => InviteBlobId.TryRead(bytes, out var id) ? id : default;

    private void Say(int connection, ServerFrame frame) => Outgoing.Enqueue((connection, FrameCodec.Write(frame)));

    private sealed record StoredEnvelope(ulong Sequence, ByteString Id, ByteString Envelope, long At);

    private sealed class Connection(byte[] challenge)
    {
        public byte[] Challenge { get; } = challenge;

        public HashSet<MailboxId> Senders { get; } = [];
    }

    private sealed class Mailbox(MailboxPublicKey owner, MailboxPublicKey sender)
    {
        public MailboxPublicKey Owner { get; } = owner;

        public MailboxPublicKey Sender { get; } = sender;

        public int? OpenedBy { get; set; }

        public WakeSubscription? Wake { get; set; }

        public ulong Sequence { get; set; }

        public ulong HighestAcknowledged { get; set; }

        public List<StoredEnvelope> Stored { get; } = [];
    }
}
