using Dapari.Peer.Store;
using Dapari.Simulation.Checks;
using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Scenarios;
using Dapari.Simulation.Servers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation;

/// <summary>One seeded world: its time, its devices, its servers, and what is known about them.</summary>
internal sealed class World
{
    /// <summary>The world's first instant, milliseconds since 1970-01-01 UTC.</summary>
    public const long Epoch = 1_767_225_600_000;

    /// <summary>How long servers keep what nobody fetches.</summary>
    public const int RetentionDays = 30;

    private readonly Scheduler _scheduler = new();
    private readonly List<string> _violations = [];
    private readonly Dictionary<ByteString, SimPeer> _byIdentity = [];
    private readonly HashSet<(SimPeer, SimPeer)> _cannotPunch = [];
    private readonly HashSet<(SimPeer, SimServer)> _partitions = [];
    private int _strikeIn;

    public World(ulong seed, SimulationOptions options)
    {
        (Seed, Options) = (seed, options);
        Random = new SimRandom(seed);
        Trace = new Trace(options.TraceLength);
        Ledger = new Ledger(Random.Fork(1));
        Checks = new StepChecks(this);
        Adversary = new Adversary(this, Random.Fork(2));
        _strikeIn = 1 + Random.Below(3);
        // Of its own, so that worlds without files stay what they were.
        PlaysFiles = options.Scenario == Scenario.FileWalk || (options.Files && options.Scenario == Scenario.Storm && new SimRandom(seed ^ 0xF11E).Chance(0.6));
    }

    public ulong Seed { get; }

    public SimulationOptions Options { get; }

    public SimRandom Random { get; }

    public Trace Trace { get; }

    public Ledger Ledger { get; }

    public StepChecks Checks { get; }

    public Adversary Adversary { get; }

    public SimulationFigures Figures { get; } = new();

    /// <summary>People send files.</summary>
    public bool PlaysFiles { get; }

    public List<SimPeer> Peers { get; } = [];

    public List<SimServer> Servers { get; } = [];

    public List<SimPathPair> Pairs { get; } = [];

    /// <summary>Ends of media connections that drivers have.</summary>
    public List<SimLeg> Legs { get; } = [];

    public Dictionary<string, SimPathEnd> PathEnds { get; } = [];

    /// <summary>How often an app dies at a commit by chance.</summary>
    public double CrashChance { get; set; }

    public IReadOnlyList<string> Violations => _violations;

    public long Now => _scheduler.Now;

    /// <summary>A world in which too much is broken is not played to the end.</summary>
    public bool Over => _violations.Count >= 8;

    public void After(long delay, Action action) => _scheduler.After(delay, action);

    public void Run(long milliseconds) => _scheduler.RunUntil(Now + milliseconds, () => Over);

    public void Sleep(long milliseconds) => _scheduler.Sleep(milliseconds);

    public void Note(string actor, string what) => Trace.Add(Now, actor, what);

    /// <summary>For a detailed trace only; it changes nothing.</summary>
    public void Detail(string actor, Func<string> what)
    {
        if (Options.Detailed)
            Trace.Word(Now, actor, what());
    }

    public void Broken(string what)
    {
        Note("BROKEN", what);
        if (_violations.Count < 8)
            _violations.Add($"at {Now / 1000.0:0.000} s: {what}");
    }

    /// <summary>True once, at a seeded occasion: where a sabotage strikes.</summary>
    public bool Strike() => --_strikeIn == 0;

    public CrashMoment? DiesAt(int commit)
    {
        if (Options.Crash is { } point)
            return point.Commit == commit ? point.Moment : null;
        if (!Random.Chance(CrashChance))
            return null;
        return Random.PickAny(CrashMoment.BeforeCommit, CrashMoment.AfterCommit, CrashMoment.BetweenEffects, CrashMoment.BetweenEffects, CrashMoment.Refused);
    }

    public long RestartDelay() => Random.Chance(0.7) ? Random.Between(100, 4_000) : Random.Between(4_000, 60_000);

    public SimServer? ServerAt(string origin) => Servers.FirstOrDefault(server => server.Origin == origin);

