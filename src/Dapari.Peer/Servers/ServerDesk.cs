using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Outbox;
using Dapari.Peer.Routes;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Servers;

/// <summary>The connections to servers: asked for when needed, kept alive, tried again with backoff, closed when idle.</summary>
internal sealed class ServerDesk(Parts parts)
{
    private const long ConnectDeadlineMs = 15_000;
    private const long AnswerDeadlineMs = 30_000;
    private const long PingEveryMs = 25_000;
    private const long IdleMs = 60_000;
    private const int MaxConnections = 64;

    private readonly Dictionary<string, ServerConnection> _connections = new(StringComparer.Ordinal);

    public IReadOnlyCollection<ServerConnection> Connections => _connections.Values;

    public ServerConnection? Find(string origin) => _connections.GetValueOrDefault(origin);

    /// <summary>Asks for a connection; null: no such origin can be connected to.</summary>
    public ServerConnection? Want(Step step, string origin)
    {
        if (!_connections.TryGetValue(origin, out var connection))
        {
            if (!Origin.TryParse(origin, out var parsed) || parsed.Value != origin || _connections.Count >= MaxConnections)
                return null;
            connection = new ServerConnection(parsed);
            _connections.Add(origin, connection);
        }

        connection.UsedAt = step.Now.MonotonicMs;
        if (connection.State == LinkState.Off)
            connection.Connecting(step);
        return connection;
    }

