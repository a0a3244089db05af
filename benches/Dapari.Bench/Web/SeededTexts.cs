using System.Globalization;
using System.Text;
using Dapari.Peer.Text;

namespace Dapari.Bench.Web;

/// <summary>
/// The texts of a seeded conversation: words as often as in a language (the n-th most frequent 1/n as often as the first), one word that only
/// this text has, and among them words that are laid out so that the worst questions can be asked. The same at every run.
/// </summary>
internal static class SeededTexts
{
    /// <summary>Different words besides those that are laid out.</summary>
    private const int Vocabulary = 5_000;

    /// <summary>Before this message the two words that else avoid each other meet, once in 1,000.</summary>
    private const int FarBack = 4_000;

    private static readonly string[] Onsets = ["m", "t", "r", "p", "l", "c", "n", "d", "v", "b", "g", "f", "z", "qu", "st", "tr"];
    private static readonly string[] Vowels = ["a", "e", "i", "o", "u"];
    private static readonly string[] Words = MakeWords();
    private static readonly double[] Weights = MakeWeights();

    /// <summary>The questions: what is asked, and a name for the figures.</summary>
    public static IReadOnlyList<(string Name, string Query)> Questions { get; } =
    [
        ("two_common", $"{Words[0]} {Words[1]}"),
        ("three_common", $"{Words[0]} {Words[1]} {Words[2]}"),
        ("two_halves_never", "sinistra destra"),
        ("three_thirds_never", "alba bruma cedro"),
        ("two_common_far_back", "estate inverno"),
        ("one_letter_each", "m t"),
        ("two_letters", "nu"),
        ("letters_and_common", $"c no {Words[0]}"),
        ("common_and_rare", $"{Words[0]} {Words[1]} number77"),
    ];

    /// <summary>The text of a message.</summary>
    public static string Of(int number)
    {
        var text = new StringBuilder();
        var state = unchecked((ulong)number * 0x9E3779B97F4A7C15) + 1;
        for (var i = 6 + number % 6; i > 0; i--) text.Append(Words[Draw(ref state)]).Append(' ');
        text.Append(CultureInfo.InvariantCulture, $"number{number} ").Append(number % 2 == 0 ? "sinistra" : "destra");
        // Each two of these are together in every sixth message, all three in none.
        if (number % 6 is 0 or 1) text.Append(" alba");
        if (number % 6 is 2 or 1) text.Append(" bruma");
        if (number % 6 is 2 or 0) text.Append(" cedro");
        var together = number < FarBack && number % 1_000 == 7;
        if (together || number % 3 == 0) text.Append(" estate");
        if (together || number % 3 == 1) text.Append(" inverno");
        return text.ToString();
    }

    /// <summary>Of some messages those that a query should find, newest first: each one read, without any index.</summary>
    public static List<int> Matches(IReadOnlyList<IReadOnlyList<string>> words, string query)
    {
        var asked = SearchWords.Of(query);
        return [.. Enumerable.Range(0, words.Count).Where(number => SearchWords.Matches(asked, words[number])).Reverse()];
    }

    private static string[] MakeWords()
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (ulong state = 7; words.Count < Vocabulary;)
        {
            var word = new StringBuilder();
            for (var i = 1 + (int)(Next(ref state) % 2) + (words.Count > 100 ? 1 : 0); i > 0; i--)
                word.Append(Onsets[Next(ref state) % (ulong)Onsets.Length]).Append(Vowels[Next(ref state) % (ulong)Vowels.Length]);
            words.Add(word.ToString());
        }

        return [.. words];
    }

    private static double[] MakeWeights()
    {
        var weights = new double[Vocabulary];
        for (var i = 0; i < Vocabulary; i++) weights[i] = (i == 0 ? 0 : weights[i - 1]) + 1.0 / (i + 1);
        return weights;
    }

    private static int Draw(ref ulong state)
    {
        var at = Array.BinarySearch(Weights, Next(ref state) / (double)ulong.MaxValue * Weights[^1]);
        return Math.Min(at < 0 ? ~at : at, Vocabulary - 1);
    }

    // SplitMix64.
    private static ulong Next(ref ulong state)
    {
        unchecked
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
