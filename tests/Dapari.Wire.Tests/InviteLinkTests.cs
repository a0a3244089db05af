using CsCheck;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class InviteLinkTests
{
    [Fact]
    public void Links_read_back() =>
        Gen.Byte.Array[WireLimits.InviteSecretBytes].Sample(secret =>
        {
            Assert.True(Origin.TryParse("https://chat.example.org:8443", out var origin));
            var link = InviteLink.Format(origin, secret);
            Assert.StartsWith("https://chat.example.org:8443/i#", link, StringComparison.Ordinal);
            Assert.True(InviteLink.TryParse(link, out var readOrigin, out var readSecret, out var fault));
            Assert.Equal(origin, readOrigin);
            Assert.Equal(secret, readSecret);
            Assert.Equal(InviteLinkFault.None, fault);
        });

    [Theory]
    [InlineData("  https://example.org/i#AAECAwQFBgcICQoLDA0ODw\n")]
    [InlineData("https://example.org/i/#AAECAwQFBgcICQoLDA0ODw")]
    [InlineData("HTTPS://EXAMPLE.ORG/i#AAECAwQFBgcICQoLDA0ODw")]
    [InlineData("https://example.org:443/i?profile=bob#AAECAwQFBgcICQoLDA0ODw")]
    public void Links_as_people_paste_them(string text)
    {
        Assert.True(InviteLink.TryParse(text, out var origin, out var secret, out _));
        Assert.Equal("https://example.org", origin.Value);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (byte)i), secret);
    }

    [Fact]
    public void A_secret_of_another_length_is_a_bug()
    {
        Assert.True(Origin.TryParse("https://example.org", out var origin));
        Assert.Throws<ArgumentException>(() => InviteLink.Format(origin, new byte[15]));
    }

    [Fact]
    public void Whatever_is_read_is_written_as_a_link_that_reads_the_same() =>
        Gen.Char["iAgQwz09-_AgQwiz09-_+="].Array[21, 23].Sample(letters =>
        {
            var text = "https://a.b/i#" + new string(letters);
            if (InviteLink.TryParse(text, out var origin, out var secret, out var fault))
                Assert.Equal(text, InviteLink.Format(origin, secret));
            else
                Assert.Equal(InviteLinkFault.Secret, fault);
        });
}
