using System.Globalization;
using System.Text;

namespace Dapari.Server.Telemetry;

/// <summary>Writes metrics as the Prometheus text format 0.0.4 has them. Names and labels are constants of this program: nothing needs escaping.</summary>
internal sealed class Exposition : IFigures
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    public void Gauge(string name, string help, Func<double> value) => Single(name, help, "gauge", value());

    public void Counter(string name, string help, Func<double> value) => Single(name, help, "counter", value());

    public void Counters<T>(string name, string help, string label, NamedCounters<T> counters)
        where T : struct, Enum
    {
        Head(name, help, "counter");
        foreach (var (kind, counter) in counters.All)
        {
            if (kind is not ("none" or "unspecified"))
                Line(name, $"{{{label}=\"{kind}\"}}", counter.Value);
        }
    }

    public void Histogram(string name, string help, CommitTimes times)
    {
        Head(name, help, "histogram");
        var sum = 0L;
        for (var i = 0; i < CommitTimes.Bounds.Length; i++)
            Line(name + "_bucket", $"{{le=\"{Number(CommitTimes.Bounds[i])}\"}}", sum += times.Count(i));
        sum += times.Count(CommitTimes.Bounds.Length);
        Line(name + "_bucket", "{le=\"+Inf\"}", sum);
        Line(name + "_sum", "", times.Seconds);
        Line(name + "_count", "", sum);
    }

    public override string ToString() => _text.ToString();

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void Single(string name, string help, string type, double value)
    {
        Head(name, help, type);
        Line(name, "", value);
    }

    private void Head(string name, string help, string type) => _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private void Line(string name, string labels, double value) => _text.Append(name).Append(labels).Append(' ').Append(Number(value)).Append('\n');
}
