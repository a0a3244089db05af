using System.Globalization;
using System.Text;
using Dapari.Peer.Store;

namespace Dapari.Peer.Text;

/// <summary>Splits texts and queries into the words that search compares: lower case, Latin marks folded away.</summary>
/// <remarks>
/// No ICU: under invariant globalization normalization may not decompose, so a small table folds Latin letters;
/// combining marks are dropped, which folds decomposed text alike. Other scripts are lower-cased and kept.
/// </remarks>
public static class SearchWords
{
    /// <summary>Distinct words of one text that are indexed.</summary>
    public const int MaxWords = 200;

    /// <summary>UTF-16 units of one word that are indexed.</summary>
    public const int MaxWordLength = 32;

    /// <summary>The distinct words of a message: of its text, and of the names of its files.</summary>
    public static IReadOnlyList<string> Of(MessageRecord message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Of(message.File is { } file ? string.Join('\n', file.Files.Select(entry => entry.Name).Prepend(message.Text)) : message.Text);
    }

    /// <summary>The distinct words of a text, in order of first appearance.</summary>
    public static IReadOnlyList<string> Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder(MaxWordLength);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsMark(rune))
                continue;
            if (!Rune.IsLetterOrDigit(rune))
            {
                if (Finish(word, words, seen))
                    return words;
                continue;
            }

            var folded = LatinFold.Fold(Rune.ToLowerInvariant(rune));
            if (word.Length + folded.Length <= MaxWordLength)
                word.Append(folded);
        }

        Finish(word, words, seen);
        return words;
    }

    /// <summary>Whether every word of the query starts a word of the text.</summary>
    public static bool Matches(IReadOnlyList<string> query, IReadOnlyList<string> text)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(text);
        return query.Count > 0 && query.All(part => text.Any(word => word.StartsWith(part, StringComparison.Ordinal)));
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool Finish(StringBuilder word, List<string> words, HashSet<string> seen)
    {
        if (word.Length > 0)
        {
            var text = word.ToString();
            word.Clear();
            if (seen.Add(text))
                words.Add(text);
        }

        return words.Count == MaxWords;
    }
}
