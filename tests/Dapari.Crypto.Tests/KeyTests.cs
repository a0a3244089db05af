using System.Reflection;
using Dapari.Wire;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class KeyTests
{
    private readonly SeededRandom _random = new(31);

    [Fact]
    public void Public_keys_read_exactly_thirty_two_bytes_and_are_equal_by_value()
    {
        var bytes = _random.Bytes(32);
        Assert.True(IdentityPublicKey.TryRead(bytes, out var identity));
        Assert.True(IdentityPublicKey.TryRead(identity.ToByteString(), out var same));
        Assert.Equal(identity, same);
        Assert.Equal(0, identity.CompareTo(same));
        Assert.Equal(bytes, identity.ToArray());
        Assert.StartsWith(Convert.ToHexStringLower(bytes[..8]), identity.ToString(), StringComparison.Ordinal);
        bytes[31] ^= 1;
        Assert.True(IdentityPublicKey.TryRead(bytes, out var other));
        Assert.NotEqual(identity, other);
        Assert.All([0, 31, 33], length => Assert.False(AgreementPublicKey.TryRead(new byte[length], out _)));
        Assert.All([0, 31, 33], length => Assert.False(SigningPublicKey.TryRead(new byte[length], out _)));
        Assert.All([0, 31, 33], length => Assert.False(MailboxPublicKey.TryRead(new byte[length], out _)));
    }

    [Fact]
    public void Order_of_public_keys_is_bytewise()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => _random.Bytes(32)).ToList();
        var typed = keys.Select(bytes => IdentityPublicKey.TryRead(bytes, out var key) ? key : default).ToList();
        keys.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        typed.Sort((a, b) => a.CompareTo(b));
        Assert.Equal(keys, typed.Select(key => key.ToArray()));
    }

    [Fact]
    public void Secrets_print_nothing_and_are_gone_once_disposed()
    {
        SecretBytes[] secrets =
        [
            IdentityPrivateKey.Generate(_random), AgreementPrivateKey.Generate(_random), SigningPrivateKey.Generate(_random),
            MailboxPrivateKey.Generate(_random), WrapKey.Generate(_random), InviteSecret.Generate(_random),
        ];
        Assert.All(secrets, secret =>
        {
            Assert.Equal("[redacted]", secret.ToString());
            var held = (byte[])typeof(SecretBytes).GetField("_bytes", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(secret)!;
            Assert.Contains(held, value => value != 0);
            secret.Dispose();
            Assert.All(held, value => Assert.Equal(0, value));
            Assert.Throws<ObjectDisposedException>(secret.ExportSecret);
        });
        Assert.Equal("[redacted]", new Party(_random, 0).Device.ToString());
        Assert.Equal("[redacted]", new Party(_random, 0).Vault.ToString());
    }

    [Fact]
    public void Secrets_read_back_what_they_exported()
    {
        using var mailbox = MailboxPrivateKey.Generate(_random);
        Assert.True(MailboxPrivateKey.TryRead(mailbox.ExportSecret(), out var read));
        Assert.True(mailbox.HasSameSecret(read));
        Assert.Equal(mailbox.PublicKey, read.PublicKey);
        using var agreement = AgreementPrivateKey.Generate(_random);
        Assert.True(AgreementPrivateKey.TryRead(agreement.ExportSecret(), out var readAgreement));
        Assert.Equal(agreement.PublicKey, readAgreement.PublicKey);
        Assert.False(agreement.HasSameSecret(AgreementPrivateKey.Generate(_random)));
        Assert.All([0, 31, 33], length => Assert.False(IdentityPrivateKey.TryRead(new byte[length], out _)));
        Assert.All([0, 31, 33], length => Assert.False(WrapKey.TryRead(new byte[length], out _)));
        Assert.False(InviteSecret.TryRead(new byte[15], out _));
    }

    [Fact]
    public void A_proof_is_good_for_its_host_challenge_purpose_and_id_only()
    {
        using var key = MailboxPrivateKey.Generate(_random);
        var mailbox = MailboxId.Random(_random);
        var challenge = _random.Bytes(32);
        var signature = key.Sign(ProofMessage.MailboxOwner("host.example", challenge, mailbox));
        Assert.True(key.PublicKey.Verify(ProofMessage.MailboxOwner("HOST.example", challenge, mailbox), signature));
        Assert.False(key.PublicKey.Verify(ProofMessage.MailboxOwner("host.example:8443", challenge, mailbox), signature));
        Assert.False(key.PublicKey.Verify(ProofMessage.MailboxSender("host.example", challenge, mailbox), signature));
        Assert.False(key.PublicKey.Verify(ProofMessage.MailboxOwner("host.example", _random.Bytes(32), mailbox), signature));
        Assert.False(key.PublicKey.Verify(ProofMessage.MailboxOwner("host.example", challenge, MailboxId.Random(_random)), signature));
        Assert.False(key.PublicKey.Verify(ProofMessage.MailboxOwner("host.example", challenge, mailbox), signature.AsSpan(1)));
        Assert.False(MailboxPrivateKey.Generate(_random).PublicKey.Verify(ProofMessage.MailboxOwner("host.example", challenge, mailbox), signature));
    }

    [Fact]
    public void A_contact_id_is_the_start_of_the_keys_hash()
    {
        Assert.True(IdentityPublicKey.TryRead(new byte[32], out var key));
        // SHA-256 of 32 zero bytes is 66687aadf862bd776c8fc18b8e9f8e20…
        Assert.Equal("66687aadf862bd776c8fc18b8e9f8e20", key.ToContactId().ToString());
    }
}
