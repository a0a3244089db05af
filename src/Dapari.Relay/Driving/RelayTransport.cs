namespace Dapari.Relay.Driving;

/// <summary>How a client reaches us. The way from us to its peers is always UDP.</summary>
public enum RelayTransport
{
    /// <summary>A datagram is a message.</summary>
    Udp = 0,

    /// <summary>A stream (TCP, or TLS over it): messages are cut out of it by <see cref="Dapari.Rtc.Stun.StreamFraming"/>.</summary>
    Stream = 1,
}
