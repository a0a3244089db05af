namespace Dapari.Rtc.Dtls;

/// <summary>What a connection is made of. Times are in microseconds.</summary>
public sealed record DtlsOptions
{
    /// <summary>Which end of the handshake.</summary>
    public required DtlsRole Role { get; init; }

    /// <summary>This end's certificate; stays its owner's.</summary>
    public required DtlsCertificate Certificate { get; init; }

    /// <summary>Of the certificate that the other end must have.</summary>
    public required DtlsFingerprint Remote { get; init; }

    /// <summary>The longest datagram of the handshake.</summary>
    public int MaxDatagram { get; init; } = 1_200;

    /// <summary>How long the answer is waited for before a flight is sent again. RFC 6347 §4.2.4.1 has 1 s; over a path that ICE has measured less is known to do.</summary>
    public long InitialTimeout { get; init; } = 200_000;

    /// <summary>To which it doubles.</summary>
    public long MaxTimeout { get; init; } = 2_000_000;

    /// <summary>When the handshake is given up.</summary>
    public long GiveUpAfter { get; init; } = 30_000_000;
}
