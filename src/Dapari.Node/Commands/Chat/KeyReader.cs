using System.Text;

namespace Dapari.Node.Commands.Chat;

/// <summary>
/// The bytes of a terminal in raw mode as keys: UTF-8, control characters, and the sequences of ECMA-48 §5.4 that terminals send for keys. What is not known is left out. Pieces may be cut anywhere.
/// </summary>
internal sealed class KeyReader
{
    // No key's sequence is longer; what is, is read to its end and means nothing.
    private const int MostSequence = 16;
    private const byte Escape = 0x1B;
    private readonly Decoder _decoder = new UTF8Encoding(false, false).GetDecoder();
    private readonly StringBuilder _sequence = new(MostSequence);
    private bool _inSequence;

    /// <summary>The keys that some bytes finish.</summary>
    public List<Key> Read(ReadOnlySpan<byte> bytes)
    {
        var keys = new List<Key>();
        var text = new StringBuilder();
        Span<char> letters = stackalloc char[2];
        foreach (var one in bytes)
        {
            if (_inSequence)
            {
                if (one is Escape or < 0x20 or >= 0x7F)
                    _inSequence = false;
                else
                {
                    Continue(one, keys);
                    continue;
                }
            }

            if (one is >= 0x20 and not 0x7F)
            {
                text.Append(letters[.._decoder.GetChars([one], letters, flush: false)]);
                continue;
            }

            Flush(text, keys);
            if (one == Escape)
            {
                _inSequence = true;
                _sequence.Clear();
            }
            else if (OfControl(one) is { } kind)
                keys.Add(new Key(kind));
        }

        Flush(text, keys);
        return keys;
    }

    private void Continue(byte one, List<Key> keys)
    {
        var introduces = _sequence.Length == 0 && one is (byte)'[' or (byte)'O' && _sequence.Length == 0;
        if (_sequence.Length < MostSequence)
            _sequence.Append((char)one);
        // CSI: parameters, then a final byte from 0x40 on; SS3 and Alt: one byte.
        if (introduces || (_sequence[0] == '[' && one is >= 0x20 and < 0x40))
            return;
        _inSequence = false;
        if (OfSequence(_sequence.ToString()) is { } kind)
            keys.Add(new Key(kind));
    }

    private static void Flush(StringBuilder text, List<Key> keys)
    {
        if (text.Length > 0)
            keys.Add(new Key(KeyKind.Text, text.ToString()));
        text.Clear();
    }

    private static KeyKind? OfControl(byte one) => one switch
    {
        0x01 => KeyKind.Home,
        0x02 => KeyKind.Left,
        0x03 => KeyKind.Interrupt,
        0x04 => KeyKind.EndOfInput,
        0x05 => KeyKind.End,
        0x06 => KeyKind.Right,
        0x08 or 0x7F => KeyKind.Backspace,
        0x0A or 0x0D => KeyKind.Enter,
        0x0B => KeyKind.KillAfter,
        0x0C => KeyKind.Redraw,
        0x0E => KeyKind.Down,
        0x10 => KeyKind.Up,
        0x15 => KeyKind.KillBefore,
        0x17 => KeyKind.KillWord,
        _ => null,
    };

    private static KeyKind? OfSequence(string sequence) => sequence switch
    {
        "[A" or "OA" => KeyKind.Up,
        "[B" or "OB" => KeyKind.Down,
        "[C" or "OC" => KeyKind.Right,
        "[D" or "OD" => KeyKind.Left,
        "[H" or "OH" or "[1~" or "[7~" => KeyKind.Home,
        "[F" or "OF" or "[4~" or "[8~" => KeyKind.End,
        "[3~" => KeyKind.Delete,
        "[1;5C" or "[1;3C" or "f" => KeyKind.WordRight,
        "[1;5D" or "[1;3D" or "b" => KeyKind.WordLeft,
        _ => null,
    };
}
