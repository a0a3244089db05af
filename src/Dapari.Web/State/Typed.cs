namespace Dapari.Web.State;

/// <summary>What was typed into a box that still showed a former text.</summary>
public static class Typed
{
    /// <summary>What one edit put into the former text: nothing when it only took away.</summary>
    /// <param name="former">What the box held.</param>
    /// <param name="now">What it holds after the edit.</param>
    public static string Since(string former, string now)
    {
        var before = former.AsSpan().CommonPrefixLength(now);
        var after = 0;
        while (after < Math.Min(former.Length, now.Length) - before && former[former.Length - 1 - after] == now[now.Length - 1 - after]) after++;
        return now[before..(now.Length - after)];
    }
}
