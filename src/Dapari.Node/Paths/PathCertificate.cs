using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dapari.Node.Paths;

/// <summary>
/// A certificate for one attempt at a path: it says nothing of anybody. Who shows it is known by its fingerprint, which came inside a sealed signal.
/// </summary>
internal static class PathCertificate
{
    /// <summary>A new key with a certificate of its own making, valid around now.</summary>
    public static X509Certificate2 Create(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dapari", key, HashAlgorithmName.SHA256);
        // Times are not judged; wide ones tell nothing of this device's clock.
        var year = time.GetUtcNow().Year;
        return request.CreateSelfSigned(new DateTimeOffset(year - 1, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(year + 2, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    /// <summary>SHA-256 of the certificate, 32 bytes.</summary>
    public static byte[] Fingerprint(X509Certificate certificate) => SHA256.HashData(certificate.GetRawCertData());

    /// <summary>Whether a certificate is the one that was told, and none else.</summary>
    public static bool Is(X509Certificate? certificate, ReadOnlySpan<byte> fingerprint) =>
        certificate is not null && CryptographicOperations.FixedTimeEquals(Fingerprint(certificate), fingerprint);
}
