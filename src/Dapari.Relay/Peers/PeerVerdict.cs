namespace Dapari.Relay.Peers;

/// <summary>Whether a peer's address may be reached through the relay, and why not.</summary>
public enum PeerVerdict
{
    /// <summary>It may.</summary>
    Allowed = 0,

    /// <summary>No address.</summary>
    None,

    /// <summary>0.0.0.0/8, ::.</summary>
    Unspecified,

    /// <summary>127.0.0.0/8, ::1.</summary>
    Loopback,

    /// <summary>10/8, 172.16/12, 192.168/16, fc00::/7, the former fec0::/10.</summary>
    Private,

    /// <summary>169.254/16, fe80::/10.</summary>
    LinkLocal,

    /// <summary>100.64/10, behind a provider's NAT.</summary>
    CarrierNat,

    /// <summary>224/4, ff00::/8.</summary>
    Multicast,

    /// <summary>255.255.255.255 and the rest of 240/4, and IPv6 outside of 2000::/3.</summary>
    Reserved,

    /// <summary>Special purposes: documentation, benchmarks, protocol assignments, anycast of 6to4 relays, discard.</summary>
    Special,

    /// <summary>An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP): where it ends is not what it looks like.</summary>
    Translated,

    /// <summary>An address of this machine.</summary>
    Own,

    /// <summary>Refused by configuration.</summary>
    Configured,
}
