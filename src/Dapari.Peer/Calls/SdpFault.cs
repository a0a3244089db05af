namespace Dapari.Peer.Calls;

/// <summary>Why a description is refused before any browser sees it.</summary>
public enum SdpFault
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>Longer than <see cref="SdpCheck.MaxLength"/>, or with more or longer lines than a description has.</summary>
    TooLarge,

    /// <summary>No session description, or with characters that none has.</summary>
    Malformed,

    /// <summary>Media of a kind that a call does not have, or too many of them.</summary>
    Media,

    /// <summary>No SHA-256 fingerprint, several that differ, or another kind of key.</summary>
    Fingerprint,

    /// <summary>More or other candidates than a description has.</summary>
    Candidates,
}
