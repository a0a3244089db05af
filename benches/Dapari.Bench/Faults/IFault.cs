using Dapari.Faults;

namespace Dapari.Bench.Faults;

/// <summary>One kind of fault that is done to the server while people write.</summary>
internal interface IFault
{
    /// <summary>The first part of its figures' names.</summary>
    string Name { get; }

    /// <summary>Does it, and says what the people noticed; adds figures of its own to the report.</summary>
    /// <param name="folder">Its own, and empty.</param>
    /// <param name="quick">Fewer.</param>
    /// <param name="report">For figures.</param>
    Task<FaultVerdict> RunAsync(string folder, bool quick, BenchReport report);
}
