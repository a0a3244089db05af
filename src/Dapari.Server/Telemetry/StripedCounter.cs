namespace Dapari.Server.Telemetry;

/// <summary>A count that many threads raise at once: each processor has a cache line of its own, so that counting never makes them wait for one another. Any thread.</summary>
internal sealed class StripedCounter
{
    /// <summary>Longs from one stripe to the next: 128 bytes, for processors fetch lines in pairs.</summary>
    private const int Stride = 16;
    private const int Stripes = 8;

    private readonly long[] _cells = new long[(Stripes + 1) * Stride];

    /// <summary>All that was counted so far; what is being counted meanwhile may be missing.</summary>
    public long Value
    {
        get
        {
            var sum = 0L;
            for (var stripe = 1; stripe <= Stripes; stripe++)
                sum += Volatile.Read(ref _cells[stripe * Stride]);
            return sum;
        }
    }

    public void Add() => Interlocked.Increment(ref _cells[(1 + Thread.GetCurrentProcessorId() % Stripes) * Stride]);
}
