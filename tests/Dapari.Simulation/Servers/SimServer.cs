using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Servers;

/// <summary>
/// A server by the rules of frames.proto. Requests wait for a group commit; it makes them durable together, then answers them in order.
/// A crash loses the group or keeps it, and in both cases nobody is answered; what was answered is never lost.
/// </summary>
internal sealed partial class SimServer
{
    private readonly World _world;
    private readonly SimRandom _random;
    private readonly List<(SimConnection Connection, ClientFrame Frame)> _group = [];
    private readonly HashSet<SimConnection> _connections = [];
    private bool _groupDue;
    private int _life;

    public SimServer(World world, int number, SimRandom random)
    {
        (_world, _random) = (world, random);
        Name = $"server{number}";
        Origin = $"https://s{number}.example";
        Host = $"s{number}.example";
        ClockOffset = random.Between(-86_400_000, 86_400_000);
    }

    public string Name { get; }

    public string Origin { get; }

    public string Host { get; }

    /// <summary>The process runs.</summary>
    public bool Up { get; private set; } = true;

    /// <summary>The network reaches it.</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>Its wall clock against the world's, milliseconds; it may change when it comes back.</summary>
    public long ClockOffset { get; set; }

    /// <summary>Envelopes that one mailbox holds at most.</summary>
    public int Quota { get; set; } = 10_000;

    /// <summary>Its disk takes nothing.</summary>
    public bool DiskFull { get; set; }

    /// <summary>How often a post is refused for its rate.</summary>
    public double RateRefusals { get; set; }

    /// <summary>How often a live frame is lost.</summary>
    public double LiveLoss { get; set; }

    public Dictionary<MailboxId, SimMailbox> Mailboxes { get; } = [];

    public IEnumerable<SimConnection> Connections => _connections;

    public bool IsIdle => _group.Count == 0 && Mailboxes.Values.All(mailbox => mailbox.Envelopes.Count == 0 || !_world.HasOwner(mailbox.Id));

    public void Accept(SimConnection connection)
    {
        connection.Challenge = new SeededRandomSource(_random).Bytes(ProofMessage.ChallengeLength);
        _connections.Add(connection);
    }

    public void Ended(SimConnection connection)
    {
        _connections.Remove(connection);
        foreach (var mailbox in Mailboxes.Values)
        {
            if (mailbox.Listener == connection)
                mailbox.Listener = null;
        }
    }

    public void Receive(SimConnection connection, byte[] bytes)
    {
        if (!FrameCodec.TryRead(bytes, out ClientFrame? frame, out var fault))
        {
            _world.Broken($"{connection.Peer.Name} sent {Name} a malformed frame: {fault}");
            connection.Answer(0, new ServerFrame { Refused = new Refused { Refusal = Refusal.Malformed } });
            connection.CloseByServer();
            return;
        }

        if (!connection.Greeted && frame.KindCase != ClientFrame.KindOneofCase.Hello)
        {
            _world.Broken($"{connection.Peer.Name} sent {Name} {frame.KindCase} before Hello");
            return;
        }

        switch (frame.KindCase)
        {
            case ClientFrame.KindOneofCase.Hello:
                connection.Greeted = true;
                connection.Answer(frame.Request, new ServerFrame { Welcome = Welcome(connection) });
                break;
            case ClientFrame.KindOneofCase.Ping:
                connection.Answer(frame.Request, new ServerFrame { Pong = new Pong() });
                break;
            // A connection's frames are dealt with in order: what changes nothing is answered at once only where nothing waits before it.
            case ClientFrame.KindOneofCase.Live or ClientFrame.KindOneofCase.OpenMailbox or ClientFrame.KindOneofCase.OpenSender
                or ClientFrame.KindOneofCase.GetInvite or ClientFrame.KindOneofCase.GetUsage
                when connection.WaitingFrames == 0:
                Answer(connection, frame, Apply(connection, frame));
                break;
            default:
                _group.Add((connection, frame));
                connection.WaitingFrames++;
                if (!_groupDue)
                {
                    _groupDue = true;
                    var life = _life;
                    _world.After(_random.Between(1, 12), () => Commit(life));
                }

                break;
        }
    }

