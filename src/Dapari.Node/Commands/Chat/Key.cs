namespace Dapari.Node.Commands.Chat;

/// <summary>What a key asks for.</summary>
internal enum KeyKind
{
    /// <summary>Text: typed or pasted.</summary>
    Text,
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Up,
    Down,

    /// <summary>Ctrl+W: the word before the cursor goes.</summary>
    KillWord,

    /// <summary>Ctrl+U: all before the cursor goes.</summary>
    KillBefore,

    /// <summary>Ctrl+K: all behind the cursor goes.</summary>
    KillAfter,

    /// <summary>Ctrl+L: draw anew.</summary>
    Redraw,

    /// <summary>Ctrl+C.</summary>
    Interrupt,

    /// <summary>Ctrl+D.</summary>
    EndOfInput,
}

/// <summary>A key.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Text">With <see cref="KeyKind.Text"/>: what.</param>
internal readonly record struct Key(KeyKind Kind, string Text = "");
