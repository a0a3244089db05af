using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dapari.Rtc.Dtls;

/// <summary>A self-signed P-256 certificate and its key, for as many connections as its owner likes, one thread at a time.</summary>
/// <remarks>RFC 8827 §6.5. DTLS 1.2 sends certificates in the clear: the name in it says nothing, and a fresh one for each connection cannot be recognized.</remarks>
public sealed class DtlsCertificate : IDisposable
{
    private readonly ECDsa _key;
    private readonly byte[] _der;

    private DtlsCertificate(ECDsa key, byte[] der)
    {
        _key = key;
        _der = der;
        Fingerprint = DtlsFingerprint.Of(der);
    }

    /// <summary>What the other end is told of it.</summary>
    public DtlsFingerprint Fingerprint { get; }

    internal ReadOnlySpan<byte> Der => _der;

    /// <summary>A new one with a key of the platform's, valid from a day before to 30 days after now. Nobody checks the dates; they are there because X.509 has them.</summary>
    public static DtlsCertificate Create(DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=WebRTC", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return new DtlsCertificate(key, certificate.RawData);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    internal byte[] SignHash(ReadOnlySpan<byte> hash) => _key.SignHash(hash.ToArray(), DSASignatureFormat.Rfc3279DerSequence);
}
