using System.Diagnostics.Metrics;
using System.Reflection;
using Dapari.Server.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Dapari.Server.Telemetry;

/// <summary>
/// Sends figures, spans and the log to a collector by OTLP over HTTP, on threads of its own. What the collector does not take is dropped: queues hold
/// <see cref="Queue"/> entries and no more. Nothing here is touched, nor its libraries loaded, unless the operator named a collector.
/// </summary>
internal sealed class OtlpExport : IAsyncDisposable
{
    private const int Queue = 2048;
    private const int AnswerWithinMs = 5000;
    private const int FarewellMs = 3000;
    private const int EveryMs = 15_000;
    private readonly Meter _meter = new(Spans.SourceName);
    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;
    private readonly LoggerProvider? _log;

    private OtlpExport(OtlpServing serving, ServerHost host, LoggerProvider? log)
    {
        var collector = serving.Collector!;
        _log = log;
        MetricsPage.Describe(host, new OtlpFigures(_meter));
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource()).AddMeter(Spans.SourceName)
            .AddOtlpExporter((exporter, reader) =>
            {
                To(exporter, collector, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = EveryMs;
                reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = AnswerWithinMs;
            })
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(Spans.SourceName)
            .SetSampler(new TraceIdRatioBasedSampler(1.0 / serving.TraceOneOf))
            .AddOtlpExporter(exporter =>
            {
                To(exporter, collector, "traces");
                exporter.BatchExportProcessorOptions.MaxQueueSize = Queue;
                exporter.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = AnswerWithinMs;
            })
            .Build();
    }

    public static OtlpExport Start(OtlpServing serving, ServerHost host, IServiceProvider services) => new(serving, host, services.GetService<LoggerProvider>());

    /// <summary>The log goes there too, as it goes to the console; of --verbose, which names people, nothing.</summary>
    public static void AddLog(ILoggingBuilder logging, OtlpServing serving)
    {
        var collector = serving.Collector!;
        logging.AddOpenTelemetry(log =>
        {
            log.SetResourceBuilder(Resource());
            log.IncludeFormattedMessage = true;
            log.AddOtlpExporter((exporter, processor) =>
            {
                To(exporter, collector, "logs");
                processor.BatchExportProcessorOptions.MaxQueueSize = Queue;
                processor.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = AnswerWithinMs;
            });
        });
        logging.AddFilter<OpenTelemetryLoggerProvider>((category, level) =>
            level >= (category is "Dapari" ? LogLevel.Information : LogLevel.Warning));
    }

    /// <summary>Sends now what waits. False: the collector did not take it in time.</summary>
    public Task<bool> FlushAsync(TimeSpan patience)
    {
        var ms = (int)patience.TotalMilliseconds;
        return AllAsync(() => _metrics.ForceFlush(ms), () => _traces.ForceFlush(ms), () => _log?.ForceFlush(ms) ?? true);
    }

    public async ValueTask DisposeAsync()
    {
        await AllAsync(() => _metrics.Shutdown(FarewellMs), () => _traces.Shutdown(FarewellMs), () => _log?.Shutdown(FarewellMs) ?? true);
        _metrics.Dispose();
        _traces.Dispose();
        _meter.Dispose();
    }

    private static async Task<bool> AllAsync(params Func<bool>[] acts) => Array.TrueForAll(await Task.WhenAll(acts.Select(Task.Run)), done => done);

    private static void To(OtlpExporterOptions exporter, Uri collector, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(collector, "v1/" + signal); // OTLP 1.0, "OTLP/HTTP Request": each signal has a path of its own.
        exporter.TimeoutMilliseconds = AnswerWithinMs;
    }

    // No detector: a host's name, a user or a command line is nobody's business at the collector unless the operator says it (OTEL_RESOURCE_ATTRIBUTES).
    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty().AddEnvironmentVariableDetector().AddService(
        "dapari-server", serviceVersion: typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
        serviceInstanceId: Instance);

    private static string Instance { get; } = Guid.NewGuid().ToString();
}
