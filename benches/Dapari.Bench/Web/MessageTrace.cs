using System.Text.Json;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>Where a message's time goes, by what <c>trace.js</c> notes in both pages, whose clock is one.</summary>
internal sealed class MessageTrace(IPage from, IPage to)
{
    private static readonly string[] Parts = ["seal", "keep", "leave", "carry", "open", "keep_there", "draw"];

    private readonly Dictionary<string, List<double>> _taken = Parts.ToDictionary(part => part, _ => new List<double>());

    /// <summary>Every page of the context notes from now on.</summary>
    public static async Task WatchAsync(IBrowserContext context)
    {
        using var reader = new StreamReader(typeof(MessageTrace).Assembly.GetManifestResourceStream("trace.js")!);
        await context.AddInitScriptAsync(await reader.ReadToEndAsync());
    }

    /// <summary>Takes one message in: from the key to the screen, milliseconds since 1970.</summary>
    public async Task AddAsync(double pressed, double arrived)
    {
        var here = await TakeAsync(from);
        var there = await TakeAsync(to);
        var begin = First(here, "begin", pressed);
        var kept = First(here, "kept", begin);
        var left = First(here, "send", kept);
        // The clocks of two pages may differ by their resolution.
        var received = First(there, "receive", left - 1);
        var beginThere = First(there, "begin", received);
        var keptThere = First(there, "kept", beginThere);
        double[] times = [pressed, begin, kept, left, received, beginThere, keptThere, arrived];
        if (times.Any(double.IsNaN))
            return;
        for (var i = 0; i < Parts.Length; i++)
            _taken[Parts[i]].Add(times[i + 1] - times[i]);
    }

    /// <summary>Adds the median of each part.</summary>
    public void Report(BenchReport report, string way)
    {
        foreach (var part in Parts.Where(part => _taken[part].Count > 0))
            report.Figure($"{way}_{part}_p50_ms", Statistics.Median([.. _taken[part]]), "ms");
    }

    private static double First(List<(string What, double At)> notes, string what, double from)
    {
        foreach (var note in notes)
        {
            if (note.What == what && note.At >= from)
                return note.At;
        }

        return double.NaN;
    }

    private static async Task<List<(string What, double At)>> TakeAsync(IPage page)
    {
        using var notes = JsonDocument.Parse(await page.EvaluateAsync<string>("() => JSON.stringify(__trace.take())"));
        return [.. notes.RootElement.EnumerateArray().Select(note => (note.GetProperty("what").GetString()!, note.GetProperty("at").GetDouble()))];
    }
}
