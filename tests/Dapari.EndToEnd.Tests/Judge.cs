using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Dapari.EndToEnd.Tests;

/// <summary>
/// Looks at a screen on a phone and on a computer, light and dark: keeps a picture of each, and asks axe. In the dark only the colours differ, so that
/// axe is asked for contrast alone; and as colours do not know of languages, for that in one language alone.
/// </summary>
internal static class Judge
{
    /// <summary>The narrowest phone, in CSS pixels.</summary>
    public const int Narrowest = 320;

    private static readonly (string Name, int Width, int Height)[] Sizes = [("phone", 390, 844), ("desktop", 1280, 800)];

    private static readonly AxeRunOptions Contrast = new() { RunOnly = new() { Type = "rule", Values = ["color-contrast"] } };

    /// <summary>Adds what axe finds; the page is left as it was last looked at.</summary>
    public static async Task LookAsync(Person person, string screen, List<string> faults)
    {
        Directory.CreateDirectory(Repository.Screenshots);
        foreach (var (size, width, height) in Sizes)
        {
            await person.Page.SetViewportSizeAsync(width, height);
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                var name = $"{screen}-{size}-{scheme}-{person.Look.Language}".ToLowerInvariant();
                await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, name + ".png"), Caret = ScreenshotCaret.Initial });
                if (scheme == ColorScheme.Dark && person.Look.Language != "en") continue;
                var result = scheme == ColorScheme.Light ? await person.Page.RunAxe() : await person.Page.RunAxe(Contrast);
                faults.AddRange(result.Violations.Select(violation => $"{name}: {Describe(violation)}"));
            }
        }
    }

    /// <summary>Gives the page back as its person has it.</summary>
    public static async Task DoneAsync(Person person)
    {
        await person.Page.SetViewportSizeAsync(person.Look.Width, person.Look.Height);
        await person.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
    }

    private static string Describe(AxeResultItem violation) =>
        $"{violation.Id} ({violation.Impact}): {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}";
}