    /// <summary>At the start: the home server, and every server where something of ours lies or waits to go.</summary>
    public void Start(Step step)
    {
        if (parts.State.Self is { } self)
            Want(step, self.HomeServer);
        foreach (var box in parts.State.Boxes.Values)
            Want(step, box.Record.Server);
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (contact.Queue.Waiting.Count > 0 && contact.Address is { } address)
                Want(step, address.Server);
            if (contact.Device?.Prekeys is { } prekeys && (contact.Record.State == ContactState.Inviting || parts.Keys.Needs(contact)))
                Want(step, prekeys.Server);
        }
    }

    public void Connected(Step step, string origin)
    {
        if (Find(origin) is { State: LinkState.Connecting } connection)
            connection.Connected(step, parts.State.Self is { } self && self.HomeServer == origin ? self.RegistrationCode : "");
    }

    public void Disconnected(Step step, string origin)
    {
        if (Find(origin) is { State: not (LinkState.Off or LinkState.Waiting) } connection)
            Lose(step, connection, null);
    }

    public void Sent(Step step, string origin, byte[] bytes)
    {
        if (Find(origin) is not { State: LinkState.Greeting or LinkState.Online } connection)
            return;
        if (!FrameCodec.TryRead(bytes, out ServerFrame? frame, out _))
        {
            Break(step, connection);
            return;
        }

        connection.Heard(step.Now.MonotonicMs);
        if (!parts.Answers.Handle(step, connection, frame))
            Break(step, connection);
    }

    /// <summary>The server broke the protocol, or is silent: the connection is closed and tried again later.</summary>
    public void Break(Step step, ServerConnection connection)
    {
        step.Do(new PeerEffect.DisconnectServer(connection.Origin));
        Lose(step, connection, null);
    }

    public void GoAway(Step step, ServerConnection connection, uint comeBackAfterMs)
    {
        step.Do(new PeerEffect.DisconnectServer(connection.Origin));
        Lose(step, connection, comeBackAfterMs);
    }

    public void RetryNow(Step step)
    {
        foreach (var connection in _connections.Values)
        {
            connection.RetryNow(step.Now.MonotonicMs);
            Doubt(step, connection);
        }

        Tick(step);
    }

    /// <summary>A connection may be gone.</summary>
    public void Doubt(Step step, string origin)
    {
        if (Find(origin) is { } connection)
            Doubt(step, connection);
    }

    public void CloseAll(Step step)
    {
        foreach (var connection in _connections.Values.Where(connection => connection.State != LinkState.Off))
            connection.Close(step);
        _connections.Clear();
    }

    /// <summary>How the door to a contact's mailbox stands.</summary>
    public DoorStanding Door(Contact contact)
    {
        if (contact.Address is not { } address)
            return DoorStanding.Unreachable;
        if (contact.Queue.DoorShutUntil is not null)
            return contact.Queue.DoorGone ? DoorStanding.Gone : DoorStanding.Full;
        return Find(address.Server) is { IsHopeful: false } ? DoorStanding.Unreachable : DoorStanding.Open;
    }

    /// <summary>Posts an entry; false: the connection takes none now.</summary>
    public bool TryPost(Step step, OutboxEntry entry)
    {
        if (entry.Contact.Address is not { } address || Want(step, address.Server) is not { } connection
            || !connection.CanPost(step.Now.MonotonicMs) || !TryOpenSender(step, connection, entry.Contact, address))
            return false;
        connection.Send(step, new ClientFrame
        {
            Post = new Post { MailboxId = address.MailboxId, EnvelopeId = entry.Record.EnvelopeId, Envelope = entry.Record.Envelope },
        }, new Asked.ToPost(entry));
        return true;
    }

    /// <summary>Sends a live envelope; false: there is no connection now.</summary>
    public bool TrySendLive(Step step, Contact contact, byte[] envelope)
    {
        if (contact.Address is not { } address || Find(address.Server) is not { IsOnline: true } connection
            || step.Now.MonotonicMs < connection.PatienceUntil || !TryOpenSender(step, connection, contact, address))
            return false;
        connection.Send(step, new ClientFrame
        {
            Live = new Live { MailboxId = address.MailboxId, Envelope = UnsafeByteOperations.UnsafeWrap(envelope) },
        }, new Asked.ToSendLive(contact));
        return true;
    }

    public void Tick(Step step)
    {
        var now = step.Now.MonotonicMs;
        foreach (var connection in _connections.Values.ToList())
        {
            switch (connection.State)
            {
                case LinkState.Waiting when now >= connection.RetryAt:
                    if (IsNeeded(connection))
                        connection.Connecting(step);
                    else
                        _connections.Remove(connection.Origin);
                    break;
                case LinkState.Connecting or LinkState.Greeting when now - connection.StateSince >= ConnectDeadlineMs:
                    Break(step, connection);
                    break;
                case LinkState.Online:
                    TickOnline(step, connection);
                    break;
            }
        }
    }

    public long? NextDeadline
    {
        get
        {
            long? next = null;
            foreach (var connection in _connections.Values)
                next = Deadline.Earlier(next, NextDeadlineOf(connection));
            return next;
        }
    }

    private static long? NextDeadlineOf(ServerConnection connection)
    {
        switch (connection.State)
        {
            case LinkState.Off:
                return null;
            case LinkState.Waiting:
                return connection.RetryAt;
            case LinkState.Connecting or LinkState.Greeting:
                return connection.StateSince + ConnectDeadlineMs;
        }

        long? next = connection.Pinging
            ? connection.OldestRequestAt + connection.PongWithinMs
            : Math.Min(connection.LastReceived, connection.LastSent) + PingEvery(connection);
        // Without a plea for patience: at once.
        if (connection.ToOpen.Count > 0)
            next = Deadline.Earlier(next, connection.PatienceUntil);
        if (connection.HasRequests && !connection.Pinging)
            next = Deadline.Earlier(next, connection.OldestRequestAt + AnswerDeadlineMs);
        if (connection.PatienceUntil != long.MinValue)
            next = Deadline.Earlier(next, connection.PatienceUntil);
        return next;
    }

    private static long PingEvery(ServerConnection connection) =>
        connection.Limits is { IdleSeconds: > 0 } limits ? Math.Clamp(limits.IdleSeconds * 1000L / 2, 1000, PingEveryMs) : PingEveryMs;

    // A connection that outlived its network looks open: a ping tells.
    private static void Doubt(Step step, ServerConnection connection)
    {
        if (!connection.IsOnline)
            return;
        connection.PongWithinMs = ServerConnection.DoubtedPongMs;
        if (!connection.Pinging)
            Ping(step, connection);
    }

    private static void Ping(Step step, ServerConnection connection) =>
        connection.Send(step, new ClientFrame { Ping = new Ping() }, new Asked.Alive());

    private static bool TryOpenSender(Step step, ServerConnection connection, Contact contact, MailboxAddress address)
    {
        if (!MailboxId.TryRead(address.MailboxId, out var id))
            return false;
        if (!connection.OpenSenders.Add(id))
            return true;
        if (!Crypto.MailboxPrivateKey.TryRead(address.SenderSeed.Span, out var key))
            return false;
        using (key)
        {
            // Frames are answered in order, so what follows need not wait for the answer.
            connection.Send(step, new ClientFrame
            {
                OpenSender = new OpenSender
                {
                    MailboxId = address.MailboxId,
                    Signature = ByteString.CopyFrom(key.Sign(ProofMessage.MailboxSender(connection.Host, connection.Challenge, id))),
                },
            }, new Asked.ToOpenSender(id, contact));
        }

        return true;
    }

    private void TickOnline(Step step, ServerConnection connection)
    {
        var now = step.Now.MonotonicMs;
        if (connection.HasRequests && now - connection.OldestRequestAt >= (connection.Pinging ? connection.PongWithinMs : AnswerDeadlineMs))
        {
            Break(step, connection);
            return;
        }

        parts.Boxes.OpenSome(step, connection);
        if (!connection.Pinging && now - Math.Min(connection.LastReceived, connection.LastSent) >= PingEvery(connection))
        {
            if (now - connection.UsedAt >= IdleMs && !connection.HasRequests && !IsNeeded(connection))
            {
                connection.Close(step);
                _connections.Remove(connection.Origin);
                return;
            }

            Ping(step, connection);
        }

        if (connection.PatienceUntil != long.MinValue && now >= connection.PatienceUntil)
        {
            connection.PatienceUntil = long.MinValue;
            parts.Prekeys.PatienceOver(step, connection);
            parts.Wakes.PatienceOver(step, connection);
            parts.Invites.PatienceOver(step, connection);
            parts.Openings.Online(step, connection);
            parts.Outbox.Pump(step, connection.Origin);
        }
    }

    private void Lose(Step step, ServerConnection connection, uint? comeBackAfterMs)
    {
        foreach (var asked in connection.Lost(step, parts.State, comeBackAfterMs))
            parts.Answers.Unanswered(step, asked);
        parts.Boxes.Lost(connection);
        parts.Outbox.ServerLost(step, connection.Origin);
        parts.Paths.ServerLost(step, connection.Origin);
    }

    private bool IsNeeded(ServerConnection connection)
    {
        var state = parts.State;
        if (connection.IsToLookAt || state.Self?.HomeServer == connection.Origin || state.Boxes.Values.Any(box => box.Record.Server == connection.Origin)
            || state.Invites.Values.Any(invite => invite.Record.Server == connection.Origin && !invite.Record.RemovedFromServer))
            return true;
        return state.Contacts.Values.Any(contact => contact.Record.State == ContactState.Inviting
            ? parts.Openings.Needs(contact, connection.Origin)
            : (contact.Address?.Server == connection.Origin && (contact.Queue.Waiting.Count > 0 || contact.Path.IsWanted))
                || (contact.Device?.Prekeys?.Server == connection.Origin && parts.Keys.Needs(contact)));
    }
}
