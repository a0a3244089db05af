using Dapari.Peer.Hosting;
using Dapari.Simulation.Core;
using Dapari.Simulation.Files;

namespace Dapari.Simulation.Network;

/// <summary>Two path ends that found each other: an ordered, reliable channel that may stall, and loses what is in flight when it dies.</summary>
internal sealed class SimPathPair
{
    private readonly World _world;
    private readonly SimRandom _random;
    private readonly SimPathEnd _first;
    private readonly SimPathEnd _second;
    private readonly long _latency;
    private readonly Queue<(SimPathEnd To, byte[] Message)> _held = new();
    private long _toFirst;
    private long _toSecond;
    private bool _stalled;
    private bool _dead;

    private SimPathPair(World world, SimPathEnd first, SimPathEnd second, SimRandom random)
    {
        (_world, _first, _second, _random) = (world, first, second, random);
        _latency = random.PickAny(1, 5, 25, 90);
    }

    public bool IsDead => _dead;

    public bool IsStalled => _stalled;

    /// <summary>The channel of files, once a driver was given the path.</summary>
    public SimFileChannel? Files { get; set; }

    public SimPathEnd First => _first;

    public SimPathEnd Second => _second;

    public static void TryConnect(World world, SimPathEnd end, SimRandom random)
    {
        if (end.Match() is not { } other || !world.CanPunch(end.Peer, other.Peer))
            return;
        var pair = new SimPathPair(world, end, other, random);
        (end.Pair, other.Pair) = (pair, pair);
        world.Pairs.Add(pair);
        var settles = random.Between(10, 400);
        world.After(settles, () => pair.Open());
    }

    public void Carry(SimPathEnd from, byte[] message)
    {
        if (_dead)
            return;
        var to = from == _first ? _second : _first;
        if (_stalled)
        {
            _held.Enqueue((to, message));
            return;
        }

        Send(to, message);
    }

    /// <summary>The channel ends for both, each learning of it in its own time; what is in flight is lost.</summary>
    public void Die(bool silently)
    {
        if (_dead)
            return;
        _dead = true;
        _world.Pairs.Remove(this);
        _world.Note(_first.Peer.Name, $"path to {_second.Peer.Name} dies{(silently ? " silently" : "")}");
        _first.Fail(silently ? _random.Between(4_000, 30_000) : _random.Between(0, 300));
        _second.Fail(silently ? _random.Between(4_000, 30_000) : _random.Between(0, 300));
    }

    /// <summary>Nothing passes for a while; what is sent waits, and arrives if the path comes back.</summary>
    public void Stall(long milliseconds)
    {
        if (_dead || _stalled)
            return;
        _stalled = true;
        _world.Note(_first.Peer.Name, $"path to {_second.Peer.Name} stalls");
        if (milliseconds > 12_000)
            _world.After(milliseconds, () => { if (_stalled) Die(silently: false); });
        else
            _world.After(milliseconds, Recover);
    }

    public void Recover()
    {
        if (_dead || !_stalled || !_world.CanPunch(_first.Peer, _second.Peer))
            return;
        _stalled = false;
        while (_held.TryDequeue(out var held))
            Send(held.To, held.Message);
        Files?.Recover();
    }

    public void EndGone(SimPathEnd end, bool died)
    {
        if (_dead)
            return;
        var other = end == _first ? _second : _first;
        if (!died && !_stalled)
        {
            // A clean goodbye travels behind what was sent before it.
            var due = Math.Max(other == _first ? _toFirst : _toSecond, _world.Now + _latency);
            _world.After(due - _world.Now, () => _dead = true);
            _world.Pairs.Remove(this);
            other.Fail(due - _world.Now + 1);
            return;
        }

        _dead = true;
        _world.Pairs.Remove(this);
        other.Fail(_random.Between(1_000, 25_000));
    }

    /// <summary>Each end sees its own candidate: they may differ.</summary>
    public void Measure()
    {
        _first.Change(Facts());
        _second.Change(Facts());
    }

    private void Open()
    {
        if (_dead || _first.Gone || _second.Gone)
            return;
        _first.Open(Facts());
        _world.After(_random.Between(0, 2 * _latency), () =>
        {
            if (!_dead)
                _second.Open(Facts());
        });
    }

    private PathFacts Facts() => new(
        _random.Chance(0.5) ? Dapari.Wire.V1.Network.Same : Dapari.Wire.V1.Network.Internet,
        (uint)(2 * _latency + _random.Between(0, 5)));

    private void Send(SimPathEnd to, byte[] message)
    {
        ref var due = ref (to == _first ? ref _toFirst : ref _toSecond);
        due = Math.Max(due, _world.Now + _latency + _random.Between(0, 3));
        // The other end may open a little later: its channel holds what comes before.
        var hold = to.IsOpen || to.Gone ? 0 : 2 * _latency;
        due += hold;
        _world.After(due - _world.Now, () =>
        {
            if (!_dead)
                to.Arrived(message);
        });
    }
}
