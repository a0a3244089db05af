using CsCheck;
using Xunit;

namespace Dapari.Wire.Tests;

/// <summary>Links of shares, as they are pasted.</summary>
public sealed class ShareLinkTests
{
    [Fact]
    public void Links_read_back() => Gen.Byte.Array[ShareLink.SecretBytes].Sample(secret =>
    {
        Assert.True(Origin.TryParse("https://post.example:8443", out var origin));
        var link = ShareLink.Format(origin, secret);
        foreach (var pasted in (string[])[link, "  " + link + "\n", link.Replace("/s#", "/s/#", StringComparison.Ordinal), link.Replace("/s#", "/s?utm=1#", StringComparison.Ordinal)])
        {
            Assert.True(ShareLink.TryParse(pasted, out var host, out var read), pasted);
            Assert.Equal((origin.Value, Convert.ToHexString(secret)), (host.Value, Convert.ToHexString(read)));
        }
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("https://post.example/s")]
    [InlineData("https://post.example/s#")]
    [InlineData("https://post.example/s#AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("https://post.example/s#AAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("https://post.example/s#AAAAAAAAAAAAAAAAAAAAAB")]
    [InlineData("https://post.example/s#AAAAAAAAAA+AAAAAAAAAAA")]
    [InlineData("https://post.example/s#AAAAAAAAAA AAAAAAAAAAA")]
    [InlineData("https://post.example/i#AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("https://post.example/s/x#AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("https://user:secret@post.example/s#AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("javascript://post.example/s#AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("file:///s#AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("post.example/s#AAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_link_is_refused(string? text) => Assert.False(ShareLink.TryParse(text, out _, out _));

    [Fact]
    public void No_text_makes_it_throw_and_a_secret_has_one_link_only() => Gen.String.Sample(text =>
    {
        foreach (var tried in (string[])[text, "https://post.example/s#" + text, text + "://post.example/s#AAAAAAAAAAAAAAAAAAAAAA"])
        {
            if (!ShareLink.TryParse(tried, out var origin, out var secret))
                continue;
            Assert.EndsWith(tried.Trim()[(tried.Trim().IndexOf('#', StringComparison.Ordinal) + 1)..], ShareLink.Format(origin, secret), StringComparison.Ordinal);
        }
    });
}
