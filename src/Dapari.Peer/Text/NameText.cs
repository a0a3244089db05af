using System.Globalization;
using System.Text;
using Dapari.Wire;

namespace Dapari.Peer.Text;

/// <summary>Names of people and labels of invites: what others typed, made safe to show on one line.</summary>
/// <remarks>
/// Control, format, surrogate and private characters go: among them are the direction overrides that make a name read backwards
/// and the zero-width ones that make two names look alike. Runs of white space become one space.
/// </remarks>
public static class NameText
{
    /// <summary>The cleaned name, at most <see cref="WireLimits.NameLength"/> UTF-16 units; may be empty.</summary>
    public static string Clean(string name) => Clean(name, WireLimits.NameLength);

    /// <summary>The cleaned text, at most <paramref name="length"/> UTF-16 units, no pair of surrogates split; may be empty.</summary>
    public static string Clean(string text, int length)
    {
        ArgumentNullException.ThrowIfNull(text);
        var cleaned = new StringBuilder(Math.Min(text.Length, length));
        var gap = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                gap = cleaned.Length > 0;
                continue;
            }

            if (!IsShown(rune))
                continue;
            if (cleaned.Length + (gap ? 1 : 0) + rune.Utf16SequenceLength > length)
                break;
            if (gap)
                cleaned.Append(' ');
            gap = false;
            cleaned.Append(rune.ToString());
        }

        return cleaned.ToString();
    }

    /// <summary>Whether a character is drawn as something and may stand in a name.</summary>
    internal static bool IsShown(Rune rune) => rune != Rune.ReplacementChar && !IsBlank(rune.Value) && Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        _ => true,
    };

    // Letters by category, but drawn as nothing: Hangul fillers, the Khmer inherent vowels and the combining joiner, variation selectors.
    private static bool IsBlank(int value) =>
        value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x17B4 or 0x17B5 or 0x034F or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);
}
