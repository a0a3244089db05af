using Dapari.Peer.Engine;
using Dapari.Simulation.Core;
using Dapari.Simulation.Files;
using Dapari.Simulation.Network;
using Google.Protobuf;

namespace Dapari.Simulation.Peers;

/// <summary>
/// A device: the real engine and a host that keeps to its contract. Inputs go in one by one; the batches of a few steps are kept in one commit;
/// then their effects happen in order. The app may die before the commit, after it, or between two effects.
/// </summary>
internal sealed partial class SimPeer
{
    private readonly World _world;
    private readonly SimRandom _random;
    private readonly Queue<PeerInput> _inbox = new();
    private readonly List<(PeerInput Input, PeerStep Step)> _group = [];
    private readonly Dictionary<string, SimConnection> _connections = [];
    private readonly Dictionary<ulong, SimPathEnd> _paths = [];
    private readonly bool _pipelined;
    private readonly int _groupSize;
    private PeerEngine? _engine;
    private bool _pumpDue;
    private bool _committing;
    private bool _handled;
    private long _tickAt = long.MaxValue;
    private long _tickSecond;
    private int _ticksInSecond;

    public SimPeer(World world, int number, SimRandom random, string home)
    {
        (_world, _random, Home) = (world, random, home);
        Name = ((char)('A' + number)).ToString();
        Clock = new SimClock(world, random.Fork(1));
        _pipelined = random.Chance(0.5);
        _groupSize = random.PickAny(1, 4, 16);
        // Of its own, so that worlds without calls of several stay what they were.
        _company = new SimRandom(world.Seed ^ (0xC0FFEEUL + (ulong)number));
        _filing = new SimRandom(world.Seed ^ (0xF11E5UL + (ulong)number));
        Files = new SimFiles(world, this, _filing.Fork(1));
    }

    public string Name { get; }

    public string Home { get; }

    /// <summary>The person's identity key, once kept.</summary>
    public ByteString Identity { get; set; } = ByteString.Empty;

    public SimClock Clock { get; }

    public SimStore Store { get; } = new();

    /// <summary>What the store holds, decoded.</summary>
    public RowView View { get; private set; } = new();

    /// <summary>One more at each start of the app.</summary>
    public int Run { get; private set; }

    /// <summary>One more at each backup put back.</summary>
    public int Lineage { get; private set; }

    /// <summary>As last kept.</summary>
    public ulong Incarnation { get; set; }

    public bool Running => _engine is not null;

    /// <summary>Has the keys of a contact and keeps to no rule.</summary>
    public bool Hostile { get; set; }

    /// <summary>Read receipts were switched off or on: nobody is owed one, nor does this device owe any.</summary>
    public bool ReceiptsToggled { get; set; }

    /// <summary>The person deleted the identity: the device is out of the world.</summary>
    public bool Deleted { get; private set; }

    /// <summary>
    /// Contacts towards whom an old copy was put back that nothing at their mailboxes tells from the present one, with the sessions that the copy had:
    /// in these its keys may be used again. Nobody any more, once the copy was noticed.
    /// </summary>
    public Dictionary<SimPeer, HashSet<ByteString>> Unnoticed { get; } = [];

    /// <summary>The device has a network.</summary>
    public bool Online { get; private set; } = true;

    /// <summary>The store refuses everything.</summary>
    public bool StoreFull { get; set; }

    public bool HasPaths => _paths.Count > 0;

    public IEnumerable<SimConnection> Connections => _connections.Values;

    public bool IsIdle => Running && !_committing && _inbox.Count == 0 && _group.Count == 0;

    public int OnlineConnections => _connections.Values.Count(connection => connection is { AtPeer: true, AtServer: true });

    public void Start()
    {
        if (Running || Deleted)
            return;
        Run++;
        _world.Note(Name, $"starts, run {Run}");
        Clock.Started();
        View = RowView.Of(Store.Rows);
        Files.Reset();
        try
        {
            _engine = PeerEngine.Load(Store.Load(), new SeededRandomSource(_random.Fork((ulong)Run)), pathsSupported: true, Clock.Now, callsSupported: true, filesSupported: _world.PlaysFiles);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _world.Broken($"{Name}: loading failed: {fault}");
            return;
        }

        Give(new PeerInput.Start());
        WakePerson();
    }

