namespace Dapari.Rtc.Stun;

/// <summary>What a message is (RFC 8489 §5).</summary>
public enum StunClass
{
    /// <summary>Wants an answer.</summary>
    Request = 0b00,

    /// <summary>Wants none.</summary>
    Indication = 0b01,

    /// <summary>The answer of one that did it.</summary>
    Success = 0b10,

    /// <summary>The answer of one that did not.</summary>
    Error = 0b11,
}
