using System.Security.Cryptography;
using System.Text;
using Dapari.Node.Shares;
using Xunit;

namespace Dapari.Node.Tests.Shares;

/// <summary>What follows from a link's secret, against the vector in docs/protocol/shares.md, and against forgers.</summary>
public sealed class ShareKeysTests
{
    private static readonly byte[] Visit = [.. Enumerable.Repeat((byte)7, ShareKeys.VisitBytes)];

    [Fact]
    public void The_vector_of_the_protocol_comes_out()
    {
        byte[] publicKey = [4, .. Enumerable.Range(1, 64).Select(i => (byte)i)];
        var secret = ShareKeys.SecretOf(publicKey);
        Assert.Equal("0503fac52899df67b2bd1145b9e66c0b", Convert.ToHexStringLower(secret));
        using var keys = new ShareKeys(secret);
        Assert.Equal("6faa3956fec9e0905aab807a21b215dc", Convert.ToHexStringLower(keys.Id));
        // The keys themselves stay inside: what they seal is opened here with the vector's.
        foreach (var (fromSender, key) in ((bool, string)[])[(false, "35174ee097d1fb1158b1fd6eb56a6e6b8be0e684598a80465be79b86edddd6a9"), (true, "c7a3cbbcbd52a0e7813a3497257ae242b0640c03be880fb8075ea5b22d4fa79d")])
        {
            var box = keys.Seal(fromSender, Visit, "word"u8);
            var plain = new byte[4];
            using var aes = new AesGcm(Convert.FromHexString(key), 16);
            aes.Decrypt(box.AsSpan(0, 12), box.AsSpan(12, 4), box.AsSpan(16), plain, (byte[])[.. "dapari share signal v1\0"u8, .. keys.Id, .. Visit]);
            Assert.Equal("word"u8.ToArray(), plain);
        }
    }

    [Fact]
    public void What_is_sealed_is_opened_only_for_its_visit_by_the_other_end_and_unchanged()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var keys = new ShareKeys(ShareKeys.SecretOf(ShareKeys.Export(key)));
        using var others = new ShareKeys(new byte[16]);
        var box = keys.Seal(fromSender: true, Visit, "word"u8);
        Assert.Equal("word"u8.ToArray(), keys.Open(fromSender: true, Visit, box));
        Assert.Null(keys.Open(fromSender: false, Visit, box));
        Assert.Null(keys.Open(fromSender: true, new byte[ShareKeys.VisitBytes], box));
        Assert.Null(others.Open(fromSender: true, Visit, box));
        for (var length = 0; length < box.Length; length++)
            Assert.Null(keys.Open(fromSender: true, Visit, box.AsSpan(0, length)));
        for (var at = 0; at < box.Length; at++)
        {
            box[at] ^= 1;
            Assert.Null(keys.Open(fromSender: true, Visit, box));
            box[at] ^= 1;
        }
    }

    [Fact]
    public void An_offer_is_genuine_only_by_the_links_maker_for_this_visit()
    {
        using var maker = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var forger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = ShareKeys.Export(maker);
        using var keys = new ShareKeys(ShareKeys.SecretOf(publicKey));
        var signature = maker.SignData(ShareKeys.Signed(Visit, "sdp"), HashAlgorithmName.SHA256);
        Assert.True(keys.IsGenuine(Visit, "sdp", publicKey, signature));
        Assert.False(keys.IsGenuine(Visit, "sdp2", publicKey, signature));
        Assert.False(keys.IsGenuine(new byte[16], "sdp", publicKey, signature));
        var forged = forger.SignData(ShareKeys.Signed(Visit, "sdp"), HashAlgorithmName.SHA256);
        Assert.False(keys.IsGenuine(Visit, "sdp", publicKey, forged));
        Assert.False(keys.IsGenuine(Visit, "sdp", ShareKeys.Export(forger), forged));
        Assert.False(keys.IsGenuine(Visit, "sdp", publicKey.AsSpan(0, 64), signature));
        Assert.False(keys.IsGenuine(Visit, "sdp", publicKey, signature.AsSpan(0, 63)));
        // A key whose hash is right and that is no point of the curve.
        byte[] nonsense = [4, .. Enumerable.Range(1, 64).Select(i => (byte)i)];
        using var lured = new ShareKeys(ShareKeys.SecretOf(nonsense));
        Assert.False(lured.IsGenuine(Visit, "sdp", nonsense, signature));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"kind\":null}")]
    [InlineData("{\"kind\":5}")]
    [InlineData("{\"kind\":\"files\",\"files\":[null]}")]
    [InlineData("{\"kind\":\"files\",\"files\":[{\"name\":null,\"type\":\"\",\"size\":1,\"root\":\"\"}]}")]
    [InlineData("{\"kind\":\"want\",\"item\":1e99}")]
    [InlineData("{\"kind\":\"want\",\"first\":-1}")]
    [InlineData("{\"kind\":\"hello\"")]
    public void What_is_no_word_is_none(string text) => Assert.Null(ShareWord.TryRead(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Words_read_back_and_no_bytes_make_them_throw()
    {
        var word = new ShareWord("want") { Item = 3, First = 5, Count = 64, Pages = true };
        Assert.Equal(word, ShareWord.TryRead(word.Write()));
        const int Seed = 20261123;
        var random = new Random(Seed);
        var good = new ShareWord("files") { Version = 1, From = "Änne", Files = [new ShareFile("a.txt", "text/plain", 5, new string('0', 64))] }.Write();
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = good.ToArray();
            for (var change = random.Next(1, 8); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            _ = ShareWord.TryRead(bytes.AsSpan(0, random.Next(bytes.Length + 1)))?.ToSignal();
        }

        Assert.Null(ShareWord.TryRead(Encoding.UTF8.GetBytes("{\"kind\":\"" + new string('x', ShareWord.MostBytes) + "\"}")));
    }
}
