namespace Dapari.Server.Telemetry;

/// <summary>What leaves for the operator's OpenTelemetry collector.</summary>
internal sealed record OtlpServing
{
    /// <summary>The collector's origin, which takes OTLP over HTTP; null: nothing leaves.</summary>
    public Uri? Collector { get; init; }

    /// <summary>Of so many pieces of work one is traced; from 1, which is all.</summary>
    public int TraceOneOf { get; init; } = 1000;
}
