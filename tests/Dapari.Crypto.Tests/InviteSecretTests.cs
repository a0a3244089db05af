using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class InviteSecretTests
{
    private readonly SeededRandom _random = new(71);
    private readonly Party _maker;

    public InviteSecretTests() => _maker = new Party(_random, 0);

    [Fact]
    public void A_blob_opens_with_its_secret_only()
    {
        using var secret = InviteSecret.Generate(_random);
        using var other = InviteSecret.Generate(_random);
        var blob = Blob();
        var bytes = secret.SealBlob(blob);
        Assert.True(InviteSecret.TryRead(secret.ExportSecret(), out var read));
        Assert.Equal(secret.BlobId, read.BlobId);
        Assert.True(read.TryOpenBlob(bytes, out var opened));
        Assert.Equal(blob, opened);
        Assert.False(other.TryOpenBlob(bytes, out _));
        Assert.NotEqual(secret.BlobId, other.BlobId);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            Assert.False(secret.TryOpenBlob(bytes, out _));
            bytes[i] ^= 0x40;
        }

        Assert.False(secret.TryOpenBlob(bytes.AsSpan(0, 27), out _));
        Assert.False(secret.TryOpenBlob(new byte[WireLimits.InviteBlobBytes + 1], out _));
    }

    [Fact]
    public void A_changed_blob_has_another_nonce_and_the_same_blob_the_same_bytes()
    {
        using var secret = InviteSecret.Generate(_random);
        var first = secret.SealBlob(Blob());
        Assert.Equal(first, secret.SealBlob(Blob()));
        var renamed = Blob();
        renamed.Name = "Alice B.";
        Assert.NotEqual(first[..12], secret.SealBlob(renamed)[..12]);
    }

    [Fact]
    public void The_blob_id_tells_nothing_of_the_secret_and_does_not_change()
    {
        Assert.True(InviteSecret.TryRead(new byte[16], out var secret));
        // HKDF-SHA256 with a zero secret of 16 bytes, no salt, info "dapari invite id": fixed by the protocol.
        Assert.Equal(secret.BlobId, InviteSecret.TryRead(new byte[16], out var again) ? again.BlobId : default);
        Assert.DoesNotContain("00000000", secret.BlobId.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_blob_of_a_newer_version_or_with_wrong_lengths_is_refused()
    {
        using var secret = InviteSecret.Generate(_random);
        foreach (var change in new Action<InviteBlob>[]
        {
            blob => blob.Version = 2,
            blob => blob.InviteId = ByteString.Empty,
            blob => blob.Name = new string('x', WireLimits.NameBytes + 1),
            blob => blob.Device = null,
            blob => blob.Prekeys = null,
            blob => blob.Mailbox.WrapKey = ByteString.CopyFrom(new byte[31]),
            blob => blob.Mailbox.Server = "http://example.org",
            blob => blob.Mailbox.Server = "https://EXAMPLE.org",
            blob => blob.Prekeys.Server = "javascript:alert(1)",
        })
        {
            var blob = Blob();
            change(blob);
            Assert.False(secret.TryOpenBlob(secret.SealBlob(blob), out _));
        }

        var large = Blob();
        large.Name = new string('x', WireLimits.InviteBlobBytes);
        Assert.Throws<ArgumentException>(() => secret.SealBlob(large));
    }

    [Fact]
    public void A_proof_is_of_one_device_and_one_invite()
    {
        using var secret = InviteSecret.Generate(_random);
        using var other = InviteSecret.Generate(_random);
        var opener = new Party(_random, 0).Device.Certificate;
        var proof = secret.Proof(opener);
        Assert.True(secret.VerifyProof(proof, opener));
        Assert.False(other.VerifyProof(proof, opener));
        Assert.False(secret.VerifyProof(proof, _maker.Device.Certificate));
        Assert.False(secret.VerifyProof(proof.AsSpan(1), opener));
        proof[31] ^= 1;
        Assert.False(secret.VerifyProof(proof, opener));
    }

    private InviteBlob Blob() => new()
    {
        Version = 1,
        InviteId = ByteString.CopyFrom(new byte[16]),
        Name = "Alice",
        Device = _maker.Device.Certificate,
        Prekeys = new PrekeyAddress { Server = "https://example.org", StoreId = ByteString.CopyFrom(new byte[16]) },
        Mailbox = new MailboxAddress
        {
            Server = "https://example.org",
            MailboxId = ByteString.CopyFrom(new byte[16]),
            SenderSeed = ByteString.CopyFrom(new byte[32]),
            WrapKey = ByteString.CopyFrom(new byte[32]),
        },
    };
}
