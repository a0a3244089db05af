using System.Text.RegularExpressions;

namespace Dapari.Server.Telemetry;

/// <summary>One counter for each value of an enum. The values are all the labels there can ever be: nothing a client says becomes one.</summary>
internal sealed partial class NamedCounters<T>
    where T : struct, Enum
{
    private readonly StripedCounter[] _counters;
    private readonly List<(string Name, StripedCounter Counter)> _named = [];
    private readonly Func<T, int> _index;

    /// <param name="index">The value's number; the numbers are small and not negative.</param>
    public NamedCounters(Func<T, int> index)
    {
        _index = index;
        var values = Enum.GetValues<T>();
        _counters = new StripedCounter[values.Max(index) + 1];
        foreach (var value in values)
            _named.Add((Words().Replace(value.ToString(), "_$1").ToLowerInvariant(), _counters[index(value)] = new StripedCounter()));
    }

    /// <summary>In the enum's order, names in snake_case.</summary>
    public IReadOnlyList<(string Name, StripedCounter Counter)> All => _named;

    /// <summary>Counts; a number that the enum does not have is left out.</summary>
    public void Add(T value)
    {
        var index = _index(value);
        if ((uint)index < (uint)_counters.Length)
            _counters[index]?.Add();
    }

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Words();
}
