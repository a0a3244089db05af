using System.Diagnostics;
using Dapari.Server.Hosting;

namespace Dapari.Server.Telemetry;

/// <summary>Everything that the server tells its operator's Prometheus or collector. Sums and sizes only; no name, mailbox or address, not even hashed.</summary>
internal static class MetricsPage
{
    private static readonly Lazy<double> Started = new(() =>
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    });

    public static string Write(ServerHost host)
    {
        var page = new Exposition();
        Describe(host, page);
        return page.ToString();
    }

    public static void Describe(ServerHost host, IFigures page)
    {
        var meters = host.Hub.Meters;
        page.Gauge("dapari_connections", "Connections open now.", () => host.Hub.ConnectionCount);
        page.Gauge("dapari_connections_limit", "Connections taken at most.", () => host.Options.MaxConnections);
        page.Counter("dapari_connections_refused_total", "Connections not taken: too many, or too fast.", () => meters.Turned.Value);
        page.Counter("dapari_slow_readers_total", "Connections closed because they read too slowly.", () => meters.Slow.Value);
        page.Counters("dapari_frames_received_total", "Frames read, by kind.", "kind", meters.Received);
        page.Counters("dapari_frames_sent_total", "Frames queued to be sent, by kind.", "kind", meters.Sent);
        page.Counters("dapari_refusals_total", "Requests refused, by reason.", "reason", meters.Refused);
        page.Histogram("dapari_commit_seconds", "Time until a batch of writes is durable.", host.Commits);
        page.Gauge("dapari_storage_failing", "1 while the last write failed.", () => host.IsStorageFailing ? 1 : 0);
        page.Gauge("dapari_journal_envelopes", "Envelopes in the journal that are not in the database yet.", () => host.JournalEnvelopes);
        page.Gauge("dapari_blob_bytes", "Bytes of files left here.", () => host.Blobs.StoredBytes);
        page.Gauge("dapari_blob_room_bytes", "Bytes of files that may still be left here.", () => host.Blobs.Room);
        if (host.Hub.Pushes is { } pushes)
            page.Counters("dapari_push_total", "Wake-ups for closed apps, by what came of them.", "end", pushes.Ends);
        page.Gauge("dapari_relay_running", "1 while the relay for calls runs.", () => host.Relay.Ports is null ? 0 : 1);
        page.Gauge("dapari_ready", "1 while the server takes work: its disk keeps what is written and it is not going away.", () => host.NotReady is null ? 1 : 0);
        page.Counter("process_cpu_seconds_total", "Processor time of the process.", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        page.Gauge("process_resident_memory_bytes", "Memory of the process.", () => Environment.WorkingSet);
        page.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", () => Started.Value);
        page.Gauge("dotnet_heap_bytes", "Bytes of the managed heap in use.", () => GC.GetTotalMemory(false));
        page.Counter("dotnet_gc_pause_seconds_total", "Time that garbage collection stopped everything.", () => GC.GetTotalPauseDuration().TotalSeconds);
        page.Gauge("dotnet_threadpool_queue", "Work that waits for a thread.", () => ThreadPool.PendingWorkItemCount);
    }
}