    /// <summary>The app dies, now: what was not kept is gone, and so is every connection and path.</summary>
    public void Kill()
    {
        if (!Running)
            return;
        _world.Note(Name, "dies");
        _world.Figures.Crashes++;
        Drop();
    }

    public void Restart(long after)
    {
        var run = Run;
        _world.After(after, () =>
        {
            if (run == Run)
                Start();
        });
    }

    /// <summary>Puts an old backup in the store's place.</summary>
    public void PutBack(SimBackup backup, bool silently)
    {
        Kill();
        Lineage++;
        _world.Figures.Restores++;
        _world.Note(Name, $"is restored{(silently ? " silently" : "")}, lineage {Lineage}");
        Store.Replace(silently ? backup.Rows : PeerEngine.Restore(backup.Rows, new SeededRandomSource(_random.Fork(77))), backup.Messages);
        View = RowView.Of(Store.Rows);
        _world.Ledger.Restored(this);
        // An old copy comes back on its own device, a backup on another one.
        if (!silently && _world.PlaysFiles)
            Files.Lose(sources: _filing.Chance(0.5));
        Incarnation = View.Self?.Incarnation ?? 0;
        foreach (var contact in View.Contacts.Values)
        {
            if (silently && _world.PeerOf(contact.IdentityKey) is { } other && !_world.HasNewsFor(contact))
            {
                if (!Unnoticed.TryGetValue(other, out var sessions))
                    Unnoticed.Add(other, sessions = []);
                sessions.UnionWith(contact.Devices.SelectMany(device => device.SessionIds));
                _world.Figures.Unnoticed++;
            }
        }
    }

    /// <summary>Something that no honest peer does, with the keys of one: whatever is sealed and kept goes out like the rest.</summary>
    public void Misbehave(Action<Parts, Step> act)
    {
        if (!Running)
            return;
        var step = new Step(_engine!.Parts.State, Clock.Now);
        act(_engine.Parts, step);
        step.Flush();
        _group.Add((new PeerInput.Drained(), new PeerStep(step.Batch, step.Effects)));
        if (!_committing)
            BeginCommit();
    }

    /// <summary>The identity is no more, and nothing of it may be left.</summary>
    private void Wiped()
    {
        Store.Wipe();
        View = new RowView();
        Deleted = true;
        _world.Note(Name, "is deleted");
        Drop();
    }

    public void GoOffline()
    {
        if (!Online)
            return;
        Online = false;
        _world.Note(Name, "is offline");
        foreach (var connection in _connections.Values.ToArray())
            connection.Cut(silently: _random.Chance(0.5));
        foreach (var path in _paths.Values.ToArray())
        {
            if (_random.Chance(0.5))
                path.Pair?.Die(silently: true);
            else
                path.Pair?.Stall(_random.Between(2_000, 25_000));
        }

        foreach (var leg in _legs.Values.ToArray())
            _world.After(3_000, leg.Interrupt);
        if (_random.Chance(0.6))
            Give(new PeerInput.NetworkChanged());
    }

    public void GoOnline()
    {
        if (Online)
            return;
        Online = true;
        _world.Note(Name, "is online");
        if (_random.Chance(0.8))
            Give(new PeerInput.NetworkChanged());
    }

    /// <summary>One input, in its turn.</summary>
    public void Give(PeerInput input)
    {
        if (!Running)
            return;
        _inbox.Enqueue(input);
        SchedulePump();
    }

    public void ConnectionOpened(SimConnection connection)
    {
        if (_connections.GetValueOrDefault(connection.Server.Origin) == connection)
        {
            _world.Detail(Name, () => $"  is connected to {connection.Server.Origin}");
            Give(new PeerInput.ServerConnected(connection.Server.Origin));
        }
    }

    public void ConnectionEnded(SimConnection connection)
    {
        if (_connections.GetValueOrDefault(connection.Server.Origin) != connection)
            return;
        _connections.Remove(connection.Server.Origin);
        _world.Detail(Name, () => $"  is disconnected from {connection.Server.Origin}");
        Give(new PeerInput.ServerDisconnected(connection.Server.Origin));
    }

