using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Dapari.Rtc.Stun;

/// <summary>Prepares user names, realms and passwords (PRECIS OpaqueString, RFC 8265 §4.2).</summary>
/// <remarks>
/// Spaces of other scripts become U+0020, the rest is normalized to NFC where the platform has the tables (with invariant globalization it has
/// none and text counts as normalized), and what the FreeformClass (RFC 8264 §4.3) forbids is refused: controls, lone surrogates, unassigned and
/// private-use characters, and what is ignored when shown. Contextual rules (RFC 5892, appendix A) are not applied.
/// </remarks>
public static class OpaqueString
{
    /// <summary>Prepares a text; false when it is empty or has a character that may not be in it.</summary>
    public static bool TryPrepare(string text, [NotNullWhen(true)] out string? prepared)
    {
        ArgumentNullException.ThrowIfNull(text);
        prepared = null;
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
                return false;
            at += rune.Utf16SequenceLength;
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator)
                rune = new Rune(' ');
            if (!IsAllowed(rune))
                return false;
            result.Append(rune.ToString());
        }

        if (result.Length == 0)
            return false;
        prepared = result.ToString().Normalize(NormalizationForm.FormC);
        return true;
    }

    private static bool IsAllowed(Rune rune)
    {
        if (rune.Value is >= 0x20 and < 0x7F)
            return true;
        // RFC 8264 §9.13: characters that are ignored by default and are no format characters by category.
        if (rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0 or (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF))
            return false;
        return Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
    }
}
