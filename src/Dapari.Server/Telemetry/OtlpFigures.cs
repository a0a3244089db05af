using System.Diagnostics.Metrics;

namespace Dapari.Server.Telemetry;

/// <summary>The server's figures as instruments. Counters lose _total, which a collector that speaks with Prometheus gives back.</summary>
internal sealed class OtlpFigures(Meter meter) : IFigures
{
    public void Gauge(string name, string help, Func<double> value) => meter.CreateObservableGauge(name, value, null, help);

    public void Counter(string name, string help, Func<double> value) => meter.CreateObservableCounter(Bare(name), value, null, help);

    public void Counters<T>(string name, string help, string label, NamedCounters<T> counters)
        where T : struct, Enum
    {
        var all = counters.All.Where(c => c.Name is not ("none" or "unspecified")).Select(c => (Tag: KeyValuePair.Create(label, (object?)c.Name), c.Counter)).ToArray();
        meter.CreateObservableCounter(Bare(name), () => all.Select(c => new Measurement<double>(c.Counter.Value, c.Tag)), null, help);
    }

    public void Histogram(string name, string help, CommitTimes times) =>
        times.Mirror = meter.CreateHistogram(name, null, help, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = CommitTimes.Bounds });

    private static string Bare(string name) => name.EndsWith("_total", StringComparison.Ordinal) ? name[..^6] : name;
}
