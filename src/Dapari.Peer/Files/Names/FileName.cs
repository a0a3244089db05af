using System.Text;
using Dapari.Peer.Text;

namespace Dapari.Peer.Files;

/// <summary>A file's name made safe to show on one line and to save under. On disk it has a random name until the person saves it.</summary>
/// <remarks>
/// What is kept is the last part of a path, without characters that are not drawn (direction overrides and zero-width ones among them), without what
/// Windows, macOS or Linux refuse or change by themselves (Microsoft, "Naming Files, Paths, and Namespaces"), and short enough for all of them. Blanks
/// before a dot go: they push an extension out of sight.
/// </remarks>
/// <param name="Value">The clean name, never empty.</param>
/// <param name="Trouble">What was found in the claimed one.</param>
public readonly record struct FileName(string Value, NameTrouble Trouble)
{
    /// <summary>A clean name, in UTF-16 units.</summary>
    public const int MaxLength = 120;

    /// <summary>A clean name, in bytes of UTF-8: file systems take 255, and something is put behind it where two are equal.</summary>
    public const int MaxBytes = 240;

    /// <summary>What counts as an extension, in UTF-16 units without the dot.</summary>
    public const int MaxExtension = 16;

    /// <summary>The name of what has none.</summary>
    public const string Nameless = "file";

    private static readonly string[] _devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>The last extension in lower case, without the dot; empty if there is none.</summary>
    public string Extension => ExtensionOf(Value).ToLowerInvariant();

    /// <summary>Cleans a claimed name.</summary>
    public static FileName Clean(string claimed)
    {
        ArgumentNullException.ThrowIfNull(claimed);
        var trouble = NameTrouble.None;
        var name = LastPart(claimed, ref trouble);
        name = Draw(name, ref trouble);
        name = name.TrimEnd('.', ' ');
        if (name.Length > 0 && name[0] == '.')
        {
            trouble |= NameTrouble.Hidden;
            name = "_" + name;
        }

        if (IsDevice(name))
        {
            trouble |= NameTrouble.Reserved;
            name = "_" + name;
        }

        name = Shorten(name, ref trouble);
        if (name.Length == 0)
            return new FileName(Nameless, trouble | NameTrouble.Empty);
        if (IsDisguised(name))
            trouble |= NameTrouble.DoubleExtension;
        return new FileName(name, trouble);
    }

    /// <summary>The extension as it is written, without the dot.</summary>
    internal static string ExtensionOf(string name)
    {
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 ? name[(dot + 1)..] : "";
        return extension.Length <= MaxExtension && !extension.Contains(' ', StringComparison.Ordinal) ? extension : "";
    }

    private static string LastPart(string claimed, ref NameTrouble trouble)
    {
        var end = claimed.Length;
        while (end > 0 && claimed[end - 1] is '/' or '\\')
            end--;
        var slash = claimed.AsSpan(0, end).LastIndexOfAny('/', '\\');
        if (slash >= 0 || end < claimed.Length)
            trouble |= NameTrouble.Path;
        var part = claimed[(slash + 1)..end];
        if (part.Length >= 2 && part[1] == ':' && char.IsAsciiLetter(part[0]))
        {
            trouble |= NameTrouble.Path;
            part = part[2..];
        }

        return part;
    }

    private static string Draw(string name, ref NameTrouble trouble)
    {
        var drawn = new StringBuilder(name.Length);
        var gap = false;
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                gap = drawn.Length > 0;
                continue;
            }

            if (!NameText.IsShown(rune))
            {
                trouble |= NameTrouble.Invisible;
                continue;
            }

            if (gap && rune.Value != '.')
                drawn.Append(' ');
            else if (gap)
                trouble |= NameTrouble.Forbidden;
            gap = false;
            if (rune.IsAscii && "<>:\"|?*".Contains((char)rune.Value, StringComparison.Ordinal))
            {
                trouble |= NameTrouble.Forbidden;
                drawn.Append('_');
                continue;
            }

            drawn.Append(rune.ToString());
        }

        if (gap || (drawn.Length > 0 && drawn[^1] == '.'))
            trouble |= NameTrouble.Forbidden;
        return drawn.ToString();
    }

    // Windows: a device's name with any extension behind it is the device too; so are the superscript digits one to three.
    private static bool IsDevice(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd().ToUpperInvariant();
        return _devices.Contains(stem)
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal))
                && (char.IsAsciiDigit(stem[3]) || stem[3] is '¹' or '²' or '³'));
    }

    private static string Shorten(string name, ref NameTrouble trouble)
    {
        if (Fits(name))
            return name;
        trouble |= NameTrouble.TooLong;
        var extension = ExtensionOf(name);
        var tail = "…" + (extension.Length > 0 ? "." + extension : "");
        var stem = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (!Fits(stem.ToString() + rune + tail))
                break;
            stem.Append(rune.ToString());
        }

        return stem.ToString().TrimEnd(' ', '.') + tail;
    }

    private static bool Fits(string name) => name.Length <= MaxLength && Encoding.UTF8.GetByteCount(name) <= MaxBytes;

    private static bool IsDisguised(string name)
    {
        var last = ExtensionOf(name);
        if (last.Length == 0 || !FileTypes.IsDangerous(last.ToLowerInvariant()))
            return false;
        var before = ExtensionOf(name[..^(last.Length + 1)]).ToLowerInvariant();
        return FileTypes.IsFamiliar(before);
    }
}
