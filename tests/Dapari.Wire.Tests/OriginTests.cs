using CsCheck;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class OriginTests
{
    [Theory]
    [InlineData("https://example.org", "https://example.org", "example.org", "wss://example.org/ws")]
    [InlineData("HTTPS://Example.ORG:443/", "https://example.org", "example.org", "wss://example.org/ws")]
    [InlineData("https://example.org:8443", "https://example.org:8443", "example.org:8443", "wss://example.org:8443/ws")]
    [InlineData("https://192.0.2.7", "https://192.0.2.7", "192.0.2.7", "wss://192.0.2.7/ws")]
    [InlineData("https://[2001:DB8:0:0::1]:444", "https://[2001:db8::1]:444", "[2001:db8::1]:444", "wss://[2001:db8::1]:444/ws")]
    [InlineData("http://localhost:5000", "http://localhost:5000", "localhost:5000", "ws://localhost:5000/ws")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1", "ws://127.0.0.1/ws")]
    [InlineData("http://alice.localhost", "http://alice.localhost", "alice.localhost", "ws://alice.localhost/ws")]
    [InlineData("http://192.168.1.9:8080", "http://192.168.1.9:8080", "192.168.1.9:8080", "ws://192.168.1.9:8080/ws")]
    [InlineData("http://172.31.0.1", "http://172.31.0.1", "172.31.0.1", "ws://172.31.0.1/ws")]
    [InlineData("http://[::1]:5000", "http://[::1]:5000", "[::1]:5000", "ws://[::1]:5000/ws")]
    [InlineData("http://[fd00::1]", "http://[fd00::1]", "[fd00::1]", "ws://[fd00::1]/ws")]
    [InlineData("http://box.local", "http://box.local", "box.local", "ws://box.local/ws")]
    [InlineData("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example", "wss://xn--bcher-kva.example/ws")]
    public void Origins_have_one_normal_form(string text, string value, string host, string socket)
    {
        Assert.True(Origin.TryParse(text, out var origin));
        Assert.Equal(value, origin.Value);
        Assert.Equal(value, origin.ToString());
        Assert.Equal(host, origin.Host);
        Assert.Equal(socket, origin.WebSocketUrl);
        Assert.True(Origin.IsNormal(value));
        Assert.Equal(text == value, Origin.IsNormal(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("https://")]
    [InlineData("https:///")]
    [InlineData("https://example.org//")]
    [InlineData("https://example.org/path")]
    [InlineData("https://example.org?x")]
    [InlineData("https://example.org#x")]
    [InlineData("https://a b")]
    [InlineData(" https://example.org")]
    [InlineData("wss://example.org")]
    [InlineData("http://example.org")]
    [InlineData("http://172.32.0.1")]
    [InlineData("http://11.0.0.1")]
    [InlineData("http://[::ffff:8.8.8.8]")]
    [InlineData("https://[::1]x")]
    [InlineData("https://[]")]
    public void What_is_no_origin_is_refused(string? text) => Assert.False(Origin.TryParse(text, out _));

    [Fact]
    public void The_longest_origin_is_read_and_one_letter_more_is_not()
    {
        var label = new string('a', 59);
        var host = string.Join('.', label, label, label, label) + ".abcdefg";
        Assert.Equal(247, host.Length);
        Assert.True(Origin.TryParse("https://" + host, out var origin));
        Assert.Equal(WireLimits.OriginBytes, origin.Value.Length);
        Assert.False(Origin.TryParse("https://" + host + "h", out _));
    }

    [Fact]
    public void Whatever_is_read_is_normal_when_written() =>
        Gen.Char["htps:/.[]0123456789abcdefxA%@#?-_\\\u0430 "].Array[0, 24].Sample(letters =>
        {
            var text = "https://" + new string(letters);
            if (Origin.TryParse(text, out var origin))
                Assert.True(Origin.IsNormal(origin.Value), text);
        });
}
