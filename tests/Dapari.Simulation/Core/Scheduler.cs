namespace Dapari.Simulation.Core;

/// <summary>Virtual time in milliseconds. Things due at the same instant happen in the order they were asked for.</summary>
internal sealed class Scheduler
{
    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private long _order;

    public long Now { get; private set; }

    public int Waiting => _queue.Count;

    public void After(long delay, Action action) => _queue.Enqueue(action, (Now + Math.Max(0, delay), _order++));

    /// <summary>Does all that is due up to and including <paramref name="until"/>, unless told to stop.</summary>
    public void RunUntil(long until, Func<bool> stop)
    {
        while (_queue.TryPeek(out _, out var next) && next.At <= until)
        {
            if (stop())
                return;
            var action = _queue.Dequeue();
            Now = Math.Max(Now, next.At);
            action();
        }

        Now = Math.Max(Now, until);
    }

    /// <summary>Time passes and nothing happens: what was due meanwhile is late.</summary>
    public void Sleep(long duration) => Now += duration;
}