    public void FrameArrived(SimConnection connection, byte[] frame)
    {
        if (_connections.GetValueOrDefault(connection.Server.Origin) != connection)
            return;
        _world.Trace.Fold(frame);
        _world.Detail(Name, () => "  < " + Details.Of(ServerFrameOf(frame)));
        Give(new PeerInput.ServerSent(connection.Server.Origin, frame));
    }

    public void PathEnded(SimPathEnd end)
    {
        if (_paths.GetValueOrDefault(end.Id) != end)
            return;
        _paths.Remove(end.Id);
        Give(new PeerInput.PathClosed(end.Id));
    }

    public void PathMessageArrived(SimPathEnd end, byte[] message)
    {
        if (_paths.GetValueOrDefault(end.Id) != end)
            return;
        _world.Trace.Fold(message);
        _world.Detail(Name, () => $"  < path {end.Id:x8} {Details.Envelope(message)}");
        Give(new PeerInput.PathReceived(end.Id, message));
    }

    /// <summary>Who is at the other end of a path, once it found one.</summary>
    public SimPeer? OtherEnd(ulong path) =>
        _paths.TryGetValue(path, out var end) && end.Pair is { } pair ? (pair.First == end ? pair.Second : pair.First).Peer : null;

    private static Wire.V1.ServerFrame ServerFrameOf(byte[] frame) => Wire.V1.ServerFrame.Parser.ParseFrom(frame);

    private void Drop()
    {
        _engine = null;
        Run++;
        _inbox.Clear();
        _group.Clear();
        (_committing, _pumpDue, _handled, _tickAt) = (false, false, false, long.MaxValue);
        foreach (var connection in _connections.Values.ToArray())
            connection.CloseByPeer(died: true);
        _connections.Clear();
        foreach (var path in _paths.Values.ToArray())
            path.Close(died: true);
        _paths.Clear();
        Files.Reset();
        DropLegs();
        ForgetPerson();
    }

    private void SchedulePump()
    {
        if (_pumpDue)
            return;
        _pumpDue = true;
        var run = Run;
        _world.After(_random.Below(3), () =>
        {
            if (run == Run)
                Pump();
        });
    }

    private void Pump()
    {
        _pumpDue = false;
        if (_committing && !_pipelined)
            return;
        for (var i = 0; i < _groupSize && _inbox.TryDequeue(out var input); i++)
        {
            if (!Step(input))
                return;
            _handled = true;
        }

        if (_inbox.Count > 0)
        {
            SchedulePump();
        }
        else if (_handled)
        {
            _handled = false;
            if (!Step(new PeerInput.Drained()))
                return;
        }

        ScheduleTick();
        if (!_committing)
            BeginCommit();
    }

    private bool Step(PeerInput input)
    {
        try
        {
            var step = _engine!.Handle(input, Clock.Now);
            _group.Add((input, step));
            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _world.Broken($"{Name}: the engine threw at {input.GetType().Name}: {fault}");
            Drop();
            return false;
        }
    }

    private void ScheduleTick()
    {
        if (_engine?.NextDeadline is not { } deadline)
            return;
        var at = _world.Now + Math.Max(1, Clock.Until(deadline)) + (_random.Chance(0.2) ? _random.Below(40) : 0);
        if (at >= _tickAt)
            return;
        _tickAt = at;
        var run = Run;
        _world.After(at - _world.Now, () =>
        {
            if (run != Run || _tickAt != at)
                return;
            _tickAt = long.MaxValue;
            if (_engine?.NextDeadline is { } next && Clock.Until(next) <= 0)
            {
                CountTick();
                Give(new PeerInput.Tick());
            }
            else
            {
                ScheduleTick();
            }
        });
    }

    private void CountTick()
    {
        var second = _world.Now / 1000;
        _ticksInSecond = second == _tickSecond ? _ticksInSecond + 1 : 0;
        _tickSecond = second;
        if (_ticksInSecond == 400)
            _world.Broken($"{Name}: the engine wants ticks without end");
    }
}
