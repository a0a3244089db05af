using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Dapari.Server.Web;

/// <summary>Finds a page's inline scripts and their hashes as a Content-Security-Policy names them.</summary>
internal static partial class InlineScripts
{
    /// <summary>CSP Level 3 §6.7.2.2: the hash of the script's text. HTML §13.2.3.5: newlines are normalized before.</summary>
    public static IReadOnlyList<string> Hashes(string html)
    {
        var text = html.ReplaceLineEndings("\n");
        return [.. InlineScript().Matches(text)
            .Where(m => !HasSource().IsMatch(m.Groups["attributes"].Value))
            .Select(m => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(m.Groups["text"].Value)))}'")
            .Distinct()];
    }

    [GeneratedRegex("""<script\b(?<attributes>[^>]*)>(?<text>.*?)</script\s*>""", RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InlineScript();

    [GeneratedRegex("""(^|\s)src\s*=""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HasSource();
}
