using System.Globalization;
using System.Text;

namespace Dapari.Node.Commands.Chat;

/// <summary>The line being typed, its cursor, and the lines before it. Moves by letters as a person sees them (UAX #29). Of one owner.</summary>
internal sealed class LineEditor
{
    private const int MostLines = 200;
    private readonly List<string> _history = [];
    private readonly List<string> _letters = [];
    private string _draft = "";
    private int _shown;
    private int _cursor;

    /// <summary>What stands there.</summary>
    public string Text => string.Concat(_letters);

    /// <summary>What stands before the cursor.</summary>
    public string Before => string.Concat(_letters.Take(_cursor));

    /// <summary>Whether nothing stands there.</summary>
    public bool IsEmpty => _letters.Count == 0;

    /// <summary>Changes the line by a key that is about it; others change nothing.</summary>
    /// <returns>Whether it was one.</returns>
    public bool Apply(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Text:
                Insert(key.Text);
                return true;
            case KeyKind.Backspace when _cursor > 0:
                _letters.RemoveAt(--_cursor);
                return true;
            case KeyKind.Delete or KeyKind.EndOfInput when _cursor < _letters.Count:
                _letters.RemoveAt(_cursor);
                return true;
            case KeyKind.Left:
                _cursor = Math.Max(0, _cursor - 1);
                return true;
            case KeyKind.Right:
                _cursor = Math.Min(_letters.Count, _cursor + 1);
                return true;
            case KeyKind.WordLeft:
                _cursor = WordBefore();
                return true;
            case KeyKind.WordRight:
                while (_cursor < _letters.Count && IsSpace(_cursor))
                    _cursor++;
                while (_cursor < _letters.Count && !IsSpace(_cursor))
                    _cursor++;
                return true;
            case KeyKind.Home:
                _cursor = 0;
                return true;
            case KeyKind.End:
                _cursor = _letters.Count;
                return true;
            case KeyKind.KillWord:
                var from = WordBefore();
                _letters.RemoveRange(from, _cursor - from);
                _cursor = from;
                return true;
            case KeyKind.KillBefore:
                _letters.RemoveRange(0, _cursor);
                _cursor = 0;
                return true;
            case KeyKind.KillAfter:
                _letters.RemoveRange(_cursor, _letters.Count - _cursor);
                return true;
            case KeyKind.Up when _shown < _history.Count:
                if (_shown == 0)
                    _draft = Text;
                Set(_history[^++_shown]);
                return true;
            case KeyKind.Down when _shown > 0:
                Set(--_shown == 0 ? _draft : _history[^_shown]);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Takes the line away; it can be called back.</summary>
    public string Take()
    {
        var text = Text;
        if (text.Length > 0 && (_history.Count == 0 || _history[^1] != text))
            _history.Add(text);
        if (_history.Count > MostLines)
            _history.RemoveAt(0);
        (_shown, _draft) = (0, "");
        Set("");
        return text;
    }

    private void Insert(string text)
    {
        // Typed behind a letter it may become a part of it: an accent, a picture's second half.
        var before = Before + Terminal.Clean(text);
        var after = string.Concat(_letters.Skip(_cursor));
        Set(before + after);
        _cursor = 0;
        for (var length = 0; length < before.Length && _cursor < _letters.Count; _cursor++)
            length += _letters[_cursor].Length;
    }

    private void Set(string text)
    {
        _letters.Clear();
        for (var letters = StringInfo.GetTextElementEnumerator(text); letters.MoveNext();)
            _letters.Add(letters.GetTextElement());
        _cursor = _letters.Count;
    }

    private int WordBefore()
    {
        var at = _cursor;
        while (at > 0 && IsSpace(at - 1))
            at--;
        while (at > 0 && !IsSpace(at - 1))
            at--;
        return at;
    }

    private bool IsSpace(int at) => Rune.IsWhiteSpace(_letters[at].EnumerateRunes().First());
}
