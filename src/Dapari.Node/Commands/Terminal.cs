using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Where a command writes. What other people wrote is made harmless for a terminal first.</summary>
/// <param name="output">Results.</param>
/// <param name="errors">Everything else.</param>
/// <param name="input">What a person types.</param>
/// <param name="json">Documents instead of sentences.</param>
/// <param name="moving">Whether a line of the error output can be drawn anew.</param>
/// <param name="columns">How wide it is at the moment; 0: nobody knows.</param>
internal sealed class Terminal(TextWriter output, TextWriter errors, TextReader input, bool json, bool moving = false, Func<int>? columns = null)
{
    private const int UsualColumns = 80;
    private bool _drawn;

    /// <summary>Documents instead of sentences.</summary>
    public bool Json => json;

    /// <summary>How wide a line is at the moment.</summary>
    public int Columns => columns?.Invoke() is > 0 and var wide ? wide : UsualColumns;

    /// <summary>What a person types.</summary>
    public TextReader Input => input;

    /// <summary>A line of the result.</summary>
    public void Line(string text)
    {
        EndProgress();
        output.WriteLine(text);
    }

    /// <summary>It is done, and there is nothing to tell: an empty document where JSON is wanted, silence for people.</summary>
    public void Done()
    {
        if (json)
            Line("{}");
    }

    /// <summary>How far something is, in one line that is drawn anew each time; nothing where that cannot be, or JSON is wanted.</summary>
    public void Progress(string text)
    {
        if (json || !moving)
            return;
        // ECMA-48 §8.3.41 (EL): the rest of the line is erased.
        errors.Write("\r" + text + "\u001b[K");
        errors.Flush();
        _drawn = true;
    }

    /// <summary>What is written next begins a line of its own.</summary>
    public void EndProgress()
    {
        if (_drawn)
            errors.WriteLine();
        _drawn = false;
    }

    /// <summary>A word to the person, not part of the result; nothing where JSON is wanted.</summary>
    public void Note(string text)
    {
        if (json)
            return;
        EndProgress();
        errors.WriteLine(text);
    }

    /// <summary>Why a command ended.</summary>
    public void Fail(CommandEnd end)
    {
        EndProgress();
        if (json)
            errors.WriteLine(JsonSerializer.Serialize(new ErrorBody(end.Error, end.Message), ApiJson.Default.ErrorBody));
        else
            errors.WriteLine("dapari: " + Clean(end.Message));
    }

    /// <summary>
    /// Text of others without what moves a cursor, colours, or turns writing around: control characters (but line ends and tabs, where
    /// <paramref name="lines"/>) and format characters are shown as U+FFFD.
    /// </summary>
    public static string Clean(string text, bool lines = false)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            // U+200D joins what is drawn as one picture.
            var harmless = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                || rune.Value == 0x200D || (lines && rune.Value is '\n' or '\t');
            clean.Append(harmless ? rune.ToString() : "\uFFFD");
        }

        return clean.ToString();
    }

    /// <summary>A moment as a person reads it, in the local zone.</summary>
    public static string When(ulong ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(ms, 253_402_300_799_000)).ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
