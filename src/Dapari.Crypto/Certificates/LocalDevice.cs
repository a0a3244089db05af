using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Crypto;

/// <summary>This device, with its private keys. Owns them: disposing it zeroes them.</summary>
public sealed class LocalDevice : IDisposable
{
    /// <summary>Puts together what a device keeps.</summary>
    /// <exception cref="ArgumentException">The certificate is not good, or is not of these keys: the store is damaged.</exception>
    public LocalDevice(AgreementPrivateKey agreement, SigningPrivateKey signing, DeviceCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        ArgumentNullException.ThrowIfNull(signing);
        var fault = DeviceCertificates.TryVerify(certificate, out var verified);
        if (fault != CertificateFault.None || verified!.AgreementKey != agreement.PublicKey || verified.SigningKey != signing.PublicKey)
            throw new ArgumentException("The certificate is not of this device's keys: " + fault, nameof(certificate));
        Verified = verified;
        Agreement = agreement;
        Signing = signing;
    }

    /// <summary>This device as others see it.</summary>
    public VerifiedDevice Verified { get; }

    /// <summary>The device's id.</summary>
    public DeviceId Id => Verified.Id;

    /// <summary>The person whose device it is.</summary>
    public IdentityPublicKey Identity => Verified.Identity;

    /// <summary>The device's IK in PQXDH.</summary>
    public AgreementPublicKey AgreementKey => Verified.AgreementKey;

    /// <summary>The certificate that others check.</summary>
    public DeviceCertificate Certificate => Verified.Certificate;

    internal AgreementPrivateKey Agreement { get; }

    internal SigningPrivateKey Signing { get; }

    /// <summary>Zeroes the private keys.</summary>
    public void Dispose()
    {
        Agreement.Dispose();
        Signing.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}
