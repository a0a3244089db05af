using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class PqxdhTests
{
    private readonly SeededRandom _random = new(1);
    private readonly Party _alice;
    private readonly Party _bob;

    public PqxdhTests()
    {
        _alice = new Party(_random);
        _bob = new Party(_random);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Both_sides_agree(bool oneTime, bool oneTimeKem)
    {
        var initiator = _alice.Begin(_bob.Bundle(oneTime, oneTimeKem), _bob, _random);
        var handshake = initiator.PendingHandshake!;
        Assert.Equal(!oneTimeKem, handshake.KemLastResort);
        Assert.Equal(oneTime, handshake.OneTimePrekeyId != 0);

        Assert.Equal(HandshakeFault.None, Pqxdh.TryRespond(_bob.Device, _bob.Vault, handshake, out var responder, out var remote));
        Assert.Equal(initiator.Id, responder!.Id);
        Assert.True(remote!.HasSameKeys(_alice.Device.Verified));
        Assert.Equal(_alice.Device.Id, responder.RemoteDevice);
        Assert.True(initiator.IsInitiator);
        Assert.False(responder.IsInitiator);
        Assert.Null(responder.PendingHandshake);

        var id = EnvelopeId.Random(_random);
        var sealedEnvelope = initiator.Seal(Lane.Durable, id, "hello"u8, _random);
        Assert.Equal(OpenFault.None, responder.TryOpen(sealedEnvelope, id, out var text));
        Assert.Equal("hello"u8.ToArray(), text);

        id = EnvelopeId.Random(_random);
        sealedEnvelope = responder.Seal(Lane.Durable, id, "hi"u8, _random);
        Assert.Null(sealedEnvelope.Handshake);
        Assert.Equal(OpenFault.None, initiator.TryOpen(sealedEnvelope, id, out text));
        Assert.Equal("hi"u8.ToArray(), text);
        Assert.Null(initiator.PendingHandshake);
    }

    [Fact]
    public void A_handshake_travels_with_each_envelope_until_an_answer_opened()
    {
        var initiator = _alice.Begin(_bob.Bundle(), _bob, _random);
        for (var i = 0; i < 3; i++)
            Assert.Equal(initiator.PendingHandshake, initiator.Seal(Lane.Durable, EnvelopeId.Random(_random), [1], _random).Handshake);
        var responder = _bob.Answer(initiator.PendingHandshake!);
        var id = EnvelopeId.Random(_random);
        initiator.TryOpen(responder.Seal(Lane.Live, id, [2], _random), id, out _);
        Assert.Null(initiator.Seal(Lane.Durable, EnvelopeId.Random(_random), [1], _random).Handshake);
    }

    [Fact]
    public void One_time_keys_are_used_once()
    {
        var bundle = _bob.Bundle();
        var handshake = _alice.Begin(bundle, _bob, _random).PendingHandshake!;
        _bob.Answer(handshake);
        Assert.Equal(1, _bob.Vault.OneTimeCount);
        Assert.Equal(1, _bob.Vault.OneTimeKemCount);
        Assert.Equal(HandshakeFault.UnknownPrekey, Pqxdh.TryRespond(_bob.Device, _bob.Vault, handshake, out var session, out _));
        Assert.Null(session);

        var second = _alice.Begin(bundle, _bob, _random).PendingHandshake!;
        Assert.Equal(HandshakeFault.UnknownPrekey, Pqxdh.TryRespond(_bob.Device, _bob.Vault, second, out _, out _));
    }

    [Fact]
    public void A_last_resort_handshake_is_not_answered_twice_even_after_saving()
    {
        var handshake = _alice.Begin(_bob.Bundle(false, false), _bob, _random).PendingHandshake!;
        _bob.Answer(handshake);
        Assert.True(PrekeyVault.TryLoad(_bob.Vault.Save(), out var loaded));
        Assert.Equal(HandshakeFault.Replayed, Pqxdh.TryRespond(_bob.Device, loaded, handshake, out _, out _));

        // Another one with the same last-resort key is welcome.
        var other = _alice.Begin(_bob.Bundle(false, false), _bob, _random).PendingHandshake!;
        Assert.Equal(HandshakeFault.None, Pqxdh.TryRespond(_bob.Device, loaded, other, out _, out _));
    }

    [Fact]
    public void A_clone_of_the_vault_leaves_the_vault_alone()
    {
        var handshake = _alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!;
        var before = _bob.Vault.Save();
        Assert.Equal(HandshakeFault.None, Pqxdh.TryRespond(_bob.Device, _bob.Vault.Clone(), handshake, out _, out _));
        Assert.Equal(before, _bob.Vault.Save());
    }

    [Fact]
    public void A_prekey_that_the_device_did_not_sign_is_refused()
    {
        var mallory = new Party(_random);
        var signed = _bob.Bundle();
        signed.SignedPrekey = mallory.Bundle().SignedPrekey;
        Refused(HandshakeFault.BadPrekeySignature, signed);

        var kem = _bob.Bundle();
        kem.KemPrekey = mallory.Bundle().KemPrekey;
        Refused(HandshakeFault.BadPrekeySignature, kem);

        var renumbered = _bob.Bundle();
        renumbered.SignedPrekey = renumbered.SignedPrekey.Clone();
        renumbered.SignedPrekey.Id++;
        Refused(HandshakeFault.BadPrekeySignature, renumbered);

        var flagged = _bob.Bundle();
        flagged.KemPrekey = flagged.KemPrekey.Clone();
        flagged.KemPrekey.LastResort = true;
        Refused(HandshakeFault.BadPrekeySignature, flagged);
    }

    [Fact]
    public void A_bundle_of_another_device_is_refused()
    {
        var mallory = new Party(_random);
        Refused(HandshakeFault.BadCertificate, mallory.Bundle());
        var forged = _bob.Bundle();
        forged.Device = forged.Device.Clone();
        forged.Device.Signature = ByteString.CopyFrom(new byte[64]);
        forged.Device.Statement = ByteString.CopyFrom([.. forged.Device.Statement.Span, .. "\x30\x02"u8]);
        Refused(HandshakeFault.BadCertificate, forged);
    }

    [Fact]
    public void A_bundle_with_a_renewed_certificate_of_the_same_keys_is_accepted()
    {
        var verified = _bob.Device.Verified;
        var bundle = _bob.Bundle();
        bundle.Device = DeviceCertificates.Issue(_bob.Identity, verified.Id, verified.AgreementKey, verified.SigningKey, 99);
        _bob.Answer(_alice.Begin(bundle, _bob, _random).PendingHandshake!);
    }

    [Fact]
    public void Keys_of_small_order_are_refused()
    {
        var bundle = _bob.Bundle();
        bundle.OneTimePrekey = new OneTimePrekey { Id = bundle.OneTimePrekey.Id, PublicKey = ByteString.CopyFrom(new byte[32]) };
        Refused(HandshakeFault.AllZeroSecret, bundle);

        var handshake = _alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!.Clone();
        handshake.EphemeralKey = ByteString.CopyFrom(new byte[32]);
        RefusedByResponder(HandshakeFault.AllZeroSecret, handshake);

        // RFC 7748's curve: a point of order 8 (the list in "May the Fourth be with you", §A; also curve25519.js and libsodium's blocklist).
        handshake.EphemeralKey = ByteString.CopyFrom(Convert.FromHexString("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"));
        RefusedByResponder(HandshakeFault.AllZeroSecret, handshake);
    }

    [Fact]
    public void An_encapsulation_key_out_of_range_is_refused()
    {
        // FIPS 203 §7.2, modulus check: coefficients of 4095 are above q = 3329.
        var key = Enumerable.Repeat((byte)0xFF, Shape.KemKey).ToArray();
        var prekey = new KemPrekey
        {
            Id = 1,
            PublicKey = ByteString.CopyFrom(key),
            Signature = ByteString.CopyFrom(_bob.Device.Signing.Sign(PrekeySignatures.KemPrekeyMessage(1, false, key))),
        };
        var bundle = _bob.Bundle();
        bundle.KemPrekey = prekey;
        Refused(HandshakeFault.Malformed, bundle);
    }

    [Fact]
    public void A_changed_handshake_gives_no_session_in_which_anything_opens()
    {
        var initiator = _alice.Begin(_bob.Bundle(), _bob, _random);
        var id = EnvelopeId.Random(_random);
        var first = initiator.Seal(Lane.Durable, id, "secret"u8, _random);

        var wrongCiphertext = first.Handshake.Clone();
        var bytes = wrongCiphertext.KemCiphertext.ToByteArray();
        bytes[700] ^= 1;
        wrongCiphertext.KemCiphertext = ByteString.CopyFrom(bytes);

        // Certified again by the same person, with another time: the secret is the same, the transcript is not.
        var me = _alice.Device.Verified;
        var wrongCertificate = first.Handshake.Clone();
        wrongCertificate.Initiator = DeviceCertificates.Issue(_alice.Identity, me.Id, me.AgreementKey, me.SigningKey, 77);

        // Somebody certifies Alice's keys as their own.
        var mallory = IdentityPrivateKey.Generate(_random);
        var stolen = first.Handshake.Clone();
        stolen.Initiator = DeviceCertificates.Issue(mallory, me.Id, me.AgreementKey, me.SigningKey, 1);

        Assert.All([wrongCiphertext, wrongCertificate, stolen], handshake =>
        {
            Assert.Equal(HandshakeFault.None, Pqxdh.TryRespond(_bob.Device, _bob.Vault.Clone(), handshake, out var session, out _));
            Assert.NotEqual(OpenFault.None, session!.TryOpen(first, id, out var plaintext));
            Assert.Null(plaintext);
        });
    }

    [Fact]
    public void Without_its_prekeys_a_handshake_is_not_answered()
    {
        var handshake = _alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!;
        var fresh = PrekeyVault.Create(_bob.Device, _random, 0, 1);
        Assert.Equal(HandshakeFault.UnknownPrekey, Pqxdh.TryRespond(_bob.Device, fresh, handshake, out _, out _));
    }

    [Fact]
    public void A_device_has_no_session_with_itself()
    {
        Assert.Equal(HandshakeFault.OwnDevice, Pqxdh.TryInitiate(_bob.Device, _bob.Bundle(), _bob.Device.Verified, _random, out _));
        var handshake = _alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!.Clone();
        handshake.Initiator = _bob.Device.Certificate;
        RefusedByResponder(HandshakeFault.OwnDevice, handshake);
    }

    [Fact]
    public void Malformed_bundles_and_handshakes_are_refused()
    {
        Refused(HandshakeFault.Malformed, new PrekeyBundle());
        var noKem = _bob.Bundle();
        noKem.KemPrekey = null;
        Refused(HandshakeFault.Malformed, noKem);
        RefusedByResponder(HandshakeFault.Malformed, new Handshake());
        var badCertificate = _alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!.Clone();
        badCertificate.Initiator.Signature = ByteString.CopyFrom(new byte[64]);
        RefusedByResponder(HandshakeFault.BadCertificate, badCertificate);
    }

    [Fact]
    public void The_same_seed_gives_the_same_handshake()
    {
        static Handshake Run()
        {
            var random = new SeededRandom(42);
            var alice = new Party(random, 1);
            var bob = new Party(random, 1);
            return alice.Begin(bob.Bundle(), bob, random).PendingHandshake!;
        }

        Assert.Equal(Run(), Run());
    }

    private void Refused(HandshakeFault fault, PrekeyBundle bundle)
    {
        Assert.Equal(fault, Pqxdh.TryInitiate(_alice.Device, bundle, _bob.Device.Verified, _random, out var session));
        Assert.Null(session);
    }

    private void RefusedByResponder(HandshakeFault fault, Handshake handshake)
    {
        var before = _bob.Vault.Save();
        Assert.Equal(fault, Pqxdh.TryRespond(_bob.Device, _bob.Vault, handshake, out var session, out _));
        Assert.Null(session);
        Assert.Equal(before, _bob.Vault.Save());
    }
}
