namespace Dapari.Crypto;

/// <summary>Why a device certificate is worth nothing.</summary>
public enum CertificateFault
{
    /// <summary>It is good.</summary>
    None,

    /// <summary>Not Protobuf of this contract, or a field has another length than it must have.</summary>
    Malformed,

    /// <summary>Made by a version that this build cannot judge.</summary>
    UnknownVersion,

    /// <summary>The identity that it names did not sign it.</summary>
    BadSignature,
}
