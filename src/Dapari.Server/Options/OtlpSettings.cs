namespace Dapari.Server.Options;

/// <summary>Settings of what leaves for an OpenTelemetry collector.</summary>
internal static class OtlpSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<Uri>("otlp", "URL", "send figures, traces and the log to this OpenTelemetry collector, by OTLP over HTTP (default: nowhere)", Settings.Origin, (o, v) => o with { Otlp = o.Otlp with { Collector = v } }),
        Settings.Count("otlp-trace-one-of", "of so many posts, drop-offs and relay accesses one is traced (default 1000)", 1, 1_000_000, (o, v) => o with { Otlp = o.Otlp with { TraceOneOf = v } }),
    ];
}
