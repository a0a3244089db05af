namespace Dapari.Node.Shares;

/// <summary>Why a daemon does not serve a share.</summary>
internal enum ShareRefusal
{
    None,

    /// <summary>A file cannot be read.</summary>
    Unreadable,

    /// <summary>It serves as many as it may.</summary>
    TooMany,

    /// <summary>The disk refused to keep it.</summary>
    NotKept,
}
