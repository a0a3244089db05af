using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// The steps of one leg's negotiation, both directions: numbered from 1, said again until seen, taken in their order once each. What comes early waits;
/// what is too early, or too much, is left for its repetition.
/// </summary>
internal sealed class StepStream
{
    /// <summary>Steps of ours that may wait to be seen; a driver that makes more has failed.</summary>
    public const int MaxUnseen = 256;

    /// <summary>How far a step of theirs may be ahead of its turn.</summary>
    public const int MaxAhead = 64;

    /// <summary>Steps that one leg takes in altogether: an honest negotiation has some tens.</summary>
    public const int MaxTaken = 2048;

    private readonly Queue<CallStep> _unseen = new();
    private readonly SortedDictionary<uint, Signal> _early = [];
    private uint _made;
    private uint _sent;

    /// <summary>Every step of theirs up to this one was taken.</summary>
    public uint Taken { get; private set; }

    public bool HasUnseen => _unseen.Count > 0;

    /// <summary>Steps that were never sent, and have room in the next signal.</summary>
    public bool IsDue => _made > _sent && ToSend() is [.., var last] && last.Number > _sent;

    /// <summary>A step of ours; false: there are too many that nobody saw.</summary>
    public bool TryAdd(Signal signal)
    {
        if (_unseen.Count >= MaxUnseen)
            return false;
        _unseen.Enqueue(new CallStep { Number = ++_made, Signal = signal });
        return true;
    }

    /// <summary>The other took ours up to a number; what was never made is not believed.</summary>
    public void Seen(uint number)
    {
        while (number <= _made && _unseen.TryPeek(out var first) && first.Number <= number)
            _unseen.Dequeue();
    }

    /// <summary>The oldest unseen steps, as many as one signal holds.</summary>
    public IReadOnlyList<CallStep> ToSend()
    {
        var steps = new List<CallStep>();
        var size = 0;
        foreach (var step in _unseen)
        {
            size += step.CalculateSize();
            if (steps.Count >= WireLimits.CallStepsPerSignal || (steps.Count > 0 && size > WireLimits.CallStepBytesPerSignal))
                break;
            steps.Add(step);
        }

        return steps;
    }

    /// <summary>They are on their way.</summary>
    public void Sent(IReadOnlyList<CallStep> steps)
    {
        if (steps is [.., var last])
            _sent = Math.Max(_sent, last.Number);
    }

    /// <summary>Takes steps of theirs in; gives those whose turn it is.</summary>
    public IReadOnlyList<Signal> Take(IEnumerable<CallStep> steps)
    {
        foreach (var step in steps)
        {
            if (step.Number > Taken && step.Number - Taken <= MaxAhead && step.Number <= MaxTaken)
                _early.TryAdd(step.Number, step.Signal);
        }

        var turn = new List<Signal>();
        while (_early.Remove(Taken + 1, out var next))
        {
            Taken++;
            turn.Add(next);
        }

        return turn;
    }
}
