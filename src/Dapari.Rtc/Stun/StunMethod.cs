namespace Dapari.Rtc.Stun;

/// <summary>What a message is about; 12 bits.</summary>
public enum StunMethod
{
    /// <summary>RFC 8489 §18.2: which address am I seen from?</summary>
    Binding = 0x001,

    /// <summary>RFC 8656 §17: give me a relayed address.</summary>
    Allocate = 0x003,

    /// <summary>RFC 8656 §17: keep it longer, or give it back.</summary>
    Refresh = 0x004,

    /// <summary>RFC 8656 §17: to a peer (indication only).</summary>
    Send = 0x006,

    /// <summary>RFC 8656 §17: from a peer (indication only).</summary>
    Data = 0x007,

    /// <summary>RFC 8656 §17: let these peers send to me.</summary>
    CreatePermission = 0x008,

    /// <summary>RFC 8656 §17: a short name for a peer.</summary>
    ChannelBind = 0x009,
}
