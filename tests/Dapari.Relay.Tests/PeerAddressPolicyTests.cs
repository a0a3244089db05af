using Dapari.Relay.Peers;
using Dapari.Rtc;
using Xunit;

namespace Dapari.Relay.Tests;

public sealed class PeerAddressPolicyTests
{
    private static readonly PeerAddressPolicy Strict = new([], [], [World.At("9.9.9.1:0"), World.At("[2a00::1]:0")]);

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("192.169.0.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2a00:1450:4001:800::200e")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2600::")]
    public void Global_unicast_is_allowed(string address) => Assert.Equal(PeerVerdict.Allowed, Strict.Judge(At(address)));

    [Theory]
    [InlineData("0.0.0.0", PeerVerdict.Unspecified)]
    [InlineData("0.1.2.3", PeerVerdict.Unspecified)]
    [InlineData("10.0.0.1", PeerVerdict.Private)]
    [InlineData("10.255.255.255", PeerVerdict.Private)]
    [InlineData("100.64.0.1", PeerVerdict.CarrierNat)]
    [InlineData("100.127.255.255", PeerVerdict.CarrierNat)]
    [InlineData("127.0.0.1", PeerVerdict.Loopback)]
    [InlineData("127.255.255.254", PeerVerdict.Loopback)]
    [InlineData("169.254.169.254", PeerVerdict.LinkLocal)]
    [InlineData("172.16.0.1", PeerVerdict.Private)]
    [InlineData("172.31.255.255", PeerVerdict.Private)]
    [InlineData("192.0.0.1", PeerVerdict.Special)]
    [InlineData("192.0.2.1", PeerVerdict.Special)]
    [InlineData("192.88.99.1", PeerVerdict.Special)]
    [InlineData("192.168.1.1", PeerVerdict.Private)]
    [InlineData("198.18.0.1", PeerVerdict.Special)]
    [InlineData("198.51.100.1", PeerVerdict.Special)]
    [InlineData("203.0.113.1", PeerVerdict.Special)]
    [InlineData("224.0.0.1", PeerVerdict.Multicast)]
    [InlineData("239.255.255.255", PeerVerdict.Multicast)]
    [InlineData("240.0.0.1", PeerVerdict.Reserved)]
    [InlineData("255.255.255.255", PeerVerdict.Reserved)]
    [InlineData("9.9.9.1", PeerVerdict.Own)]
    [InlineData("::", PeerVerdict.Unspecified)]
    [InlineData("::1", PeerVerdict.Loopback)]
    [InlineData("::127.0.0.1", PeerVerdict.Translated)]
    [InlineData("::8.8.8.8", PeerVerdict.Translated)]
    [InlineData("::ffff:127.0.0.1", PeerVerdict.Translated)]
    [InlineData("::ffff:8.8.8.8", PeerVerdict.Translated)]
    [InlineData("::ffff:0:127.0.0.1", PeerVerdict.Translated)]
    [InlineData("64:ff9b::127.0.0.1", PeerVerdict.Translated)]
    [InlineData("64:ff9b::8.8.8.8", PeerVerdict.Translated)]
    [InlineData("64:ff9b:1::1", PeerVerdict.Translated)]
    [InlineData("64:ff9b:1:7f00:0:100::", PeerVerdict.Translated)]
    [InlineData("100::1", PeerVerdict.Special)]
    [InlineData("2001::1", PeerVerdict.Translated)]
    [InlineData("2001:0:53aa:64c:1:2:80ff:fffe", PeerVerdict.Translated)]
    [InlineData("2001:2::1", PeerVerdict.Special)]
    [InlineData("2001:10::1", PeerVerdict.Special)]
    [InlineData("2001:20::1", PeerVerdict.Special)]
    [InlineData("2001:db8::1", PeerVerdict.Special)]
    [InlineData("2002:7f00:1::1", PeerVerdict.Translated)]
    [InlineData("2002:808:808::1", PeerVerdict.Translated)]
    [InlineData("2a00::5efe:7f00:1", PeerVerdict.Translated)]
    [InlineData("2a00::200:5efe:7f00:1", PeerVerdict.Translated)]
    [InlineData("3fff::1", PeerVerdict.Special)]
    [InlineData("3ffe::1", PeerVerdict.Special)]
    [InlineData("4000::1", PeerVerdict.Reserved)]
    [InlineData("5f00::1", PeerVerdict.Special)]
    [InlineData("1000::1", PeerVerdict.Reserved)]
    [InlineData("fc00::1", PeerVerdict.Private)]
    [InlineData("fdff::1", PeerVerdict.Private)]
    [InlineData("fe80::1", PeerVerdict.LinkLocal)]
    [InlineData("fec0::1", PeerVerdict.Private)]
    [InlineData("ff02::1", PeerVerdict.Multicast)]
    [InlineData("2a00::1", PeerVerdict.Own)]
    public void All_else_is_refused_and_says_why(string address, PeerVerdict verdict) => Assert.Equal(verdict, Strict.Judge(At(address)));

