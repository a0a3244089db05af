using System.Globalization;
using System.Text;

namespace Dapari.Node.Commands.Chat;

/// <summary>
/// The two last lines of a terminal, drawn anew after each change: how things stand, and the line being typed; what is said goes above them and scrolls away as any output. Of one owner.
/// </summary>
/// <param name="output">The terminal.</param>
/// <param name="columns">Its width now.</param>
internal sealed class ChatScreen(TextWriter output, Func<int> columns)
{
    private const string Prompt = "> ";
    private bool _drawn;

    /// <summary>Lines above the two.</summary>
    public void Say(IEnumerable<string> lines)
    {
        Erase();
        foreach (var line in lines)
            output.Write(line.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n");
    }

    /// <summary>Draws the two lines.</summary>
    public void Draw(string status, LineEditor line)
    {
        Erase();
        // One column stays free: a terminal that fills its last one may begin a new line.
        var width = Math.Max(8, columns()) - 1;
        var room = width - Prompt.Length;
        var before = line.Before;
        var shown = TailOf(before, room);
        var after = CellWidth.Fit(line.Text[before.Length..], room - CellWidth.Of(shown));
        var text = new StringBuilder();
        // ECMA-48 §8.3.117 (SGR): 2 faint, 0 as before.
        text.Append("\u001b[2m").Append(CellWidth.Fit(status, width)).Append("\u001b[0m\r\n").Append(Prompt).Append(shown).Append(after);
        // ECMA-48 §8.3.18 (CUB): back to the cursor.
        if (CellWidth.Of(after) is > 0 and var back)
            text.Append(CultureInfo.InvariantCulture, $"\u001b[{back}D");
        output.Write(text.ToString());
        output.Flush();
        _drawn = true;
    }

    /// <summary>Leaves: what is written next begins on a line of its own.</summary>
    public void End()
    {
        Erase();
        output.Flush();
    }

    // The cursor is on the second line: to its begin, up one (CUU), and erase from there (ED).
    private void Erase()
    {
        if (_drawn)
            output.Write("\r\u001b[1A\u001b[J");
        _drawn = false;
    }

    // A line that is longer than the terminal shows what is around its cursor.
    private static string TailOf(string text, int room)
    {
        var letters = new List<string>();
        for (var one = StringInfo.GetTextElementEnumerator(text); one.MoveNext();)
            letters.Add(one.GetTextElement());
        var (at, taken) = (letters.Count, 0);
        while (at > 0 && taken + CellWidth.OfLetter(letters[at - 1]) <= room)
            taken += CellWidth.OfLetter(letters[--at]);
        return string.Concat(letters.Skip(at));
    }
}
