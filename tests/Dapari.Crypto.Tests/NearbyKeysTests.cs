using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class NearbyKeysTests
{
    private static readonly byte[] Alice = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] Bob = [.. Enumerable.Repeat((byte)2, 32)];
    private static readonly byte[] Nonce = [.. Enumerable.Repeat((byte)9, 16)];

    [Fact]
    public void Both_ends_agree_and_one_of_them_connects()
    {
        using var alice = NearbyKeys.Create(Alice, Bob);
        using var bob = NearbyKeys.Create(Bob, Alice);
        Assert.NotEqual(alice.Connects, bob.Connects);
        Assert.Equal(alice.Token(Nonce), bob.Token(Nonce));
        var (one, other) = (new byte[32], Alice);
        Assert.Equal(alice.Proof(true, one, other), bob.Proof(true, one, other));
        Span<byte> tag = stackalloc byte[NearbyKeys.TagLength], seen = stackalloc byte[NearbyKeys.TagLength];
        alice.OwnTag(Nonce, 20_000, tag);
        bob.TheirTag(Nonce, 20_000, seen);
        Assert.True(tag.SequenceEqual(seen));
        bob.OwnTag(Nonce, 20_000, seen);
        Assert.False(tag.SequenceEqual(seen));
        bob.TheirTag(Nonce, 20_001, seen);
        Assert.False(tag.SequenceEqual(seen));
        Assert.False(alice.IsSame(bob));
        using var again = NearbyKeys.Create(Alice, Bob);
        Assert.True(alice.IsSame(again));
    }

    [Fact]
    public void Proofs_are_of_an_end_and_of_both_certificates()
    {
        using var keys = NearbyKeys.Create(Alice, Bob);
        using var others = NearbyKeys.Create(Alice, new byte[32]);
        var proof = keys.Proof(true, Alice, Bob);
        Assert.NotEqual(proof, keys.Proof(false, Alice, Bob));
        Assert.NotEqual(proof, keys.Proof(true, Bob, Alice));
        Assert.NotEqual(proof, others.Proof(true, Alice, Bob));
    }

    [Fact]
    public void They_are_made_as_the_page_says()
    {
        using var keys = NearbyKeys.Create(Alice, Bob);
        var pair = HKDF.DeriveKey(HashAlgorithmName.SHA256, [.. Alice, .. Bob], 32, info: Encoding.ASCII.GetBytes("dapari nearby pair v1"));
        Assert.Equal(HMACSHA256.HashData(pair, (byte[])[.. Encoding.ASCII.GetBytes("dapari nearby token v1\0"), .. Nonce])[..16], keys.Token(Nonce));
        Assert.Equal(HMACSHA256.HashData(pair, (byte[])[.. Encoding.ASCII.GetBytes("dapari nearby proof v1\0"), 1, .. Bob, .. Alice]), keys.Proof(false, Bob, Alice));
        var tag = new byte[8];
        keys.OwnTag(Nonce, 0x0102, tag);
        Assert.Equal(HMACSHA256.HashData(Alice, (byte[])[.. Encoding.ASCII.GetBytes("dapari nearby tag v1\0"), .. Nonce, 0, 0, 0, 0, 0, 0, 1, 2])[..8], tag);
        Assert.Equal("[redacted]", keys.ToString());
        Assert.Throws<ArgumentException>(() => NearbyKeys.Create(Alice, Alice));
        Assert.Throws<ArgumentException>(() => NearbyKeys.Create(Alice, Bob.AsSpan(1)));
    }
}
