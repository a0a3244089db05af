using CsCheck;
using Xunit;

namespace Dapari.Rtc.Tests;

public sealed class EndpointTests
{
    [Theory]
    [InlineData("1.2.3.4:5", 4)]
    [InlineData("[2001:db8::1]:65535", 6)]
    [InlineData("[::ffff:1.2.3.4]:5", 6)]
    public void Text_reads_as_written(string text, int family)
    {
        Assert.True(Endpoint.TryParse(text, out var endpoint));
        Assert.Equal(family, endpoint.Family);
        Assert.Equal(text, endpoint.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("host:5")]
    [InlineData("1.2.3.4:65536")]
    public void Other_text_is_refused(string? text) => Assert.False(Endpoint.TryParse(text, out _));

    [Fact]
    public void A_mapped_address_is_another_until_it_is_unmapped()
    {
        Assert.True(Endpoint.TryParse("[::ffff:1.2.3.4]:5", out var mapped));
        var plain = Endpoint.V4(0x01020304, 5);
        Assert.NotEqual(plain, mapped);
        Assert.False(plain.HasSameAddress(mapped));
        Assert.Equal(plain, mapped.Unmap());
        Assert.Equal(plain, plain.Unmap());
    }

    [Fact]
    public void Bytes_read_as_written() => Gen.Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.UShort).Sample((bytes, port) =>
    {
        var endpoint = Endpoint.FromBytes(bytes, port);
        var written = new byte[16];
        Assert.Equal(bytes.Length, endpoint.WriteAddress(written));
        Assert.Equal(bytes, written[..bytes.Length]);
        Assert.Equal(port, endpoint.Port);
        Assert.Equal(endpoint, Endpoint.From(endpoint.ToIPAddress(), port));
        Assert.Equal(1, endpoint.WithPort(1).Port);
        Assert.True(endpoint.HasSameAddress(endpoint.WithPort(1)));
    });

    [Fact]
    public void The_default_is_none()
    {
        Assert.True(default(Endpoint).IsNone);
        Assert.False(Endpoint.V4(0, 0).IsNone);
        Assert.Equal("none", default(Endpoint).ToString());
    }
}
