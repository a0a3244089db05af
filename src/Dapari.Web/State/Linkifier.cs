namespace Dapari.Web.State;

/// <summary>A run of a message's text: plain, or a link to what the text itself says.</summary>
/// <param name="Text">The characters as they were written.</param>
/// <param name="Target">An absolute http or https address, or null for plain text.</param>
public readonly record struct TextRun(string Text, string? Target);

/// <summary>
/// Finds web addresses in text. Only http and https are ever recognised, the shown text is always the written one, and text is never
/// markup: rows render runs as text nodes. An address with a user part or with control or bidi characters stays plain text,
/// since it could be read as another place than it leads to.
/// </summary>
public static class Linkifier
{
    /// <summary>Longer addresses stay plain text.</summary>
    public const int LongestLink = 2048;

    private static readonly TextRun[] None = [];

    /// <summary>Whether there may be a link at all; a cheap test for the usual case.</summary>
    public static bool MayHaveLinks(string text) => text.Contains("://", StringComparison.Ordinal);

    /// <summary>Cuts text into runs whose texts joined give the text again.</summary>
    public static IReadOnlyList<TextRun> Split(string text)
    {
        if (text.Length == 0) return None;
        if (!MayHaveLinks(text)) return [new TextRun(text, null)];

        var runs = new List<TextRun>();
        var plainFrom = 0;
        var at = 0;
        while (at < text.Length)
        {
            var start = NextScheme(text, at);
            if (start < 0) break;
            var end = EndOfLink(text, start);
            var written = text[start..end];
            if (IsWordBefore(text, start) || Accept(written) is not { } target)
            {
                at = start + 4;
                continue;
            }

            if (start > plainFrom) runs.Add(new TextRun(text[plainFrom..start], null));
            runs.Add(new TextRun(written, target));
            plainFrom = at = end;
        }

        if (plainFrom < text.Length) runs.Add(new TextRun(text[plainFrom..], null));
        return runs;
    }

    private static int NextScheme(string text, int from)
    {
        for (var i = text.IndexOf("http", from, StringComparison.OrdinalIgnoreCase); i >= 0;
            i = text.IndexOf("http", i + 4, StringComparison.OrdinalIgnoreCase))
        {
            var rest = text.AsSpan(i + 4);
            if (rest.StartsWith("://", StringComparison.Ordinal) || rest.StartsWith("s://", StringComparison.OrdinalIgnoreCase)) return i;
        }

        return -1;
    }

    private static bool IsWordBefore(string text, int start) => start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '+' or '-' or ':');

    private static int EndOfLink(string text, int start)
    {
        var end = start;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('<' or '>' or '"' or '`')) end++;

        // A sentence's punctuation is not the address's; a closing bracket is, if it was opened inside.
        while (end > start)
        {
            var last = text[end - 1];
            if (last is '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '”' or '’' or '»' or '…') end--;
            else if (last is ')' && Unbalanced(text.AsSpan(start, end - start), '(', ')')) end--;
            else if (last is ']' && Unbalanced(text.AsSpan(start, end - start), '[', ']')) end--;
            else break;
        }

        return end;
    }

    private static bool Unbalanced(ReadOnlySpan<char> link, char open, char close) => link.Count(close) > link.Count(open);

    private static string? Accept(string written)
    {
        if (written.Length > LongestLink || written.AsSpan().ContainsAny('\\', '\u007f')) return null;
        foreach (var c in written)
        {
            if (char.IsControl(c) || IsInvisible(c)) return null;
        }

        if (!Uri.TryCreate(written, UriKind.Absolute, out var uri)) return null;
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) return null;
        if (uri.UserInfo.Length != 0 || uri.Host.Length == 0) return null;
        return uri.AbsoluteUri;
    }

    // Direction marks and overrides, zero-width characters, and line separators.
    private static bool IsInvisible(char c) =>
        c is '\u00ad' or '\u061c' or '\ufeff' or (>= '\u200b' and <= '\u200f') or (>= '\u2028' and <= '\u202e') or (>= '\u2060' and <= '\u206f');
}
