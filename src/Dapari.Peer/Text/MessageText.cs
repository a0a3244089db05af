using System.Text;
using Dapari.Wire;

namespace Dapari.Peer.Text;

/// <summary>Why a text cannot be a message.</summary>
public enum TextFault
{
    /// <summary>It can.</summary>
    None,

    /// <summary>Nothing but white space.</summary>
    Empty,

    /// <summary>More than <see cref="WireLimits.TextBytes"/> UTF-8 bytes.</summary>
    TooLong,
}

/// <summary>The text of a message. Text is text: it is kept as typed, save what no text may hold.</summary>
public static class MessageText
{
    /// <summary>Replaces NUL and lone surrogates (which UTF-8 cannot carry) by U+FFFD; otherwise unchanged.</summary>
    public static string Normalize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (IsSound(text))
            return text;
        var sound = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            sound.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        return sound.ToString();
    }

    /// <summary>Judges a normalized text.</summary>
    public static TextFault Check(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (string.IsNullOrWhiteSpace(text))
            return TextFault.Empty;
        return Encoding.UTF8.GetByteCount(text) > WireLimits.TextBytes ? TextFault.TooLong : TextFault.None;
    }

    private static bool IsSound(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }
}