    [Fact]
    public void No_address_is_refused() => Assert.Equal(PeerVerdict.None, Strict.Judge(default));

    [Fact]
    public void Configured_ranges_allow_what_is_refused_and_nothing_beside_it()
    {
        var policy = new PeerAddressPolicy(World.Ranges("192.168.7.0/24", "127.0.0.1", "::1", "9.9.9.1/32"), [], [At("9.9.9.1"), At("9.9.9.2")]);
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At("192.168.7.255")));
        Assert.Equal(PeerVerdict.Private, policy.Judge(At("192.168.8.0")));
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At("127.0.0.1")));
        Assert.Equal(PeerVerdict.Loopback, policy.Judge(At("127.0.0.2")));
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At("::1")));
        Assert.Equal(PeerVerdict.Translated, policy.Judge(At("::ffff:127.0.0.1")));
        Assert.Equal(PeerVerdict.Translated, policy.Judge(At("::ffff:192.168.7.1")));
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At("9.9.9.1")));
        Assert.Equal(PeerVerdict.Own, policy.Judge(At("9.9.9.2")));
    }

    [Theory]
    [InlineData("64:ff9b::/96", "64:ff9b::8.8.8.8", "64:ff9b::127.0.0.1", PeerVerdict.Loopback)]
    [InlineData("64:ff9b::/96", "64:ff9b::1.1.1.1", "64:ff9b::9.9.9.1", PeerVerdict.Own)]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1:808:8:800::", "64:ff9b:1:7f00:0:100::", PeerVerdict.Loopback)]
    [InlineData("2002::/16", "2002:808:808::1", "2002:a00:1::1", PeerVerdict.Private)]
    [InlineData("2001::/32", "2001:0:53aa:64c:1:2:f7f7:f7f7", "2001:0:53aa:64c:1:2:80ff:fffe", PeerVerdict.Loopback)]
    [InlineData("::/96", "::8.8.8.8", "::10.0.0.1", PeerVerdict.Private)]
    [InlineData("2a00::/16", "2a00::5efe:808:808", "2a00::5efe:a00:1", PeerVerdict.Private)]
    public void Allowing_a_translators_prefix_does_not_open_the_way_to_what_is_behind_it(string range, string good, string bad, PeerVerdict verdict)
    {
        var policy = new PeerAddressPolicy(World.Ranges(range), [], [At("9.9.9.1")]);
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At(good)));
        Assert.Equal(verdict, policy.Judge(At(bad)));
    }

    [Fact]
    public void What_is_refused_by_configuration_stays_refused()
    {
        var policy = new PeerAddressPolicy(World.Ranges("10.0.0.0/8"), World.Ranges("10.1.0.0/16", "8.8.8.8"), []);
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(At("10.2.0.1")));
        Assert.Equal(PeerVerdict.Configured, policy.Judge(At("10.1.0.1")));
        Assert.Equal(PeerVerdict.Configured, policy.Judge(At("8.8.8.8")));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.0.1", "11.0.0.0")]
    [InlineData("0.0.0.0/0", "255.1.2.3", "::1")]
    [InlineData("::/0", "ffff::", "1.2.3.4")]
    [InlineData("2a00:1:2:3:8000::/65", "2a00:1:2:3:ffff::", "2a00:1:2:3:7fff::")]
    [InlineData("2a00::/12", "2a0f:ffff::", "2a10::")]
    [InlineData("1.2.3.4", "1.2.3.4", "1.2.3.5")]
    public void A_range_contains_its_own(string range, string inside, string outside)
    {
        Assert.True(IpRange.Parse(range).Contains(At(inside)));
        Assert.False(IpRange.Parse(range).Contains(At(outside)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.1/8")]
    [InlineData("10")]
    [InlineData("::/129")]
    [InlineData("2a00::1/64")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("::ffff:10.0.0.0/104")]
    [InlineData("host/8")]
    public void Other_text_is_no_range(string? text) => Assert.False(IpRange.TryParse(text, out _));

    private static Endpoint At(string address) => Endpoint.From(System.Net.IPAddress.Parse(address), 5000);
}
