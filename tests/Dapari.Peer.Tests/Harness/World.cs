using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Testing;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Harness;

/// <summary>
/// A few people, model servers and direct paths, all at once and in order: nothing is lost or late unless a test says so. The one clock moves only by
/// <see cref="Pass"/>.
/// </summary>
internal sealed partial class World
{
    public const string Home = "https://home.example";
    private const long WallStart = 1_700_000_000_000;
    private readonly Dictionary<(Person Person, string Origin), int> _connections = [];
    private readonly Dictionary<(Person Person, ulong Path), PathEnd> _paths = [];
    private int _lastConnection;

    public World(params string[] origins)
    {
        foreach (var origin in origins.Length == 0 ? [Home] : origins)
            Servers[origin] = new ModelServer(origin, () => Time);
    }

    public long Time { get; private set; } = 1_000_000;

    public Dictionary<string, ModelServer> Servers { get; } = new(StringComparer.Ordinal);

    public ModelServer Server => Servers[Home];

    public List<Person> People { get; } = [];

    public HashSet<string> DownServers { get; } = new(StringComparer.Ordinal);

    /// <summary>No direct path comes about.</summary>
    public bool PathsBlocked { get; set; }

    /// <summary>Open paths swallow what they are given.</summary>
    public bool PathsSilent { get; set; }

    /// <summary>Both ends see this.</summary>
    /// <summary>A silent path carries again once its ends have agreed on other ways within it.</summary>
    public bool RestartsMend { get; set; }

    public PathFacts Facts { get; set; } = new(Network.Same, 4);

    /// <summary>Carries the channels "dapari-files".</summary>
    public MemoryFileLine Line { get; } = new();

    /// <summary>Carries the media of calls.</summary>
    public FakeMedia Media { get; } = new();

    public Action<Person, byte[]>? OnPathMessage { get; set; }

    /// <summary>Real time that engines took.</summary>
    public TimeSpan InHandle { get; private set; }

    public int Handled { get; private set; }

    public int PathMessages { get; private set; }

    public int Signals { get; private set; }

    public Moment MomentOf(Person person) => new(Time, WallStart + Time + person.WallSkewMs);

    /// <summary>Where a server's drop-offs lie; null: it is out of reach.</summary>
    public ModelServer? BlobsOf(string origin) => DownServers.Contains(origin) ? null : Servers.GetValueOrDefault(origin);

    public Person Join(string name, bool paths = false, string home = Home, bool files = false)
    {
        var person = new Person(this, name, paths, files);
        People.Add(person);
        person.Inputs.Enqueue(new PeerInput.Start());
        person.Do(new Command { CreateIdentity = new CreateIdentity { Name = name, HomeServer = home } });
        return person;
    }

    /// <summary>Two people who are contacts.</summary>
    public (Person Alice, Person Bob) Acquainted(bool paths = false, bool files = false)
    {
        var alice = Join("Alice", paths, files: files);
        var bob = Join("Bob", paths, files: files);
        Acquaint(alice, bob);
        return (alice, bob);
    }

