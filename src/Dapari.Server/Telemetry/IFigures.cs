namespace Dapari.Server.Telemetry;

/// <summary>Where the server's figures go: a page that is read now, or instruments that are read from time to time. The values may be asked for on any thread.</summary>
internal interface IFigures
{
    void Gauge(string name, string help, Func<double> value);

    /// <param name="name">Ends with _total.</param>
    /// <param name="help">What it counts.</param>
    /// <param name="value">Never smaller than before.</param>
    void Counter(string name, string help, Func<double> value);

    void Counters<T>(string name, string help, string label, NamedCounters<T> counters)
        where T : struct, Enum;

    void Histogram(string name, string help, CommitTimes times);
}
