namespace Dapari.Peer.Files;

/// <summary>What extensions mean here.</summary>
internal static class FileTypes
{
    // What a double click runs, installs, mounts or opens with the rights of a page.
    private static readonly HashSet<string> _dangerous = new(StringComparer.Ordinal)
    {
        "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "mjs", "wsf", "wsh", "hta", "cpl", "dll", "sys", "drv", "ocx", "gadget",
        "msi", "msp", "msix", "appx", "appinstaller", "lnk", "url", "webloc", "scf", "inf", "reg", "chm", "jar", "jnlp", "app", "command", "workflow", "action",
        "dmg", "pkg", "iso", "img", "vhd", "vhdx", "sh", "bash", "zsh", "fish", "csh", "run", "bin", "elf", "so", "dylib", "desktop", "appimage", "deb", "rpm", "flatpakref",
        "apk", "xapk", "ipa", "py", "pyw", "pl", "rb", "php", "docm", "dotm", "xlsm", "xltm", "xlam", "xll", "pptm", "ppam", "potm", "one", "html", "htm", "xhtml", "shtml",
        "mht", "mhtml", "svg", "svgz", "xml", "xsl", "swf", "wasm", "library-ms", "search-ms", "settingcontent-ms", "theme",
    };

    private static readonly Dictionary<string, SniffedType[]> _expected = new(StringComparer.Ordinal)
    {
        ["png"] = [SniffedType.Png], ["jpg"] = [SniffedType.Jpeg], ["jpeg"] = [SniffedType.Jpeg], ["gif"] = [SniffedType.Gif], ["webp"] = [SniffedType.WebP],
        ["avif"] = [SniffedType.OtherPicture], ["heic"] = [SniffedType.OtherPicture], ["heif"] = [SniffedType.OtherPicture], ["bmp"] = [SniffedType.OtherPicture],
        ["tif"] = [SniffedType.OtherPicture], ["tiff"] = [SniffedType.OtherPicture], ["ico"] = [SniffedType.OtherPicture, SniffedType.Png],
        ["mp3"] = [SniffedType.Audio], ["m4a"] = [SniffedType.Audio, SniffedType.Video], ["aac"] = [SniffedType.Audio], ["flac"] = [SniffedType.Audio],
        ["ogg"] = [SniffedType.Audio], ["oga"] = [SniffedType.Audio], ["opus"] = [SniffedType.Audio], ["wav"] = [SniffedType.Audio], ["weba"] = [SniffedType.Video],
        ["mp4"] = [SniffedType.Video, SniffedType.Audio], ["m4v"] = [SniffedType.Video], ["mov"] = [SniffedType.Video], ["webm"] = [SniffedType.Video],
        ["mkv"] = [SniffedType.Video], ["avi"] = [SniffedType.Video], ["ogv"] = [SniffedType.Audio], ["pdf"] = [SniffedType.Pdf],
        ["zip"] = [SniffedType.Zip], ["docx"] = [SniffedType.Zip], ["xlsx"] = [SniffedType.Zip], ["pptx"] = [SniffedType.Zip], ["odt"] = [SniffedType.Zip],
        ["ods"] = [SniffedType.Zip], ["odp"] = [SniffedType.Zip], ["epub"] = [SniffedType.Zip],
        ["gz"] = [SniffedType.Archive], ["tgz"] = [SniffedType.Archive], ["7z"] = [SniffedType.Archive], ["rar"] = [SniffedType.Archive], ["xz"] = [SniffedType.Archive],
        ["bz2"] = [SniffedType.Archive], ["zst"] = [SniffedType.Archive], ["tar"] = [SniffedType.Archive],
        ["doc"] = [SniffedType.Compound], ["xls"] = [SniffedType.Compound], ["ppt"] = [SniffedType.Compound],
        ["txt"] = [SniffedType.Text, SniffedType.Unknown], ["csv"] = [SniffedType.Text, SniffedType.Unknown], ["md"] = [SniffedType.Text, SniffedType.Unknown],
    };

    /// <summary>Whether a file with this extension (lower case, no dot) does something when it is opened.</summary>
    public static bool IsDangerous(string extension) => _dangerous.Contains(extension);

    /// <summary>Whether people take a file with this extension for a harmless one.</summary>
    public static bool IsFamiliar(string extension) => _expected.ContainsKey(extension);

    /// <summary>Whether first bytes are such as the extension promises; extensions that promise nothing agree with all.</summary>
    public static bool Agrees(string extension, SniffedType sniffed) =>
        !_expected.TryGetValue(extension, out var expected) || expected.Contains(sniffed);
}
