namespace Dapari.Rtc.Stun;

/// <summary>Why bytes are no STUN message.</summary>
public enum StunFault
{
    /// <summary>They are one.</summary>
    None = 0,

    /// <summary>Fewer than the header's 20 bytes.</summary>
    Truncated,

    /// <summary>The first two bits are not 0: another protocol.</summary>
    NotStun,

    /// <summary>The magic cookie is missing (RFC 3489's clients are not served).</summary>
    NoCookie,

    /// <summary>The length is no multiple of 4 or not that of the bytes.</summary>
    Length,

    /// <summary>An attribute goes beyond the end.</summary>
    Attribute,

    /// <summary>Something follows FINGERPRINT.</summary>
    FingerprintNotLast,

    /// <summary>FINGERPRINT or an integrity attribute has a wrong length.</summary>
    AttributeLength,
}
