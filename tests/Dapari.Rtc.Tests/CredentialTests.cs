using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Rtc.Tests;

public sealed class CredentialTests
{
    // RFC 8489 §9.2.2's example.
    [Fact]
    public void The_long_term_key_of_the_example()
    {
        var key = StunCredentials.LongTermKey("user", "realm", "pass", PasswordAlgorithmId.Md5);
        Assert.Equal("8493FBC53BA582FB4C044C456BDC40EB", Convert.ToHexString(key!));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a b", "a b")]
    [InlineData("a\u00a0b", "a b")]
    [InlineData("a\u3000b", "a b")]
    [InlineData("マトリックス", "マトリックス")]
    [InlineData("pass\U0001F511", "pass\U0001F511")]
    public void A_text_is_prepared(string text, string expected)
    {
        Assert.True(OpaqueString.TryPrepare(text, out var prepared));
        Assert.Equal(expected, prepared);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("a\tb")]
    [InlineData("a\u007fb")]
    [InlineData("a\u00adb")]
    [InlineData("a\u200bb")]
    [InlineData("a\u2028b")]
    [InlineData("a\ue000b")]
    [InlineData("a\ufe0fb")]
    public void A_text_with_what_may_not_be_in_it_is_refused(string text) => Assert.False(OpaqueString.TryPrepare(text, out _));

    [Fact]
    public void A_lone_surrogate_is_refused() => Assert.False(OpaqueString.TryPrepare("a\ud800b", out _));
}
