using System.Collections.Concurrent;

namespace Dapari.Peer.Tests.Harness;

/// <summary>One thread for everything, as in a browser: work that is posted runs when the test lets it.</summary>
internal sealed class Pump : SynchronizationContext
{
    // A cancellation is told on another thread: its echo may take that long to come back.
    private static readonly TimeSpan Echo = TimeSpan.FromMilliseconds(50);
    private readonly BlockingCollection<(SendOrPostCallback Work, object? State)> _posted = [];

    public override void Post(SendOrPostCallback d, object? state) => _posted.Add((d, state));

    /// <summary>Runs a test's body, and what it waits for, on this thread.</summary>
    public static void Run(Func<Pump, Task> body)
    {
        var former = Current;
        var pump = new Pump();
        SetSynchronizationContext(pump);
        try
        {
            var task = body(pump);
            while (!task.IsCompleted)
                pump.Settle();
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(former);
        }
    }

    /// <summary>Runs what is posted until nothing is.</summary>
    public void Settle()
    {
        while (_posted.TryTake(out var one, Echo))
            one.Work(one.State);
    }
}
