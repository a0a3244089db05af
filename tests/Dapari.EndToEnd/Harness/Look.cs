using Microsoft.Playwright;

namespace Dapari.EndToEnd;

/// <summary>What a person's browser is like.</summary>
/// <param name="Language">"en" or "it".</param>
/// <param name="Width">Of the page, in CSS pixels.</param>
/// <param name="Height">Of the page, in CSS pixels.</param>
/// <param name="Scheme">Light or dark.</param>
public sealed record Look(string Language = "en", int Width = 1280, int Height = 800, ColorScheme Scheme = ColorScheme.Light)
{
    /// <summary>A phone.</summary>
    public static Look Phone { get; } = new(Width: 390, Height: 844);

    /// <summary>A computer.</summary>
    public static Look Desktop { get; } = new();
}
