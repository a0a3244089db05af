using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Crypto;

/// <summary>A device whose certificate was checked: the only way to have one.</summary>
public sealed class VerifiedDevice
{
    internal VerifiedDevice(DeviceCertificate certificate, IdentityPublicKey identity, DeviceId id, AgreementPublicKey agreement, SigningPublicKey signing)
    {
        Certificate = certificate;
        Identity = identity;
        Id = id;
        AgreementKey = agreement;
        SigningKey = signing;
    }

    /// <summary>The person whose device it is.</summary>
    public IdentityPublicKey Identity { get; }

    /// <summary>The device's id.</summary>
    public DeviceId Id { get; }

    /// <summary>The device's IK in PQXDH.</summary>
    public AgreementPublicKey AgreementKey { get; }

    /// <summary>Signs the device's prekeys.</summary>
    public SigningPublicKey SigningKey { get; }

    /// <summary>The certificate that was checked.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>Whether both are the same device of the same person with the same keys, whatever else their certificates say.</summary>
    public bool HasSameKeys(VerifiedDevice other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Identity == other.Identity && Id == other.Id && AgreementKey == other.AgreementKey && SigningKey == other.SigningKey;
    }
}
