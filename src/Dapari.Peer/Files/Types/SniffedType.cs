namespace Dapari.Peer.Files;

/// <summary>What the first bytes of a file say that it is.</summary>
public enum SniffedType
{
    /// <summary>Nothing that is known here.</summary>
    Unknown,

    /// <summary>Readable text without a known beginning.</summary>
    Text,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>WebP.</summary>
    WebP,

    /// <summary>A picture that is not shown here: AVIF, HEIC, TIFF, BMP, an icon.</summary>
    OtherPicture,

    /// <summary>SVG: a picture that may carry scripts.</summary>
    Svg,

    /// <summary>HTML.</summary>
    Html,

    /// <summary>XML of another kind.</summary>
    Xml,

    /// <summary>Sound: MP3, AAC, FLAC, Ogg, WAV, M4A.</summary>
    Audio,

    /// <summary>Video: MP4, QuickTime, WebM and Matroska, AVI.</summary>
    Video,

    /// <summary>PDF.</summary>
    Pdf,

    /// <summary>ZIP, and what is made of it: office documents, packages of Java and Android.</summary>
    Zip,

    /// <summary>Another archive or compressed file.</summary>
    Archive,

    /// <summary>A program for a machine or runtime: Windows, Linux, macOS, Java, WebAssembly.</summary>
    Program,

    /// <summary>A script that a system runs: it begins with "#!".</summary>
    Script,

    /// <summary>A Windows shortcut.</summary>
    Shortcut,

    /// <summary>The container of old office documents and of Windows installers.</summary>
    Compound,
}
