using System.Diagnostics;
using System.Globalization;
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

    /// <summary>Ends it as HTTP answers: by the status where it was not what was asked for.</summary>
    /// <param name="span">Null: it is not traced.</param>
    /// <param name="status">As it was answered.</param>
    /// <param name="isBroken">The connection ended before the answer did.</param>
    public static void End(this Activity? span, int status, bool isBroken)
    {
        if (span is null)
            return;
        span.SetTag("dapari.outcome", isBroken ? "broken" : status < 400 ? "done" : status.ToString(CultureInfo.InvariantCulture));
        if (status >= 500)
            span.SetStatus(ActivityStatusCode.Error);
        span.Dispose();
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
