using System.Diagnostics;
using Dapari.Wire.V1;

namespace Dapari.Server.Telemetry;

/// <summary>
/// What is traced: a piece of work from its frame to its answer. A span has a name, times and an outcome, all words of this program; each is a trace of its own,
/// so that no two of one connection can be told to belong together. Costs a look at one field while nobody listens.
/// </summary>
internal static class Spans
{
    public const string SourceName = "Dapari.Server";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Null: this one is not traced.</summary>
    public static Activity? Begin(string name)
    {
        if (!Source.HasListeners())
            return null;
        // The web server's activity is one for a connection's whole life: as a parent it would tie all its posts together.
        Activity.Current = null;
        var span = Source.StartActivity(name, ActivityKind.Server);
        Activity.Current = null;
        return span;
    }

    /// <summary>A moment of the work, by a constant name.</summary>
    public static void Reached(this Activity? span, string moment) => span?.AddEvent(new ActivityEvent(moment));

    /// <summary>Ends it; <see cref="Refusal.Unspecified"/>: it went well.</summary>
    public static void End(this Activity? span, Refusal refusal)
    {
        if (span is null)
            return;
        span.SetTag("dapari.outcome", refusal == Refusal.Unspecified ? "done" : refusal.ToString());
        if (refusal is Refusal.Storage)
            span.SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }
}
