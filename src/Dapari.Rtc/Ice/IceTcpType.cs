namespace Dapari.Rtc.Ice;

/// <summary>Which end of a TCP connection a candidate is (RFC 6544 §4.5). Simultaneous opening is left out: neither Chromium nor Firefox offers it, and few NATs let it through.</summary>
public enum IceTcpType
{
    /// <summary>It is one of UDP.</summary>
    None = 0,

    /// <summary>It connects; its port is told as 9 and means nothing.</summary>
    Active,

    /// <summary>It is connected to.</summary>
    Passive,
}
