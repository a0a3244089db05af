using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Wire;

namespace Dapari.Simulation.Files;

/// <summary>
/// The channel "dapari-files" in a path's connection: it opens when both drivers were given the path, carries in order at the line's speed, stalls and dies
/// with the path; what is in flight then is lost. Each end learns of opening and closing in its own time.
/// </summary>
internal sealed class SimFileChannel(World world, SimPathPair pair, SimRandom random)
{
    private readonly long _chunkMs = random.PickAny(2, 8, 20, 60, 200);
    private readonly long _latency = random.PickAny(1, 5, 25, 90);
    private readonly Dictionary<SimPathEnd, (SimFiles Driver, ContactId Contact, bool Open, List<Action> Early)> _ends = [];
    private readonly Dictionary<SimPathEnd, long> _due = [];
    private readonly Queue<Action> _held = new();
    private bool _begun;

    public bool Closed { get; private set; }

    public void Attach(SimPathEnd end, SimFiles driver, ContactId contact)
    {
        if (Closed || _ends.ContainsKey(end))
            return;
        _ends[end] = (driver, contact, false, []);
        if (_ends.Count < 2 || _begun)
            return;
        _begun = true;
        foreach (var one in _ends.Keys.ToArray())
            world.After(_latency + random.Between(0, 40), () => Open(one));
    }

    /// <summary>How long the line takes for so many chunks.</summary>
    public long Takes(int chunks) => chunks * _chunkMs;

    /// <summary>Sends behind all that was sent before; false: it is closed. A chunk takes its time, a word none.</summary>
    public bool Send(SimPathEnd from, int chunks, Action<SimFiles, ContactId> arrives, Func<bool>? unless = null, Action? sent = null)
    {
        if (Closed || pair.IsDead || !_ends.TryGetValue(from, out var here) || !here.Open)
            return false;
        var to = from == pair.First ? pair.Second : pair.First;
        var due = Math.Max(_due.GetValueOrDefault(from), world.Now) + Takes(chunks);
        _due[from] = due;
        world.After(due - world.Now, () =>
        {
            if (unless?.Invoke() == true)
                return;
            sent?.Invoke();
            world.After(_latency, () => Pass(() => Arrive(to, arrives)));
        });
        return true;
    }

    /// <summary>One end lets go, or is gone.</summary>
    public void Close(SimPathEnd end)
    {
        if (Closed)
            return;
        Closed = true;
        pair.Files = null;
        foreach (var (one, state) in _ends.ToArray())
            world.After(one == end ? 0 : _latency + random.Between(0, 500), () => state.Driver.Closed(state.Contact, this));
    }

    /// <summary>The path goes on after a stall.</summary>
    public void Recover()
    {
        while (_held.TryDequeue(out var held))
            world.After(_latency, held);
    }

    private void Open(SimPathEnd end)
    {
        if (Closed || end.Gone || !_ends.TryGetValue(end, out var state))
            return;
        _ends[end] = state with { Open = true };
        state.Driver.Opened(state.Contact, this, end);
        foreach (var early in state.Early)
            early();
    }

    private void Pass(Action arrival)
    {
        if (Closed || pair.IsDead)
            return;
        if (pair.IsStalled)
            _held.Enqueue(arrival);
        else
            arrival();
    }

    private void Arrive(SimPathEnd to, Action<SimFiles, ContactId> arrives)
    {
        if (Closed || to.Gone || !_ends.TryGetValue(to, out var there))
            return;
        // The driver keeps the other's first words until it told of the opening.
        if (there.Open)
            arrives(there.Driver, there.Contact);
        else
            there.Early.Add(() => arrives(there.Driver, there.Contact));
    }
}
