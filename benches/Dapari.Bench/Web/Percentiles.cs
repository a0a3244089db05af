namespace Dapari.Bench.Web;

/// <summary>Order statistics of what was measured.</summary>
internal static class Percentiles
{
    /// <summary>The value below which the given share of the samples lies (nearest rank).</summary>
    /// <param name="samples">At least one.</param>
    /// <param name="share">Of 1: 0.5 is the median.</param>
    public static double Of(IEnumerable<double> samples, double share)
    {
        var sorted = samples.Order().ToArray();
        var rank = (int)Math.Ceiling(share * sorted.Length);
        return sorted[Math.Clamp(rank - 1, 0, sorted.Length - 1)];
    }

    /// <summary>The median.</summary>
    public static double Median(IEnumerable<double> samples) => Of(samples, 0.5);
}
