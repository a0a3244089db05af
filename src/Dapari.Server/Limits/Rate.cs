using System.Globalization;

namespace Dapari.Server.Limits;

/// <summary>A token bucket's size and filling: <paramref name="Burst"/> at once, then <paramref name="PerMinute"/>. Burst 0: no limit.</summary>
internal readonly record struct Rate(int Burst, int PerMinute)
{
    public bool IsUnlimited => Burst == 0;

    /// <summary>Reads "burst/perMinute", or "off".</summary>
    public static bool TryParse(string text, out Rate rate)
    {
        rate = default;
        if (text == "off")
            return true;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0
            || !int.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var burst)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var perMinute)
            || burst < 1 || perMinute < 1)
            return false;
        rate = new Rate(burst, perMinute);
        return true;
    }

    public override string ToString() => IsUnlimited ? "off" : $"{Burst}/{PerMinute}";
}
