namespace Dapari.Rtc.Sockets.Peers;

/// <summary>How a TURN server is reached (RFC 8656 §3.1).</summary>
public enum TurnTransport
{
    /// <summary>A datagram for each message.</summary>
    Udp = 0,

    /// <summary>A connection.</summary>
    Tcp,

    /// <summary>A connection with TLS: what gets through where only the ports of web sites are open.</summary>
    Tls,
}