    public SimPeer? PeerOf(ByteString identity) => _byIdentity.GetValueOrDefault(identity);

    public void Knows(SimPeer peer, SelfRecord self)
    {
        if (self.Certificate is null || !Protobuf.TryParse(self.Certificate.Statement.Span, DeviceStatement.Parser, out var statement))
        {
            Broken($"{peer.Name} keeps an identity without a certificate");
            return;
        }

        if (peer.Identity.Length > 0 && peer.Identity != statement.IdentityKey)
            Broken($"{peer.Name} changed its identity");
        peer.Identity = statement.IdentityKey;
        _byIdentity[statement.IdentityKey] = peer;
    }

    /// <summary>A server threw it away unread. Messages are posted again; receipts of reading and what makes a contact are not: nobody owes them any more.</summary>
    public void Expired(SimMailbox mailbox, EnvelopeId envelope)
    {
        Figures.Expired++;
        if (Ledger.Texts.Values.Any(text => text.Envelopes.Contains(envelope)))
            return;
        if (!Checks.Keys.TryFind(mailbox.Id, out var owner, out var identity))
            return;
        if (PeerOf(identity) is { } author)
            Ledger.LoseReadMark(owner, author);
        // In an invite's mailbox lie only requests of those who were given it.
        foreach (var other in Peers.Where(other => other != owner && !Scenarios.Contacts.AreAccepted(owner, other)
            && (identity.IsEmpty ? owner.Acquaintances.Exists(one => one.Maker == owner && one.Opener == other) : PeerOf(identity) == other)))
            Ledger.Disturb(owner, other);
    }

    /// <summary>Whether the server of a mailbox remembers more than this record of it.</summary>
    public bool HasNewsFor(ContactRecord contact) => contact.Mailbox is { } own && MailboxId.TryRead(own.MailboxId, out var id)
        && ServerAt(own.Server)?.Mailboxes.GetValueOrDefault(id) is { } mailbox && mailbox.HighestAcknowledged > own.HighestAcknowledged;

    /// <summary>Whether somebody in the conversation kept to no rule: what came in by it may be anything.</summary>
    public bool IsHostile(SimPeer peer, ByteString contactId) =>
        peer.View.Contacts.Values.FirstOrDefault(contact => contact.Id == contactId) is { } record
        && PeerOf(record.IdentityKey) is { } other && Ledger.WasAttacked(peer, other);

    /// <summary>Whether a mailbox still belongs to somebody: the records of its owner name it.</summary>
    public bool HasOwner(MailboxId mailbox)
    {
        if (!Checks.Keys.TryFind(mailbox, out var owner, out _))
            return false;
        var bytes = mailbox.ToByteString();
        return owner.View.Contacts.Values.Any(contact => contact.Mailbox?.MailboxId == bytes)
            || owner.View.Invites.Values.Any(invite => invite.Mailbox?.MailboxId == bytes && !invite.RemovedFromServer && !invite.Revoked);
    }

    public bool CanPunch(SimPeer one, SimPeer other) => one.Online && other.Online && !_cannotPunch.Contains(Ordered(one, other));

    public void SetPunch(SimPeer one, SimPeer other, bool can)
    {
        if (can)
            _cannotPunch.Remove(Ordered(one, other));
        else
            _cannotPunch.Add(Ordered(one, other));
    }

    public bool IsPartitioned(SimPeer peer, SimServer server) => _partitions.Contains((peer, server));

    public void Partition(SimPeer peer, SimServer server)
    {
        _partitions.Add((peer, server));
        foreach (var connection in peer.Connections.Where(connection => connection.Server == server).ToArray())
            connection.Cut(silently: Random.Chance(0.6));
    }

    public void HealNetworks()
    {
        _partitions.Clear();
        _cannotPunch.Clear();
    }

    public void HealPartition(SimPeer peer, SimServer server) => _partitions.Remove((peer, server));

    private (SimPeer, SimPeer) Ordered(SimPeer one, SimPeer other) =>
        Peers.IndexOf(one) < Peers.IndexOf(other) ? (one, other) : (other, one);
}
