using System.Globalization;

namespace Dapari.Web.State;

/// <summary>Tells a message of one to three emoji alone, which is shown large.</summary>
public static class LoneEmoji
{
    private const int LongestText = 64;

    /// <summary>Whether the text is one to three emoji and nothing else.</summary>
    public static bool Is(string text)
    {
        if (text.Length is 0 or > LongestText) return false;
        var count = 0;
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            if (string.IsNullOrWhiteSpace(element)) continue;
            if (!IsEmoji(element) || ++count > 3) return false;
        }

        return count > 0;
    }

    private static bool IsEmoji(string element)
    {
        var first = char.ConvertToUtf32(element, 0) is var point ? point : 0;

        // Keycaps (1️⃣) are a digit with a variation selector and U+20E3.
        if (element.Contains('\u20e3')) return true;
        var pictured = element.Contains('\ufe0f');
        return first is (>= 0x1f1e6 and <= 0x1f1ff) or (>= 0x1f300 and <= 0x1f64f) or (>= 0x1f680 and <= 0x1f6ff) or (>= 0x1f7e0 and <= 0x1f7eb)
            or (>= 0x1f900 and <= 0x1faff) or 0x1f004 or 0x1f0cf or (>= 0x1f18e and <= 0x1f19a) or (>= 0x1f200 and <= 0x1f251)
            || (pictured && first is (>= 0x2190 and <= 0x2bff) or 0x00a9 or 0x00ae or 0x203c or 0x2049 or 0x2122 or 0x3030 or 0x303d)
            || first is 0x231a or 0x231b or 0x23e9 or 0x23f0 or 0x23f3 or 0x2614 or 0x2615 or 0x267f or 0x26a1 or 0x26bd or 0x26be or 0x26c4
                or 0x2705 or 0x270a or 0x270b or 0x2728 or 0x274c or 0x2753 or 0x2757 or 0x2764 or 0x2b50 or 0x2b55;
    }
}
