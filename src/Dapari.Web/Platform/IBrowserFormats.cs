namespace Dapari.Web.Platform;

/// <summary>
/// Times, durations and numbers as people write them, by the browser's Intl: in <see cref="IBrowser.Language"/> and the browser's time zone.
/// Times are milliseconds since 1970-01-01 UTC. Results are cached: cheap to call while rendering.
/// </summary>
public interface IBrowserFormats
{
    /// <summary>"14:05".</summary>
    string Time(ulong atMs);

    /// <summary>"Today", "Yesterday", "Monday" (within a week), else "3 March" or "3 March 2025"; capitalised as a heading.</summary>
    string Day(ulong atMs);

    /// <summary>For a list: the time when today, else "Yesterday", a short weekday, or a short date.</summary>
    string Brief(ulong atMs);

    /// <summary>Date and time with seconds, for details.</summary>
    string Full(ulong atMs);

    /// <summary>The local calendar day as a number that rises by one a day: two times with the same number share a day heading.</summary>
    long DayNumber(ulong atMs);

    /// <summary>A length of time: "35 ms", "4 seconds", "2 hours, 5 minutes".</summary>
    string Duration(ulong milliseconds);

    /// <summary>From now: "in 5 seconds", "3 minutes ago".</summary>
    string Relative(ulong atMs);

    /// <summary>A whole number with the language's separators.</summary>
    string Number(long value);

    /// <summary>A size: "3.2 MB".</summary>
    string Size(ulong bytes);
}
