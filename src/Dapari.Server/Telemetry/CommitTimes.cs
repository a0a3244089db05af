using System.Diagnostics.Metrics;

namespace Dapari.Server.Telemetry;

/// <summary>How long batches took to be durable. One thread writes, any reads: a reader may see a batch in one figure and not yet in another.</summary>
internal sealed class CommitTimes
{
    private readonly long[] _counts = new long[Bounds.Length + 1];
    private double _seconds;

    /// <summary>The buckets' upper bounds in seconds: from a disk with a battery to one that is ill.</summary>
    public static double[] Bounds { get; } = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];

    /// <summary>All batches' time in seconds.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    /// <summary>Batches that took at most the bound of this index and more than the one before; the last are those above all bounds.</summary>
    public long Count(int index) => Volatile.Read(ref _counts[index]);

    /// <summary>Gets each time too.</summary>
    public Histogram<double>? Mirror { get; set; }

    /// <summary>The writer's thread alone.</summary>
    public void Add(TimeSpan time)
    {
        var seconds = time.TotalSeconds;
        var index = 0;
        while (index < Bounds.Length && seconds > Bounds[index])
            index++;
        Volatile.Write(ref _counts[index], _counts[index] + 1);
        Volatile.Write(ref _seconds, _seconds + seconds);
        Mirror?.Record(seconds);
    }
}
