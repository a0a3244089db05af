namespace Dapari.Rtc.Stun;

/// <summary>Which protocol a datagram belongs to, by its first byte (RFC 7983 §7).</summary>
public enum FirstByte
{
    /// <summary>None of them.</summary>
    Unknown = 0,

    /// <summary>0 to 3.</summary>
    Stun,

    /// <summary>16 to 19.</summary>
    Zrtp,

    /// <summary>20 to 63.</summary>
    Dtls,

    /// <summary>64 to 79: TURN's ChannelData.</summary>
    ChannelData,

    /// <summary>128 to 191: RTP and RTCP.</summary>
    Rtp,
}

/// <summary>Tells protocols apart that share a port.</summary>
public static class Demultiplexer
{
    /// <summary>Judges by the first byte; an empty datagram is unknown.</summary>
    public static FirstByte Judge(ReadOnlySpan<byte> datagram) => datagram.IsEmpty ? FirstByte.Unknown : datagram[0] switch
    {
        <= 3 => FirstByte.Stun,
        >= 16 and <= 19 => FirstByte.Zrtp,
        >= 20 and <= 63 => FirstByte.Dtls,
        >= 64 and <= 79 => FirstByte.ChannelData,
        >= 128 and <= 191 => FirstByte.Rtp,
        _ => FirstByte.Unknown,
    };
}
