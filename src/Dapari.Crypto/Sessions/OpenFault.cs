namespace Dapari.Crypto;

/// <summary>Why an envelope did not open. No byte of the session changed.</summary>
public enum OpenFault
{
    /// <summary>It opened.</summary>
    None,

    /// <summary>A field is missing or has another length than it must have.</summary>
    Malformed,

    /// <summary>It belongs to another session.</summary>
    UnknownSession,

    /// <summary>
    /// Its key was used before, or was dropped under a cap: its place lies behind the chain's position and no key is kept for it. Nothing
    /// more can be authenticated, since the key is gone; so this may lead to a repeated receipt for an envelope id that is on record, and
    /// to nothing else.
    /// </summary>
    OpenedBefore,

    /// <summary>More messages were lost before it than a step may skip.</summary>
    TooFarAhead,

    /// <summary>Its chain was closed by its sender before this place: only a sender that lost its state makes such.</summary>
    ChainClosed,

    /// <summary>Not sealed by the other end of this session for this place.</summary>
    Forged,

    /// <summary>A Diffie-Hellman result is all zero: a ratchet key of small order.</summary>
    AllZeroSecret,
}
