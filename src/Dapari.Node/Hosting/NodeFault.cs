namespace Dapari.Node.Hosting;

/// <summary>Why a node did not start.</summary>
internal enum NodeFault
{
    /// <summary>It did.</summary>
    None,

    /// <summary>Another process uses the folder.</summary>
    InUse,

    /// <summary>The system does not let this user use the folder.</summary>
    NotOurs,

    /// <summary>The disk refused, or what is kept is damaged.</summary>
    Storage,

    /// <summary>A newer version wrote the folder.</summary>
    Newer,

    /// <summary>The file of the own authority holds no certificate.</summary>
    Authority,

    /// <summary>The files for HTTPS are no certificate and its key.</summary>
    Certificate,

    /// <summary>The port for HTTPS is taken, or not for this user.</summary>
    HttpsPort,
}
