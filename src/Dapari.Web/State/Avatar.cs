using System.Globalization;
using System.Text;

namespace Dapari.Web.State;

/// <summary>What stands for a person before any picture: initials, and a colour that follows from the identity, not from the name.</summary>
public static class Avatar
{
    /// <summary>How many hue classes the style sheet has.</summary>
    public const int Hues = 24;

    /// <summary>One or two initials, upper case; a dot when the name has no letter or digit.</summary>
    public static string Initials(string name)
    {
        var first = "";
        var last = "";
        foreach (var word in name.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var letter = FirstLetter(word);
            if (letter.Length == 0) continue;
            if (first.Length == 0) first = letter;
            else last = letter;
        }

        return first.Length == 0 ? "·" : first + last;
    }

    /// <summary>0 to <see cref="Hues"/> - 1, the same on every device for the same key.</summary>
    public static int Hue(ReadOnlySpan<byte> identityKey)
    {
        var sum = 0u;
        foreach (var b in identityKey) sum = unchecked((sum * 31) + b);
        return (int)(sum % Hues);
    }

    private static string FirstLetter(string word)
    {
        foreach (var rune in word.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune)) return Rune.ToUpperInvariant(rune).ToString();
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherSymbol) return rune.ToString();
        }

        return "";
    }
}