    /// <summary>Kill -9, now. The group that waits is lost, or kept and never answered.</summary>
    public void Crash(bool kept)
    {
        _world.Note(Name, $"killed, {_group.Count} waiting {(kept ? "kept" : "lost")}");
        _world.Figures.ServerCrashes++;
        if (kept)
        {
            foreach (var (connection, frame) in _group)
                Apply(connection, frame);
        }

        _life++;
        _group.Clear();
        _groupDue = false;
        Up = false;
        foreach (var mailbox in Mailboxes.Values)
            mailbox.Listener = null;
        foreach (var connection in _connections.ToArray())
            connection.ServerDied();
        _connections.Clear();
    }

    public void Restart()
    {
        _world.Note(Name, "started");
        Up = true;
    }

    /// <summary>Says goodbye to all and comes back later.</summary>
    public void GoAway(uint comeBackAfterMs)
    {
        foreach (var connection in _connections.ToArray())
        {
            connection.Answer(0, new ServerFrame { GoingAway = new GoingAway { ComeBackAfterMs = comeBackAfterMs } });
            connection.CloseByServer();
        }
    }

    /// <summary>Drops what lay longer than the retention.</summary>
    public void Sweep()
    {
        var limit = _world.Now - (World.RetentionDays * 86_400_000L);
        foreach (var mailbox in Mailboxes.Values)
        {
            foreach (var sequence in mailbox.Envelopes.Where(pair => pair.Value.StoredAt < limit).Select(pair => pair.Key).ToArray())
            {
                _world.Note(Name, $"swept {mailbox.Envelopes[sequence].Id} in {mailbox.Id}");
                _world.Expired(mailbox, mailbox.Envelopes[sequence].Id);
                mailbox.Remove(sequence);
            }
        }

        foreach (var id in _blobs.Where(one => one.Value.EndsAt <= _world.Now).Select(one => one.Key).ToArray())
            _blobs.Remove(id);
    }

    private Welcome Welcome(SimConnection connection) => new()
    {
        Version = WireLimits.Version,
        Challenge = ByteString.CopyFrom(connection.Challenge),
        ServerTimeMs = (ulong)(World.Epoch + _world.Now + ClockOffset),
        Limits = new Limits
        {
            EnvelopeBytes = WireLimits.EnvelopeBytes,
            MailboxesPerConnection = 4096,
            RetentionDays = World.RetentionDays,
            MailboxBytes = 64 << 20,
            MailboxEnvelopes = (uint)Quota,
            IdleSeconds = 60,
        },
    };

    private void Commit(int life)
    {
        if (life != _life || !Up)
            return;
        _groupDue = false;
        _world.Figures.Groups++;
        if (_world.Options.ServerCrash is { } point && point.Group == _world.Figures.Groups)
        {
            Crash(point.Kept);
            _world.After(2_000, Restart);
            return;
        }

        var group = _group.ToArray();
        _group.Clear();
        var answers = new List<ServerFrame>(group.Length);
        foreach (var (connection, frame) in group)
            answers.Add(Apply(connection, frame));
        for (var i = 0; i < group.Length; i++)
        {
            group[i].Connection.WaitingFrames--;
            Answer(group[i].Connection, group[i].Frame, answers[i]);
        }
    }

    private void Answer(SimConnection connection, ClientFrame frame, ServerFrame answer)
    {
        connection.Answer(frame.Request, answer);
        AfterAnswer(connection, frame, answer);
    }

    /// <summary>To whoever listens now, or nowhere.</summary>
    private ServerFrame Live(SimConnection connection, Live live)
    {
        if (!MailboxId.TryRead(live.MailboxId, out var id) || !connection.Sending.Contains(id) || !Mailboxes.TryGetValue(id, out var mailbox))
            return Refuse(Refusal.NotOpen);
        var connected = mailbox.Listener is not null;
        if (connected && !_random.Chance(LiveLoss))
        {
            mailbox.Listener!.Answer(
                0, new ServerFrame { LiveDeliver = new LiveDeliver { MailboxId = live.MailboxId, Envelope = live.Envelope } });
        }

        return new ServerFrame { LiveResult = new LiveResult { RecipientConnected = connected } };
    }

    private static ServerFrame Refuse(Refusal refusal, uint retryAfterMs = 0) =>
        new() { Refused = new Refused { Refusal = refusal, RetryAfterMs = retryAfterMs } };
}
