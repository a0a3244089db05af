using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Testing;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Harness;

/// <summary>One peer in the small world: engine, store, and what it was told.</summary>
internal sealed class Person
{
    private readonly World _world;
    private readonly Dictionary<long, CommandResult> _results = [];
    private long _lastToken;

    public Person(World world, string name, bool paths, bool files = false)
    {
        _world = world;
        Name = name;
        Paths = paths;
        Random = new SeededRandom((ulong)name[0] * 977);
        Files = new MemoryFileLink(world.Line, world.BlobsOf) { IsSupported = files };
        // For as long as the person is.
        _ = new FileListener(Files, happened => Inputs.Enqueue(new PeerInput.FileHappened(happened)));
        Engine = PeerEngine.Load([], Random, paths, world.MomentOf(this), callsSupported: true, filesSupported: files, nearbySupported: true);
    }

    /// <summary>The driver of files.</summary>
    public MemoryFileLink Files { get; }

    public string Name { get; }

    public bool Paths { get; }

    public SeededRandom Random { get; }

    public MemoryPeerStore Store { get; set; } = new();

    public PeerEngine Engine { get; private set; }

    public Queue<PeerInput> Inputs { get; } = new();

    public Snapshot Snapshot { get; set; } = new();

    public List<MessageChange> Changes { get; } = [];

    public List<PeerEffect> Effects { get; } = [];

    public long WallSkewMs { get; set; }

    public bool IsDown { get; private set; }

    public bool Wiped { get; set; }

    /// <summary>Effects of the following steps are lost, as by a crash after the commit; negative: never.</summary>
    public int CrashAfterCommits { get; set; } = -1;

    /// <summary>The store answers lookups only when told to, by <see cref="AnswerFinds"/>.</summary>
    public bool HoldsFinds { get; set; }

    public Queue<PeerInput> HeldFinds { get; } = new();

    public ContactId Id => Identity.ToContactId();

    public Crypto.IdentityPublicKey Identity =>
        Crypto.IdentityPublicKey.TryRead(Snapshot.Self.IdentityKey, out var key) ? key : throw new InvalidOperationException("No identity.");

    public ContactView See(Person other) => Snapshot.Contacts.Single(contact => contact.IdentityKey == other.Snapshot.Self.IdentityKey);

    public bool Knows(Person other) => Snapshot.Contacts.Any(contact => contact.IdentityKey == other.Snapshot.Self.IdentityKey);

    public IReadOnlyList<MessageRecord> Messages(Person other) =>
        [.. Store.Messages(other.Id).Where(message => message.Kind == MessageKind.Text)];

    public MessageRecord Message(Person other, string text) => Messages(other).Single(message => message.Text == text);

    public long Say(Command command)
    {
        Inputs.Enqueue(new PeerInput.Said(++_lastToken, command));
        return _lastToken;
    }

    public CommandResult Result(long token) => _results[token];

    public bool IsCompleted(long token) => _results.ContainsKey(token);

    /// <summary>Says a command and lets everything happen that follows at once.</summary>
    public CommandResult Do(Command command)
    {
        var token = Say(command);
        _world.Settle();
        return _results.GetValueOrDefault(token) ?? throw new InvalidOperationException($"{Name}: {command.KindCase} was not completed.");
    }

    public CommandResult Write(Person other, string text, ByteString? id = null) => Do(new Command
    {
        SendText = new SendText
        {
            ContactId = other.Id.ToByteString(), MessageId = id ?? ByteString.CopyFrom(Random.Bytes(16)), Text = text, Again = id is not null,
        },
    });

    public void SetPolicy(Person? other, Policy policy) =>
        Do(new Command { SetPolicy = new SetPolicy { ContactId = other?.Id.ToByteString() ?? ByteString.Empty, Policy = policy } });

    public void AnswerFinds()
    {
        HoldsFinds = false;
        while (HeldFinds.TryDequeue(out var found))
            Inputs.Enqueue(found);
        _world.Settle();
    }

    public void Completed(long token, CommandResult result) => _results[token] = result;

    /// <summary>The process ends; what is in the store stays.</summary>
    public void Stop()
    {
        IsDown = true;
        _world.Cut(this);
        Files.Reset();
        Inputs.Clear();
        HeldFinds.Clear();
    }

    /// <summary>A new process over the store.</summary>
    public void Restart(int crashAfterCommits = -1)
    {
        if (!IsDown)
            Stop();
        IsDown = false;
        CrashAfterCommits = crashAfterCommits;
        Engine = PeerEngine.Load(Store.State, Random, Paths, _world.MomentOf(this), callsSupported: true, filesSupported: Files.IsSupported, nearbySupported: true);
        Inputs.Enqueue(new PeerInput.Start());
        _world.Settle();
    }
}
