using System.Security.Cryptography;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class BlobTokenTests
{
    [Fact]
    public void A_token_reads_back_from_bytes_and_text_and_is_never_printed()
    {
        var bytes = RandomSource.System.Bytes(BlobToken.Length);
        Assert.True(BlobToken.TryRead(bytes, out var token));
        Assert.Equal(BlobToken.TextLength, token.ToText().Length);
        Assert.True(BlobToken.TryRead(token.ToText(), out var again));
        Assert.Equal(bytes, again.ToByteString().ToByteArray());
        Assert.Equal(SHA256.HashData(bytes), again.Hash());
        Assert.Equal("[redacted]", token.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] // 42
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] // 44
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAA")]
    public void Other_texts_are_no_token(string text) => Assert.False(BlobToken.TryRead(text, out _));

    [Fact]
    public void An_id_is_read_from_lower_case_hexadecimal_only()
    {
        var id = BlobId.Random(RandomSource.System);
        Assert.True(BlobId.TryRead(id.ToString(), out var read));
        Assert.Equal(id, read);
        foreach (var text in new[] { "", "ab", new string('A', 32), new string('g', 32), new string('a', 31), new string('a', 33), new string('\u0661', 32), "../" + new string('a', 29) })
            Assert.False(BlobId.TryRead(text, out _));
    }
}
