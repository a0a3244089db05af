using System.Text;

namespace Dapari.Peer.Files;

/// <summary>Tells a file's type from its first bytes, whatever it calls itself. Decodes nothing.</summary>
/// <remarks>Patterns: WHATWG, "MIME Sniffing" §6 and §7, and the formats' own specifications.</remarks>
public static class FileSniffer
{
    private static readonly string[] _html =
        ["<!doctype html", "<html", "<head", "<script", "<iframe", "<body", "<title", "<style", "<table", "<div", "<img", "<meta", "<object", "<embed", "<a href"];

    /// <summary>How many first bytes are looked at; fewer are enough if the file has no more.</summary>
    public const int HeadBytes = 1024;

    /// <summary>What the first bytes say.</summary>
    public static SniffedType Sniff(ReadOnlySpan<byte> head)
    {
        head = head[..Math.Min(head.Length, HeadBytes)];
        if (head.IsEmpty)
            return SniffedType.Unknown;
        var known = Picture(head);
        if (known == SniffedType.Unknown)
            known = Sound(head);
        if (known == SniffedType.Unknown)
            known = Runs(head);
        if (known == SniffedType.Unknown)
            known = Packed(head);
        return known == SniffedType.Unknown ? Markup(head) : known;
    }

    private static SniffedType Picture(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            return SniffedType.Png;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return SniffedType.Jpeg;
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
            return SniffedType.Gif;
        if (Riff(head, "WEBP"u8))
            return SniffedType.WebP;
        if (head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8) || head.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0])
            || (head.StartsWith("BM"u8) && head.Length >= 14 && head[6..10].IndexOfAnyExcept((byte)0) < 0) || IsBrand(head, "avif", "avis", "heic", "heix", "mif1", "msf1"))
            return SniffedType.OtherPicture;
        return SniffedType.Unknown;
    }

    private static SniffedType Sound(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("ID3"u8) || head.StartsWith("fLaC"u8) || head.StartsWith("OggS"u8) || Riff(head, "WAVE"u8) || IsBrand(head, "M4A ", "M4B ", "M4P "))
            return SniffedType.Audio;
        // ISO/IEC 13818-7 and 11172-3: eleven or twelve set bits, then a layer; 0xFF 0xFE would be the mark of UTF-16.
        if (head.Length > 2 && head[0] == 0xFF && (head[1] is 0xF1 or 0xF9 or 0xFB or 0xFA or 0xF3 or 0xF2))
            return SniffedType.Audio;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) || Riff(head, "AVI "u8) || (head.Length >= 12 && head[4..8].SequenceEqual("ftyp"u8))
            || (head.Length >= 8 && (head[4..8].SequenceEqual("moov"u8) || head[4..8].SequenceEqual("mdat"u8))))
            return SniffedType.Video;
        return SniffedType.Unknown;
    }

    private static SniffedType Runs(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("#!"u8))
            return SniffedType.Script;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0]))
            return SniffedType.Shortcut;
        // "MZ" alone begins texts too: a program's header has 64 bytes, which no text fills without a zero.
        if ((head.StartsWith("MZ"u8) && head[..Math.Min(head.Length, 64)].Contains((byte)0)) || head.StartsWith((ReadOnlySpan<byte>)[0x7F, 0x45, 0x4C, 0x46]) || head.StartsWith("\0asm"u8))
            return SniffedType.Program;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xCA, 0xFE, 0xBA, 0xBE]) || head.StartsWith((ReadOnlySpan<byte>)[0xCF, 0xFA, 0xED, 0xFE])
            || head.StartsWith((ReadOnlySpan<byte>)[0xCE, 0xFA, 0xED, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xED, 0xFA, 0xCE])
            || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xED, 0xFA, 0xCF]) || head.StartsWith("dex\n"u8))
            return SniffedType.Program;
        return SniffedType.Unknown;
    }

    private static SniffedType Packed(ReadOnlySpan<byte> head)
    {
        // Readers of PDF take the mark anywhere in the first kibibyte.
        if (head.IndexOf("%PDF-"u8) >= 0)
            return SniffedType.Pdf;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x50, 0x4B, 3, 4]) || head.StartsWith((ReadOnlySpan<byte>)[0x50, 0x4B, 5, 6]))
            return SniffedType.Zip;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || head.StartsWith((ReadOnlySpan<byte>)[0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) || head.StartsWith("Rar!"u8)
            || head.StartsWith((ReadOnlySpan<byte>)[0xFD, 0x37, 0x7A, 0x58, 0x5A]) || head.StartsWith("BZh"u8) || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
            || (head.Length >= 262 && head[257..262].SequenceEqual("ustar"u8)))
            return SniffedType.Archive;
        return head.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) ? SniffedType.Compound : SniffedType.Unknown;
    }

    private static SniffedType Markup(ReadOnlySpan<byte> head)
    {
        // Browsers find markup behind marks of an encoding and zeros between letters (UTF-16) too: those are left out before it is looked for.
        var letters = new StringBuilder(head.Length);
        var binary = false;
        foreach (var value in head)
        {
            if (value is >= 0x20 and < 0x7F or (byte)'\t' or (byte)'\n' or (byte)'\r' or 0x0C)
                letters.Append((char)value);
            else if (value is < 0x20 and not 0 and not 0x1B)
                binary = true;
        }

        var text = letters.ToString();
        if (Has(text, "<svg") || Has(text, "<!doctype svg"))
            return SniffedType.Svg;
        if (_html.Any(tag => Has(text, tag)))
            return SniffedType.Html;
        if (text.TrimStart().StartsWith("<?xml", StringComparison.OrdinalIgnoreCase))
            return SniffedType.Xml;
        return binary || head.Contains((byte)0) ? SniffedType.Unknown : SniffedType.Text;
    }

    private static bool Has(string text, string mark) => text.Contains(mark, StringComparison.OrdinalIgnoreCase);

    private static bool Riff(ReadOnlySpan<byte> head, ReadOnlySpan<byte> form) =>
        head.Length >= 12 && head.StartsWith("RIFF"u8) && head[8..12].SequenceEqual(form);

    // ISO/IEC 14496-12 §4.3: a box of type "ftyp" with its major brand.
    private static bool IsBrand(ReadOnlySpan<byte> head, params ReadOnlySpan<string> brands)
    {
        if (head.Length < 12 || !head[4..8].SequenceEqual("ftyp"u8))
            return false;
        var brand = Encoding.Latin1.GetString(head[8..12]);
        return brands.Contains(brand);
    }
}
