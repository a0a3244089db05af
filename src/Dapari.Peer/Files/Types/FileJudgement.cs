using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Files;

/// <summary>How a received file is treated: by its bytes first, by its name second, by what its sender says of it last.</summary>
/// <param name="Sniffed">What its first bytes say.</param>
/// <param name="Warning">What to tell.</param>
/// <param name="MediaType">The type to save it with: nothing that a browser would run in a page's place.</param>
public readonly record struct FileJudgement(SniffedType Sniffed, FileWarning Warning, string MediaType)
{
    private const string Opaque = "application/octet-stream";

    /// <summary>Whether the bytes may be given to the picture decoder: raster formats only.</summary>
    public bool IsShownAsPicture => IsRaster(Sniffed);

    /// <summary>Whether the bytes may be given to the player.</summary>
    public bool IsPlayed => Sniffed is SniffedType.Audio or SniffedType.Video && Warning == FileWarning.Unspecified;

    /// <summary>Whether a preview in an offer may be decoded: small, and of a raster format by its bytes.</summary>
    public static bool MayShowPreview(ReadOnlySpan<byte> picture) =>
        picture.Length is > 0 and <= WireLimits.PreviewBytes && FileSniffer.Sniff(picture) is SniffedType.Png or SniffedType.Jpeg or SniffedType.WebP;

    /// <summary>Judges a file.</summary>
    /// <param name="name">Its clean name.</param>
    /// <param name="claimedType">The media type that its sender says.</param>
    /// <param name="head">Its first bytes, at best <see cref="FileSniffer.HeadBytes"/>.</param>
    public static FileJudgement Judge(FileName name, string claimedType, ReadOnlySpan<byte> head)
    {
        ArgumentNullException.ThrowIfNull(claimedType);
        var sniffed = FileSniffer.Sniff(head);
        return new FileJudgement(sniffed, Warn(name, sniffed, head.IsEmpty), TypeFor(sniffed, claimedType));
    }

    private static FileWarning Warn(FileName name, SniffedType sniffed, bool empty)
    {
        var extension = name.Extension;
        var agrees = empty || FileTypes.Agrees(extension, sniffed);
        var runs = sniffed is SniffedType.Program or SniffedType.Script or SniffedType.Shortcut;
        if (name.Trouble.HasFlag(NameTrouble.DoubleExtension) || (runs && !agrees))
            return FileWarning.DisguisedProgram;
        if (sniffed is SniffedType.Html or SniffedType.Svg || extension is "html" or "htm" or "xhtml" or "shtml" or "svg" or "svgz" or "mht" or "mhtml" or "xml")
            return agrees ? FileWarning.ActiveContent : FileWarning.TypeDiffers;
        if (runs || FileTypes.IsDangerous(extension))
            return FileWarning.Program;
        return agrees ? FileWarning.Unspecified : FileWarning.TypeDiffers;
    }

    private static string TypeFor(SniffedType sniffed, string claimed) => sniffed switch
    {
        SniffedType.Png => "image/png",
        SniffedType.Jpeg => "image/jpeg",
        SniffedType.Gif => "image/gif",
        SniffedType.WebP => "image/webp",
        SniffedType.Pdf => "application/pdf",
        SniffedType.Audio when IsOf(claimed, "audio/") => claimed,
        SniffedType.Video when IsOf(claimed, "video/") || IsOf(claimed, "audio/") => claimed,
        SniffedType.Zip when IsOf(claimed, "application/") => claimed,
        SniffedType.Text when claimed is "text/plain" or "text/csv" or "text/markdown" => claimed,
        _ => Opaque,
    };

    // RFC 6838 §4.2: the characters of a type's name.
    private static bool IsOf(string claimed, string prefix) =>
        claimed.Length > prefix.Length && claimed.StartsWith(prefix, StringComparison.Ordinal) && !claimed.EndsWith("xml", StringComparison.Ordinal)
        && !claimed.Contains("html", StringComparison.Ordinal) && !claimed.Contains("script", StringComparison.Ordinal)
        && claimed[prefix.Length..].All(letter => char.IsAsciiLetterOrDigit(letter) || "!#$&-^_.+".Contains(letter, StringComparison.Ordinal));

    private static bool IsRaster(SniffedType type) => type is SniffedType.Png or SniffedType.Jpeg or SniffedType.Gif or SniffedType.WebP;
}
