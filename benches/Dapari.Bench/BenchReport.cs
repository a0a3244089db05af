using System.Globalization;
using System.Text.Json;

namespace Dapari.Bench;

/// <summary>The result: figures, and what they should be. The last line that is printed is the same as one JSON object.</summary>
internal sealed class BenchReport(string name)
{
    private readonly List<(string Name, double Value, string Unit)> _figures = [];
    private readonly List<(string Name, double Value, string Goal, bool Holds)> _goals = [];

    /// <summary>Whether every goal holds.</summary>
    public bool Holds => _goals.TrueForAll(g => g.Holds);

    /// <summary>A measured number, a median unless its name says otherwise.</summary>
    public BenchReport Figure(string figure, double value, string unit = "")
    {
        _figures.Add((figure, value, unit));
        return this;
    }

    /// <summary>A number that should be at most so much.</summary>
    public BenchReport AtMost(string goal, double value, double limit) => Goal(goal, value, $"≤ {Number(limit)}", value <= limit);

    /// <summary>A number that should be at least so much.</summary>
    public BenchReport AtLeast(string goal, double value, double limit) => Goal(goal, value, $"≥ {Number(limit)}", value >= limit);

    public void Write(TextWriter output)
    {
        var width = _figures.Select(f => f.Name.Length).Concat(_goals.Select(g => g.Name.Length)).DefaultIfEmpty(0).Max();
        foreach (var (figure, value, unit) in _figures)
            output.WriteLine($"{figure.PadRight(width)}  {Number(value),14} {unit}");
        foreach (var (goal, value, limit, holds) in _goals)
            output.WriteLine($"{goal.PadRight(width)}  {Number(value),14} (goal {limit}: {(holds ? "holds" : "missed")})");
        output.WriteLine(Json());
    }

    private string Json()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("bench", name);
            json.WriteStartObject("figures");
            foreach (var (figure, value, _) in _figures)
                json.WriteNumber(figure, Rounded(value));
            json.WriteEndObject();
            json.WriteStartArray("goals");
            foreach (var (goal, value, limit, holds) in _goals)
            {
                json.WriteStartObject();
                json.WriteString("name", goal);
                json.WriteNumber("value", Rounded(value));
                json.WriteString("goal", limit);
                json.WriteBoolean("holds", holds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private BenchReport Goal(string goal, double value, string limit, bool holds)
    {
        _goals.Add((goal, value, limit, holds));
        return this;
    }

    private static double Rounded(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 0 : 3);

    private static string Number(double value) => Rounded(value).ToString(CultureInfo.InvariantCulture);
}
