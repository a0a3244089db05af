using System.Globalization;

namespace Dapari.Web.Platform;

/// <summary>How a leg goes, over the last second.</summary>
/// <param name="LossPercent">Of the packets to this device, how many did not come, 0 to 100.</param>
/// <param name="JitterMs">How unevenly sound arrives, in milliseconds.</param>
/// <param name="RoundTripMs">There and back; 0 when unknown.</param>
/// <param name="InKilobits">Arriving, in kbit/s.</param>
/// <param name="OutKilobits">Leaving, in kbit/s.</param>
/// <param name="Width">Of the larger picture that arrives, in pixels; 0: none.</param>
/// <param name="Height">Of the same.</param>
/// <param name="FramesPerSecond">Of the same.</param>
/// <param name="LossTherePercent">Of the packets from this device, how many did not come, as the other end tells.</param>
/// <param name="SoundCodec">Its name, or empty.</param>
/// <param name="PictureCodec">Its name, or empty.</param>
public sealed record LegQuality(
    double LossPercent, int JitterMs, int RoundTripMs, int InKilobits, int OutKilobits, int Width, int Height, int FramesPerSecond,
    double LossTherePercent, string SoundCodec, string PictureCodec)
{
    private const int Parts = 11;

    /// <summary>Reads what call-stats.js writes; null for anything else.</summary>
    public static LegQuality? Read(string text)
    {
        var parts = text.Split('|');
        return parts.Length != Parts
            ? null
            : new LegQuality(
                Number(parts[0]), Whole(parts[1]), Whole(parts[2]), Whole(parts[3]), Whole(parts[4]), Whole(parts[5]), Whole(parts[6]), Whole(parts[7]),
                Number(parts[8]), parts[9], parts[10]);
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? Math.Clamp(value, 0, 1e9) : 0;

    private static int Whole(string text) => (int)Number(text);
}
