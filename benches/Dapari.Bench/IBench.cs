namespace Dapari.Bench;

/// <summary>One benchmark.</summary>
internal interface IBench
{
    /// <summary>As it is called on the command line.</summary>
    string Name { get; }

    /// <summary>One line for the list.</summary>
    string Summary { get; }

    /// <summary>Measures. What is written to the console on the way is for people; the report is the result.</summary>
    Task<BenchReport> RunAsync(BenchArguments arguments);
}

/// <summary>What follows the benchmark's name.</summary>
/// <param name="Quick">Fewer or shorter runs: at most 45 seconds in all.</param>
/// <param name="Rest">Further arguments, for the benchmark itself.</param>
internal sealed record BenchArguments(bool Quick, IReadOnlyList<string> Rest);
