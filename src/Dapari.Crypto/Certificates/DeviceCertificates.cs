using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// A person's identity certifies a device: Ed25519 over a label and the serialized <c>DeviceStatement</c>, exactly the bytes that travel,
/// so that nobody has to serialize it again in the same way.
/// </summary>
public static class DeviceCertificates
{
    /// <summary>The version of statements that this build makes and judges.</summary>
    public const uint Version = 1;

    /// <summary>Certifies a device.</summary>
    /// <param name="identity">The person.</param>
    /// <param name="device">The device's id.</param>
    /// <param name="agreement">The device's IK.</param>
    /// <param name="signing">The device's key for prekeys.</param>
    /// <param name="issuedAtMs">Milliseconds since 1970-01-01 UTC by the identity's clock; informative.</param>
    public static DeviceCertificate Issue(
        IdentityPrivateKey identity, DeviceId device, AgreementPublicKey agreement, SigningPublicKey signing, ulong issuedAtMs)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var statement = new DeviceStatement
        {
            Version = Version,
            IdentityKey = identity.PublicKey.ToByteString(),
            DeviceId = device.ToByteString(),
            AgreementKey = agreement.ToByteString(),
            SigningKey = signing.ToByteString(),
            IssuedAtMs = issuedAtMs,
        }.ToByteString();
        return new DeviceCertificate
        {
            Statement = statement,
            Signature = UnsafeByteOperations.UnsafeWrap(identity.Sign(Signed(statement.Span))),
        };
    }

    /// <summary>Checks a certificate. It says which identity the device belongs to, not whether that identity is the one expected.</summary>
    public static CertificateFault TryVerify(DeviceCertificate? certificate, out VerifiedDevice? device)
    {
        device = null;
        if (!Shape.IsCertificate(certificate) || !Protobuf.TryParse(certificate!.Statement.Span, DeviceStatement.Parser, out var statement))
            return CertificateFault.Malformed;
        if (statement.Version != Version)
            return CertificateFault.UnknownVersion;
        if (!Shape.IsStatement(statement)
            || !DeviceId.TryRead(statement.DeviceId, out var id)
            || !IdentityPublicKey.TryRead(statement.IdentityKey, out var identity)
            || !AgreementPublicKey.TryRead(statement.AgreementKey, out var agreement)
            || !SigningPublicKey.TryRead(statement.SigningKey, out var signing))
            return CertificateFault.Malformed;
        if (!identity.Verify(Signed(certificate.Statement.Span), certificate.Signature.Span))
            return CertificateFault.BadSignature;
        device = new VerifiedDevice(certificate.Clone(), identity, id, agreement, signing);
        return CertificateFault.None;
    }

    private static byte[] Signed(ReadOnlySpan<byte> statement) => [.. Labels.Certificate, .. statement];
}
