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

    /// <summary>The certificate for HTTPS is not there, or not for this user.</summary>
    CertificateMissing,

    /// <summary>Its key is not there, or not for this user.</summary>
    KeyMissing,

    /// <summary>The file for it holds no certificate.</summary>
    Certificate,

    /// <summary>The file for its key holds none, or that of another.</summary>
    Key,

    /// <summary>It was valid until before now.</summary>
    CertificateExpired,

    /// <summary>It is valid from after now.</summary>
    CertificateNotYet,

    /// <summary>The port for HTTPS is taken, or not for this user.</summary>
    HttpsPort,
}
