using System.Globalization;

namespace Dapari.Node.Commands;

/// <summary>
/// The language that a command speaks to its person: Italian or English. Both texts stand side by side where they are used, so that none can be missing. Flows with the command.
/// Documents (--json) and error words are the same in both.
/// </summary>
internal static class Tongue
{
    private static readonly AsyncLocal<bool> _italian = new();

    /// <summary>The text in the language chosen.</summary>
    public static string Of(string english, string italian) => _italian.Value ? italian : english;

    /// <summary>Chooses by the environment, for all that the caller calls.</summary>
    public static void Choose(Func<string, string?> variable)
    {
        // POSIX.1-2024 §8.2: LC_ALL, then the category's own, then LANG; an empty one counts as not set.
        var locale = ((string[])["LC_ALL", "LC_MESSAGES", "LANG"]).Select(variable).FirstOrDefault(value => value is { Length: > 0 }) ?? "";
        _italian.Value = locale is "it" || locale.StartsWith("it_", StringComparison.Ordinal) || locale.StartsWith("it.", StringComparison.Ordinal);
        // What System.CommandLine says by itself: headings of help, and errors of a line.
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(_italian.Value ? "it" : "en");
    }
}
