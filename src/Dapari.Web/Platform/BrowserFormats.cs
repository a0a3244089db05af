using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Times and numbers by formats.js, in the language that is asked for each time.</summary>
internal sealed partial class BrowserFormats(Func<string> language, TimeProvider clock) : IBrowserFormats
{
    private const int MostKept = 4096;
    private const ulong MinuteMs = 60_000;
    private readonly Dictionary<(string Language, ulong Minute), string> _times = [];
    private readonly Dictionary<ulong, long> _days = [];

    public string Time(ulong atMs)
    {
        var key = (language(), atMs / MinuteMs);
        if (_times.TryGetValue(key, out var text)) return text;
        if (_times.Count >= MostKept) _times.Clear();
        return _times[key] = Js.Time(key.Item1, atMs);
    }

    public string Day(ulong atMs) => Js.Day(language(), atMs, Now());

    public string Brief(ulong atMs) => Js.Brief(language(), atMs, Now());

    public string Full(ulong atMs) => Js.Full(language(), atMs);

    // No time zone changes its offset within a quarter of an hour's block.
    public long DayNumber(ulong atMs)
    {
        var key = atMs / (15 * MinuteMs);
        if (_days.TryGetValue(key, out var day)) return day;
        if (_days.Count >= MostKept) _days.Clear();
        return _days[key] = (long)Js.DayNumber(atMs);
    }

    public string Duration(ulong milliseconds) => Js.Duration(language(), milliseconds);

    public string Relative(ulong atMs) => Js.Relative(language(), atMs, Now());

    public string Number(long value) => Js.Number(language(), value);

    public string Size(ulong bytes) => Js.Size(language(), bytes);

    private double Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static partial class Js
    {
        [JSImport("time", "formats")]
        internal static partial string Time(string language, double at);

        [JSImport("day", "formats")]
        internal static partial string Day(string language, double at, double now);

        [JSImport("brief", "formats")]
        internal static partial string Brief(string language, double at, double now);

        [JSImport("full", "formats")]
        internal static partial string Full(string language, double at);

        [JSImport("dayNumber", "formats")]
        internal static partial double DayNumber(double at);

        [JSImport("duration", "formats")]
        internal static partial string Duration(string language, double milliseconds);

        [JSImport("relative", "formats")]
        internal static partial string Relative(string language, double at, double now);

        [JSImport("number", "formats")]
        internal static partial string Number(string language, double value);

        [JSImport("size", "formats")]
        internal static partial string Size(string language, double bytes);
    }
}
