namespace Dapari.Rtc.Stun.Attributes;

/// <summary>An address family as the wire names it.</summary>
public enum RequestedFamily
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>IPv4.</summary>
    V4 = 1,

    /// <summary>IPv6.</summary>
    V6 = 2,
}