    public static void Acquaint(Person maker, Person opener)
    {
        Ask(maker, opener);
        maker.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = opener.Id.ToByteString(), Answer = RequestAnswer.Accept } });
    }

    public static void Ask(Person maker, Person opener)
    {
        var invite = maker.Do(new Command { MakeInvite = new MakeInvite() }).Invite;
        Assert.Equal(CommandRefusal.Unspecified, opener.Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } }).Refusal);
    }

    /// <summary>Lets everything happen that needs no time.</summary>
    public void Settle()
    {
        for (var rounds = 0; rounds < 100_000; rounds++)
        {
            var busy = false;
            foreach (var person in People.Where(person => !person.IsDown))
                busy |= Run(person);
            foreach (var server in Servers.Values)
                busy |= Carry(server);
            busy |= Line.Carry();
            foreach (var person in People.Where(person => !person.IsDown))
                busy |= person.Files.Work();
            if (!busy)
                return;
        }

        throw new InvalidOperationException("The world does not come to rest.");
    }

    /// <summary>Time passes, from deadline to deadline.</summary>
    public void Pass(long milliseconds)
    {
        var end = Time + milliseconds;
        Settle();
        for (var steps = 0; Time < end; steps++)
        {
            if (steps > 200_000)
                throw new InvalidOperationException("Deadlines do not end.");
            var next = end;
            foreach (var person in People.Where(person => !person.IsDown))
            {
                if (person.Engine.NextDeadline is { } due)
                    next = Math.Min(next, Math.Max(due, Time + 1));
            }

            Time = next;
            foreach (var person in People.Where(person => !person.IsDown && person.Engine.NextDeadline <= Time))
                person.Inputs.Enqueue(new PeerInput.Tick());
            Settle();
        }
    }

    public void Cut(Person person)
    {
        foreach (var ((who, origin), connection) in _connections.Where(connection => connection.Key.Person == person).ToList())
        {
            Servers[origin].Disconnect(connection);
            _connections.Remove((who, origin));
        }

        foreach (var (key, end) in _paths.Where(path => path.Key.Person == person).ToList())
            ClosePath(key, end, tellSelf: false);
        Media.Cut(person);
        _watched.Remove(person);
        Meet();
    }

    public void StopServer(string origin = Home)
    {
        DownServers.Add(origin);
        foreach (var ((person, _), connection) in _connections.Where(connection => connection.Key.Origin == origin).ToList())
        {
            Servers[origin].Disconnect(connection);
            _connections.Remove((person, origin));
            person.Inputs.Enqueue(new PeerInput.ServerDisconnected(origin));
        }

        Settle();
    }

    public void StartServer(string origin = Home) => DownServers.Remove(origin);

    public void BreakPaths()
    {
        foreach (var (key, end) in _paths.ToList())
            ClosePath(key, end, tellSelf: true);
        Settle();
    }

    /// <summary>One end's part of its paths is gone with a network; the other end hears nothing of it.</summary>
    public void LosePaths(Person person)
    {
        foreach (var key in _paths.Keys.Where(key => key.Person == person).ToList())
        {
            _paths.Remove(key);
            person.Inputs.Enqueue(new PeerInput.PathClosed(key.Path));
        }

        Settle();
    }

    /// <summary>A person's connection looks open, and carries nothing.</summary>
    public void Strand(Person person)
    {
        foreach (var ((who, origin), connection) in _connections.Where(connection => connection.Key.Person == person).ToList())
        {
            Servers[origin].Disconnect(connection);
            _connections.Remove((who, origin));
        }
    }

    /// <summary>Something that no honest peer does, with the keys of one.</summary>
    public void Act(Person person, Action<Parts, Step> act)
    {
        var step = new Step(person.Engine.Parts.State, MomentOf(person));
        act(person.Engine.Parts, step);
        step.Flush();
        person.Store.Commit(step.Batch);
        foreach (var effect in step.Effects)
            Do(person, effect);
        Settle();
    }

    private bool Run(Person person)
    {
        if (person.Inputs.Count == 0)
            return false;
        while (person.Inputs.TryDequeue(out var input))
        {
            Handle(person, input);
            if (person.IsDown)
                return true;
        }

        Handle(person, new PeerInput.Drained());
        return true;
    }

    private void Handle(Person person, PeerInput input)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var step = person.Engine.Handle(input, MomentOf(person));
        InHandle += System.Diagnostics.Stopwatch.GetElapsedTime(began);
        Handled++;
        if (!step.Batch.IsEmpty)
        {
            if (person.Store.Commit(step.Batch) != StoreFault.None)
                throw new InvalidOperationException("The store failed.");
            if (person.CrashAfterCommits >= 0 && person.CrashAfterCommits-- == 0)
            {
                person.Stop();
                return;
            }
        }

        foreach (var effect in step.Effects)
        {
            person.Effects.Add(effect);
            Do(person, effect);
        }
    }

    private void Do(Person person, PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.ConnectServer connect:
                if (DownServers.Contains(connect.Origin) || !Servers.TryGetValue(connect.Origin, out var server))
                {
                    person.Inputs.Enqueue(new PeerInput.ServerDisconnected(connect.Origin));
                    break;
                }

                _connections[(person, connect.Origin)] = ++_lastConnection;
                server.Connect(_lastConnection);
                person.Inputs.Enqueue(new PeerInput.ServerConnected(connect.Origin));
                break;
            case PeerEffect.DisconnectServer disconnect:
                if (_connections.Remove((person, disconnect.Origin), out var closed))
                    Servers[disconnect.Origin].Disconnect(closed);
                break;
            case PeerEffect.SendToServer send:
                if (_connections.TryGetValue((person, send.Origin), out var connection))
                    Servers[send.Origin].Receive(connection, send.Frame);
                break;
            case PeerEffect.Completed completed:
                person.Completed(completed.Token, completed.Result);
                break;
            case PeerEffect.Notify notify:
                if (notify.Notice.Snapshot is not null)
                    person.Snapshot = notify.Notice.Snapshot;
                person.Changes.AddRange(notify.Notice.Messages);
                break;
            case PeerEffect.FindByEnvelope find:
                (person.HoldsFinds ? person.HeldFinds : person.Inputs).Enqueue(new PeerInput.Found(find.Envelope, person.Store.FindByEnvelope(find.Envelope)));
                break;
            case PeerEffect.FindMessage find:
                (person.HoldsFinds ? person.HeldFinds : person.Inputs).Enqueue(new PeerInput.Found(find.Envelope, person.Store.FindMessage(find.Message)));
                break;
            case PeerEffect.Wipe:
                person.Store.Wipe();
                person.Wiped = true;
                break;
            default:
                DoOnPath(person, effect);
                break;
        }
    }

    private void DoOnPath(Person person, PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.OpenPath open:
                _paths[(person, open.Path)] = new PathEnd();
                if (open.Offerer)
                    person.Inputs.Enqueue(new PeerInput.PathSignalMade(open.Path, new Signal { OfferSdp = "v=0 offer" }));
                break;
            case PeerEffect.AcceptSignal accept:
                Signals++;
                if (accept.Signal.PartCase == Signal.PartOneofCase.OfferSdp)
                    person.Inputs.Enqueue(new PeerInput.PathSignalMade(accept.Path, new Signal { AnswerSdp = "v=0 answer" }));
                else if (!PathsBlocked && Other(person, accept.Path) is { } other)
                {
                    _paths[(person, accept.Path)].Open = _paths[(other, accept.Path)].Open = true;
                    PathsSilent &= !RestartsMend;
                    person.Inputs.Enqueue(new PeerInput.PathOpened(accept.Path, Facts));
                    other.Inputs.Enqueue(new PeerInput.PathOpened(accept.Path, Facts));
                }

                break;
            case PeerEffect.SendOnPath send:
                if (_paths.TryGetValue((person, send.Path), out var end) && end.Open && Other(person, send.Path) is { } reader && !PathsSilent)
                {
                    PathMessages++;
                    OnPathMessage?.Invoke(person, send.Envelope);
                    reader.Inputs.Enqueue(new PeerInput.PathReceived(send.Path, send.Envelope));
                }

                break;
            case PeerEffect.ClosePath close:
                if (_paths.TryGetValue((person, close.Path), out var closing))
                    ClosePath((person, close.Path), closing, tellSelf: false);
                break;
            case PeerEffect.DoFile file:
                file.Order.Give(person.Files);
                break;
            case PeerEffect.RestartPath restart:
                if (RestartsMend)
                    person.Inputs.Enqueue(new PeerInput.PathSignalMade(restart.Path, new Signal { OfferSdp = "v=0 restart" }));
                break;
            case PeerEffect.WatchNearby watch:
                WatchNearby(person, watch.Contacts);
                break;
            case PeerEffect.SendNearby send:
                SendNearby(person, send);
                break;
            case PeerEffect.OpenLeg or PeerEffect.AcceptLegSignal or PeerEffect.RestartLeg or PeerEffect.CloseLeg:
                Media.Do(person, effect);
                break;
            default:
                throw new InvalidOperationException($"Unknown effect {effect}.");
        }
    }

    private void ClosePath((Person Person, ulong Path) key, PathEnd end, bool tellSelf)
    {
        _paths.Remove(key);
        if (tellSelf)
            key.Person.Inputs.Enqueue(new PeerInput.PathClosed(key.Path));
        if (end.Open && Other(key.Person, key.Path) is { } other)
        {
            _paths.Remove((other, key.Path));
            other.Inputs.Enqueue(new PeerInput.PathClosed(key.Path));
        }
    }

    private Person? Other(Person person, ulong path) =>
        _paths.Keys.Where(key => key.Path == path && key.Person != person).Select(key => key.Person).FirstOrDefault();

    private bool Carry(ModelServer server)
    {
        var any = false;
        while (server.Outgoing.TryDequeue(out var said))
        {
            any = true;
            foreach (var ((person, origin), connection) in _connections)
            {
                if (connection == said.Connection && origin == server.Origin)
                    person.Inputs.Enqueue(new PeerInput.ServerSent(origin, said.Frame));
            }
        }

        return any;
    }

    private sealed class PathEnd
    {
        public bool Open { get; set; }
    }
}
