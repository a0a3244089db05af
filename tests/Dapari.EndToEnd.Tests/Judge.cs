using Deque.AxeCore.Commons;
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

    // The package's own way opens a further page for each run, to gather what frames found: the app has no frames.
    private static readonly Lazy<string> Axe = new(() =>
    {
        using var reader = new StreamReader(typeof(AxeResult).Assembly.GetManifestResourceStream("Deque.AxeCore.Commons.Resources.axe.min.js")!);
        return reader.ReadToEnd();
    });

    private const string Run = """
        async rules => {
          const { passes, violations, incomplete } = await axe.run(document, { resultTypes: ['violations'], ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}) });
          // Of words over a moving picture it cannot say whether they stand out: "incomplete".
          if (passes.length + violations.length + incomplete.length === 0) throw new Error('axe judged nothing');
          return violations.map(one => `${one.id} (${one.impact}): ${one.help}: ${one.nodes.slice(0, 3).map(node => node.html).join('; ')}`);
        }
        """;

    private static readonly string[] Contrast = ["color-contrast"];

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
                foreach (var fault in await AskAxeAsync(person.Page, contrastAlone: scheme == ColorScheme.Dark))
                    faults.Add($"{name}: {fault}");
            }
        }
    }

    /// <summary>Gives the page back as its person has it.</summary>
    public static async Task DoneAsync(Person person)
    {
        await person.Page.SetViewportSizeAsync(person.Look.Width, person.Look.Height);
        await person.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
    }

    /// <summary>What axe finds on a page.</summary>
    public static async Task<string[]> AskAxeAsync(IPage page, bool contrastAlone)
    {
        if (!await page.EvaluateAsync<bool>("() => typeof axe === 'object'")) await page.EvaluateAsync(Axe.Value);
        return await page.EvaluateAsync<string[]>(Run, contrastAlone ? Contrast : null);
    }
}
