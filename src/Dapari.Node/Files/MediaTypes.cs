namespace Dapari.Node.Files;

/// <summary>What a file's name says of its type, as it is offered: a claim, which recipients hold to the bytes.</summary>
internal static class MediaTypes
{
    private static readonly Dictionary<string, string> _known = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg", [".gif"] = "image/gif", [".webp"] = "image/webp", [".avif"] = "image/avif",
        [".heic"] = "image/heic", [".svg"] = "image/svg+xml", [".bmp"] = "image/bmp", [".tif"] = "image/tiff", [".tiff"] = "image/tiff",
        [".mp3"] = "audio/mpeg", [".m4a"] = "audio/mp4", [".flac"] = "audio/flac", [".ogg"] = "audio/ogg", [".opus"] = "audio/ogg", [".wav"] = "audio/wav",
        [".mp4"] = "video/mp4", [".mov"] = "video/quicktime", [".webm"] = "video/webm", [".mkv"] = "video/x-matroska", [".avi"] = "video/x-msvideo",
        [".pdf"] = "application/pdf", [".zip"] = "application/zip", [".gz"] = "application/gzip", [".7z"] = "application/x-7z-compressed", [".tar"] = "application/x-tar",
        [".txt"] = "text/plain", [".md"] = "text/markdown", [".csv"] = "text/csv", [".html"] = "text/html", [".json"] = "application/json",
    };

    /// <summary>By the extension; what is not known is bytes.</summary>
    public static string Of(string name) => _known.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream");
}
