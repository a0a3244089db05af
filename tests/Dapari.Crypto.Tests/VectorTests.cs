using System.Security.Cryptography;
using System.Text;
using Dapari.Wire;
using Org.BouncyCastle.Crypto.Digests;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>Published vectors of every primitive, run through the same seams that the protocol uses.</summary>
public sealed class VectorTests
{
    [Theory] // RFC 7748 §5.2
    [InlineData(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    public void X25519(string scalar, string point, string expected)
    {
        var secret = new byte[32];
        Assert.True(Curve.TryAgree(Hex(scalar), Hex(point), secret));
        Assert.Equal(Hex(expected), secret);
    }

    [Theory] // RFC 7748 §5.2
    [InlineData(1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")]
    [InlineData(1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")]
    public void X25519_iterated(int times, string expected)
    {
        var k = Hex("0900000000000000000000000000000000000000000000000000000000000000");
        var u = k;
        for (var i = 0; i < times; i++)
        {
            var next = new byte[32];
            Assert.True(Curve.TryAgree(k, u, next));
            u = k;
            k = next;
        }

        Assert.Equal(Hex(expected), k);
    }

    [Fact] // RFC 7748 §6.1
    public void X25519_agreement()
    {
        var a = Hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var b = Hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        Assert.Equal(Hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), Curve.PublicOf(a));
        Assert.Equal(Hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), Curve.PublicOf(b));
        var secret = new byte[32];
        Assert.True(Curve.TryAgree(a, Curve.PublicOf(b), secret));
        Assert.Equal(Hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), secret);
        Assert.True(Curve.TryAgree(b, Curve.PublicOf(a), secret));
        Assert.Equal(Hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), secret);
    }

    [Theory] // RFC 8032 §7.1
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Ed25519(string seed, string key, string message, string signature)
    {
        Assert.Equal(Hex(key), Signer.PublicOf(Hex(seed)));
        Assert.Equal(Hex(signature), Signer.Sign(Hex(seed), Hex(key), Hex(message)));
        Assert.True(Signer.Verify(Hex(key), Hex(message), Hex(signature)));
        var changed = Hex(signature);
        changed[0] ^= 1;
        Assert.False(Signer.Verify(Hex(key), Hex(message), changed));
        Assert.False(Signer.Verify(Hex(key), [.. Hex(message), 0], Hex(signature)));
    }

    [Fact] // RFC 8032 §5.1.7: S must be below the group order
    public void Ed25519_refuses_a_signature_with_S_out_of_range()
    {
        var key = Hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        var signature = Hex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
        var order = Hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        var carry = 0;
        for (var i = 0; i < 32; i++)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = (byte)(carry & 0xFF);
            carry >>= 8;
        }

        Assert.False(Signer.Verify(key, [], signature));
    }

    [Fact] // RFC 8439 §2.8.2
    public void ChaCha20Poly1305_sealed()
    {
        var key = Enumerable.Range(0x80, 32).Select(b => (byte)b).ToArray();
        var text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8;
        var output = Aead.Seal(key, Hex("070000004041424344454647"), text, Hex("50515253c0c1c2c3c4c5c6c7"));
        Assert.Equal(
            Hex(
                "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
                + "1ae10b594f09e26a7e902ecbd0600691"),
            output);
        Assert.Equal(text.ToArray(), Aead.TryOpen(key, Hex("070000004041424344454647"), output, Hex("50515253c0c1c2c3c4c5c6c7")));
    }

    [Fact] // RFC 8439 appendix A.5
    public void ChaCha20Poly1305_opened()
    {
        var key = Hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0");
        var ciphertext = Hex(
            "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
            + "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
            + "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
            + "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
            + "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38");
        var plaintext = Aead.TryOpen(key, Hex("000000000102030405060708"), ciphertext, Hex("f33388860000000000004e91"));
        Assert.Equal(
            "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by other documents "
            + "at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other than as /“work in progress./”",
            Encoding.UTF8.GetString(plaintext!));
        Assert.All(Enumerable.Range(0, ciphertext.Length), i =>
        {
            ciphertext[i] ^= 0x10;
            Assert.Null(Aead.TryOpen(key, Hex("000000000102030405060708"), ciphertext, Hex("f33388860000000000004e91")));
            ciphertext[i] ^= 0x10;
        });
        Assert.Null(Aead.TryOpen(key, Hex("000000000102030405060708"), ciphertext, Hex("f33388860000000000004e92")));
        Assert.Null(Aead.TryOpen(key, Hex("000000000102030405060708"), new byte[15], []));
    }

    [Theory] // RFC 5869 appendix A.1 to A.3
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")]
    [InlineData(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87")]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")]
    public void Hkdf_sha256(string ikm, string salt, string info, string expected)
    {
        var output = new byte[expected.Length / 2];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Hex(ikm), output, Hex(salt), Hex(info));
        Assert.Equal(Hex(expected), output);
    }

    [Theory] // RFC 4231 §4.2 to §4.8
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData("4a656665", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    [InlineData(
        "aa*131", "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")]
    [InlineData(
        "aa*131",
        "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")]
    public void Hmac_sha256(string key, string data, string expected) =>
        Assert.Equal(Hex(expected), HMACSHA256.HashData(key == "aa*131" ? Filled(0xaa, 131) : Hex(key), Encoding.ASCII.GetBytes(data)));

    [Fact] // RFC 4231 §4.4, §4.5
    public void Hmac_sha256_of_bytes()
    {
        Assert.Equal(Hex("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"), HMACSHA256.HashData(Filled(0xaa, 20), Filled(0xdd, 50)));
        Assert.Equal(
            Hex("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            HMACSHA256.HashData(Enumerable.Range(1, 25).Select(b => (byte)b).ToArray(), Filled(0xcd, 50)));
    }

    [Fact] // FIPS 180-4, NIST's example values
    public void Sha2()
    {
        Assert.Equal(Hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), SHA256.HashData("abc"u8));
        Assert.Equal(
            Hex(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
            SHA512.HashData("abc"u8));
    }

    /// <summary>
    /// FIPS 203, key generation, encapsulation, decapsulation and implicit rejection in one: the accumulated vectors that Go's crypto/mlkem
    /// publishes (TestAccumulated), after C2SP's CCTV. SHAKE-128 of nothing gives d || z, m and a false ciphertext for each round; what comes out is
    /// hashed with SHAKE-128.
    /// </summary>
    [Theory]
    [InlineData(100, "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415")]
    [InlineData(10_000, "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc")]
    public void MlKem768_accumulated(int rounds, string expected)
    {
        var input = new ShakeRandom();
        var output = new ShakeDigest(128);
        for (var i = 0; i < rounds; i++)
        {
            var seed = input.Bytes(Kem.SeedLength);
            var key = Kem.PublicOf(seed);
            output.BlockUpdate(key);
            Assert.True(Kem.TryEncapsulate(key, input, out var ciphertext, out var secret));
            output.BlockUpdate(ciphertext);
            output.BlockUpdate(secret);
            Assert.Equal(secret, Kem.Decapsulate(seed, ciphertext));
            output.BlockUpdate(Kem.Decapsulate(seed, input.Bytes(Kem.CiphertextLength)));
        }

        var hash = new byte[32];
        output.OutputFinal(hash);
        Assert.Equal(Hex(expected), hash);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static byte[] Filled(byte value, int count) => Enumerable.Repeat(value, count).ToArray();

    private sealed class ShakeRandom : RandomSource
    {
        private readonly ShakeDigest _shake = new(128);

        public override void Fill(Span<byte> destination) => _shake.Output(destination);
    }
}
