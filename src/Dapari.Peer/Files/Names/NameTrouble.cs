namespace Dapari.Peer.Files;

/// <summary>What was found in a file's name.</summary>
[Flags]
public enum NameTrouble
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It named folders or a drive.</summary>
    Path = 1,

    /// <summary>It had characters that are not drawn, or that turn the direction of writing.</summary>
    Invisible = 2,

    /// <summary>It had characters that file systems refuse, or a form that they change by themselves.</summary>
    Forbidden = 4,

    /// <summary>A name that Windows keeps for a device.</summary>
    Reserved = 8,

    /// <summary>Systems would not list it.</summary>
    Hidden = 16,

    /// <summary>It was shortened.</summary>
    TooLong = 32,

    /// <summary>Two extensions, and the last one is what counts: "holiday.jpg.exe".</summary>
    DoubleExtension = 64,

    /// <summary>Nothing was left of it.</summary>
    Empty = 128,
}
