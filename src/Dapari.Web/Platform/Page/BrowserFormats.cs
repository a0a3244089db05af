using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/formats.js. Times go over as numbers: exact for milliseconds until the year 287396.</summary>
internal static partial class FormatModule
{
    public const string Name = "dapari/formats";

    [JSImport("dayNumber", Name)]
    public static partial int DayNumber(double at);

    [JSImport("time", Name)]
    public static partial string Time(string language, double at);

    [JSImport("full", Name)]
    public static partial string Full(string language, double at);

    [JSImport("day", Name)]
    public static partial string Day(string language, double at, double now);

    [JSImport("brief", Name)]
    public static partial string Brief(string language, double at, double now);

    [JSImport("relative", Name)]
    public static partial string Relative(string language, double at, double now);

    [JSImport("duration", Name)]
    public static partial string Duration(string language, double ms);

    [JSImport("number", Name)]
    public static partial string Number(string language, double value);

    [JSImport("size", Name)]
    public static partial string Size(string language, double bytes);
}

/// <summary>Times and numbers by the browser's Intl, with the last results at hand.</summary>
internal sealed class BrowserFormats(Browser browser) : IBrowserFormats
{
    private const int MostKept = 2048;

    // ECMAScript's time values end here (ECMA-262 §21.4.1.1); what a peer claims may lie beyond.
    private const double LatestMs = 8.64e15;
    private const ulong Minute = 60_000;
    private readonly Dictionary<(char Kind, string Language, ulong At), string> _texts = [];
    private readonly Dictionary<ulong, long> _days = [];

    /// <inheritdoc/>
    public string Time(ulong atMs) => Keep('t', atMs / Minute, static (language, at) => FormatModule.Time(language, Clamp(at * (double)Minute)));

    /// <inheritdoc/>
    public string Full(ulong atMs) => Keep('f', atMs, static (language, at) => FormatModule.Full(language, Clamp(at)));

    /// <inheritdoc/>
    public string Day(ulong atMs) => FormatModule.Day(browser.Language, Clamp(atMs), Now);

    /// <inheritdoc/>
    public string Brief(ulong atMs) => FormatModule.Brief(browser.Language, Clamp(atMs), Now);

    /// <inheritdoc/>
    public string Relative(ulong atMs) => FormatModule.Relative(browser.Language, Clamp(atMs), Now);

    /// <inheritdoc/>
    public string Duration(ulong milliseconds) => Keep('d', milliseconds, static (language, ms) => FormatModule.Duration(language, Clamp(ms)));

    /// <inheritdoc/>
    public string Number(long value) => FormatModule.Number(browser.Language, value);

    /// <inheritdoc/>
    public string Size(ulong bytes) => Keep('s', bytes, static (language, size) => FormatModule.Size(language, size));

    /// <inheritdoc/>
    public long DayNumber(ulong atMs)
    {
        // Time zones begin their days on quarters of an hour.
        var quarter = atMs / (15 * Minute);
        if (_days.TryGetValue(quarter, out var day)) return day;
        if (_days.Count >= MostKept) _days.Clear();
        return _days[quarter] = FormatModule.DayNumber(Clamp(atMs));
    }

    private double Now => browser.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static double Clamp(double atMs) => Math.Min(atMs, LatestMs);

    private string Keep(char kind, ulong at, Func<string, ulong, string> make)
    {
        var key = (kind, browser.Language, at);
        if (_texts.TryGetValue(key, out var text)) return text;
        if (_texts.Count >= MostKept) _texts.Clear();
        return _texts[key] = make(browser.Language, at);
    }
}
