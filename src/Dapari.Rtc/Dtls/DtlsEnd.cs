namespace Dapari.Rtc.Dtls;

/// <summary>Which end of the handshake.</summary>
public enum DtlsRole
{
    /// <summary>Begins it (<c>a=setup:active</c>).</summary>
    Client = 0,

    /// <summary>Waits for it (<c>a=setup:passive</c>).</summary>
    Server,
}

/// <summary>How a connection stands.</summary>
public enum DtlsState
{
    /// <summary>Not begun.</summary>
    Idle = 0,

    /// <summary>In the handshake.</summary>
    Handshaking,

    /// <summary>The other end is who it was told to be; data may go.</summary>
    Connected,

    /// <summary>Over.</summary>
    Ended,
}

/// <summary>Why a connection ended.</summary>
public enum DtlsEnd
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>This end closed it.</summary>
    Closed,

    /// <summary>The other end closed it.</summary>
    ClosedByPeer,

    /// <summary>The other end said that something is wrong.</summary>
    Alert,

    /// <summary>The handshake did not come to its end in time.</summary>
    TimedOut,

    /// <summary>The certificate is not the one whose fingerprint was told.</summary>
    WrongCertificate,

    /// <summary>No common version, cipher suite, curve or extension.</summary>
    NothingInCommon,

    /// <summary>A message is malformed, out of order, or a signature or check value is wrong.</summary>
    BadHandshake,
}
