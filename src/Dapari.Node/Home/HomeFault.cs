namespace Dapari.Node.Home;

/// <summary>Why a folder was not opened.</summary>
internal enum HomeFault
{
    /// <summary>It was.</summary>
    None,

    /// <summary>Another process uses it.</summary>
    InUse,

    /// <summary>The system does not let this user.</summary>
    NotOurs,

    /// <summary>The disk refused.</summary>
    Failed,
}
