using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Files.Simulation;

/// <summary>Two peers, a channel between them that dies, stalls and lies, a server that loses drop-offs, one clock, one seed.</summary>
internal sealed class FileWorld
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;
    private int _generation;
    private long _lineFree;

    public FileWorld(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        Alice = new FilePeer(this, 1);
        Bob = new FilePeer(this, 2);
        (Alice.Other, Bob.Other) = (Bob, Alice);
        Alice.Restart();
        Bob.Restart();
    }

    public int Seed { get; }

    public Random Random { get; }

    public long Now { get; private set; }

    public FilePeer Alice { get; }

    public FilePeer Bob { get; }

    public Dictionary<ByteString, Dictionary<long, byte[]>> Server { get; } = [];

    public bool ServerUp { get; set; } = true;

    public bool IsOpen { get; private set; }

    public bool IsStalled { get; set; }

    /// <summary>How many chunks are changed on their way from now on; the channel is safe, so it is their sender who lies.</summary>
    public int Lies { get; set; }

    public int Commits { get; set; }

    /// <summary>Called at each commit; says whether the peer dies there, and where.</summary>
    public Func<FilePeer, int, Death>? Fate { get; set; }

    public void After(long ms, Action what) => _events.Enqueue(what, (Now + ms, _order++));

    public bool Chance(int percent) => Random.Next(100) < percent;

    public void Run(long until)
    {
        while (_events.TryPeek(out _, out var key) && key.At <= until)
        {
            var what = _events.Dequeue();
            Now = key.At;
            what();
        }

        Now = Math.Max(Now, until);
    }

    public void Open(Route route = Route.Direct)
    {
        if (IsOpen || !Alice.IsUp || !Bob.IsUp)
            return;
        IsOpen = true;
        _generation++;
        _lineFree = Now;
        IsStalled = false;
        Alice.ChannelOpened(route);
        // The first may have died of it.
        if (IsOpen)
            Bob.ChannelOpened(route);
    }

    public void Close()
    {
        if (!IsOpen)
            return;
        IsOpen = false;
        _generation++;
        Alice.ChannelClosed();
        Bob.ChannelClosed();
    }

    /// <summary>Carries something over the channel, in order; lost if the channel dies before, or is stalled.</summary>
    public void Carry(long takesMs, Action arrive, Action? sent = null)
    {
        var generation = _generation;
        _lineFree = Math.Max(_lineFree, Now) + takesMs;
        After(_lineFree - Now, () =>
        {
            if (generation == _generation)
                sent?.Invoke();
        });
        After(_lineFree - Now + 10, () =>
        {
            if (generation == _generation && !IsStalled)
                arrive();
        });
    }
}

/// <summary>Where in a step a peer dies.</summary>
public enum Death
{
    None,
    BeforeCommit,
    AfterCommit,
    AmidEffects,
}
