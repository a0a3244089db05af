using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class CertificateTests
{
    private readonly SeededRandom _random = new(41);
    private readonly Party _party;

    public CertificateTests() => _party = new Party(_random, 0);

    [Fact]
    public void A_certificate_says_what_was_certified()
    {
        Assert.Equal(CertificateFault.None, DeviceCertificates.TryVerify(_party.Device.Certificate, out var device));
        Assert.Equal(_party.Identity.PublicKey, device!.Identity);
        Assert.Equal(_party.Device.Id, device.Id);
        Assert.Equal(_party.Device.AgreementKey, device.AgreementKey);
        Assert.True(device.Certificate.CalculateSize() <= WireLimits.CertificateBytes);
    }

    [Fact]
    public void Each_changed_bit_makes_it_worthless()
    {
        var certificate = _party.Device.Certificate;
        for (var bit = 0; bit < certificate.Statement.Length * 8; bit++)
        {
            var changed = certificate.Clone();
            var bytes = changed.Statement.ToByteArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            changed.Statement = ByteString.CopyFrom(bytes);
            Assert.NotEqual(CertificateFault.None, DeviceCertificates.TryVerify(changed, out var device));
            Assert.Null(device);
        }

        for (var bit = 0; bit < 64 * 8; bit++)
        {
            var changed = certificate.Clone();
            var bytes = changed.Signature.ToByteArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            changed.Signature = ByteString.CopyFrom(bytes);
            Assert.Equal(CertificateFault.BadSignature, DeviceCertificates.TryVerify(changed, out _));
        }
    }

    [Fact]
    public void Somebody_elses_signature_is_refused()
    {
        var forged = _party.Device.Certificate.Clone();
        forged.Signature = new Party(_random, 0).Device.Certificate.Signature;
        Assert.Equal(CertificateFault.BadSignature, DeviceCertificates.TryVerify(forged, out _));
    }

    [Fact]
    public void A_newer_version_is_named()
    {
        Assert.Equal(CertificateFault.UnknownVersion, DeviceCertificates.TryVerify(Signed(statement => statement.Version = 2), out _));
        Assert.Equal(CertificateFault.UnknownVersion, DeviceCertificates.TryVerify(Signed(statement => statement.Version = 0), out _));
    }

    [Fact]
    public void Wrong_lengths_are_refused_even_when_signed()
    {
        Assert.Equal(CertificateFault.Malformed, DeviceCertificates.TryVerify(null, out _));
        Assert.Equal(CertificateFault.Malformed, DeviceCertificates.TryVerify(new DeviceCertificate(), out _));
        foreach (var change in new Action<DeviceStatement>[]
        {
            statement => statement.DeviceId = ByteString.CopyFrom(new byte[15]),
            statement => statement.IdentityKey = ByteString.CopyFrom(new byte[33]),
            statement => statement.AgreementKey = ByteString.Empty,
            statement => statement.SigningKey = ByteString.CopyFrom(new byte[31]),
        })
            Assert.Equal(CertificateFault.Malformed, DeviceCertificates.TryVerify(Signed(change), out _));
        var large = _party.Device.Certificate.Clone();
        large.Statement = ByteString.CopyFrom(new byte[WireLimits.CertificateBytes]);
        Assert.Equal(CertificateFault.Malformed, DeviceCertificates.TryVerify(large, out _));
    }

    [Fact]
    public void Fields_of_a_newer_build_are_covered_by_the_signature()
    {
        var statement = DeviceStatement.Parser.ParseFrom([.. _party.Device.Certificate.Statement.Span, 0x78, 0x05]);
        Assert.Equal(CertificateFault.None, DeviceCertificates.TryVerify(Signed(statement), out var device));
        Assert.Equal(_party.Device.Id, device!.Id);
    }

    [Fact]
    public void A_local_device_needs_the_certificate_of_its_own_keys()
    {
        using var other = AgreementPrivateKey.Generate(_random);
        using var signing = SigningPrivateKey.Generate(_random);
        Assert.Throws<ArgumentException>(() => new LocalDevice(other, signing, _party.Device.Certificate));
    }

    private DeviceCertificate Signed(Action<DeviceStatement> change)
    {
        var statement = DeviceStatement.Parser.ParseFrom(_party.Device.Certificate.Statement);
        change(statement);
        return Signed(statement);
    }

    private DeviceCertificate Signed(DeviceStatement statement)
    {
        var bytes = statement.ToByteString();
        return new DeviceCertificate
        {
            Statement = bytes,
            Signature = ByteString.CopyFrom(_party.Identity.Sign([.. Labels.Certificate, .. bytes.Span])),
        };
    }
}
