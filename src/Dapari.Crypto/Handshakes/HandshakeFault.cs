namespace Dapari.Crypto;

/// <summary>Why a handshake did not come about. Nothing changed.</summary>
public enum HandshakeFault
{
    /// <summary>It did.</summary>
    None,

    /// <summary>A field is missing or has another length than it must have.</summary>
    Malformed,

    /// <summary>The device's certificate is not good, or is another device's than the one expected.</summary>
    BadCertificate,

    /// <summary>The device did not sign the prekey.</summary>
    BadPrekeySignature,

    /// <summary>A prekey that this device does not have: used before, too old, or lost with a restored backup.</summary>
    UnknownPrekey,

    /// <summary>A Diffie-Hellman result is all zero: a key of small order.</summary>
    AllZeroSecret,

    /// <summary>The same handshake, which needed no one-time key, came before.</summary>
    Replayed,

    /// <summary>A device cannot have a session with itself.</summary>
    OwnDevice,
}
