using CsCheck;
using Dapari.Rtc.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Ice;

public sealed class IceCandidateTests
{
    // The examples of RFC 8839 §5.1, of RFC 8838, and what Chromium writes.
    [Theory]
    [InlineData("candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host", "203.0.113.141:8998", CandidateType.Host)]
    [InlineData("a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998\r\n", "192.0.2.3:45664", CandidateType.ServerReflexive)]
    [InlineData("candidate:1 1 UDP 2130706431 2001:db8::8:800:200c:417a 8998 typ host", "[2001:db8::8:800:200c:417a]:8998", CandidateType.Host)]
    [InlineData("candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag EEtu network-id 3 network-cost 10", "198.51.100.7:46154", CandidateType.ServerReflexive)]
    public void Lines_of_the_field_are_read(string line, string address, CandidateType type)
    {
        Assert.True(IceCandidate.TryParse(line, out var candidate));
        Assert.Equal((address, type), (candidate.Address.ToString(), candidate.Type));
        Assert.True(IceCandidate.TryParse(candidate.ToString(), out var again));
        Assert.Equal((candidate.Foundation, candidate.Priority, candidate.Address, candidate.Fragment), (again.Foundation, again.Priority, again.Address, again.Fragment));
    }

    // RFC 6544 §4.5, and what Chromium writes.
    [Theory]
    [InlineData("candidate:1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active", "192.0.2.1:9/tcp", IceTcpType.Active)]
    [InlineData("candidate:2 1 TCP 2124414975 192.0.2.1 49688 typ host tcptype passive", "192.0.2.1:49688/tcp", IceTcpType.Passive)]
    [InlineData("candidate:1510613869 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active generation 0 ufrag EEtu network-cost 999", "192.168.1.7:9/tcp", IceTcpType.Active)]
    public void Ends_of_tcp_are_read(string line, string address, IceTcpType tcp)
    {
        Assert.True(IceCandidate.TryParse(line, out var candidate));
        Assert.Equal((address, tcp, CandidateType.Host), (candidate.Address.ToString(), candidate.Tcp, candidate.Type));
        Assert.True(IceCandidate.TryParse(candidate.ToString(), out var again));
        Assert.Equal(candidate, again);
        Assert.True(IceCandidate.TryParse("candidate:1 1 tcp 1 4fb3f1b2-0d2c-4a8e-9d0b-3c1b2a0d1e2f.local 4000 typ host tcptype passive", out var named));
        Assert.Equal("10.0.0.1:4000/tcp", named.Resolved(Endpoint.V4(0x0A000001, 0)).Address.ToString());
    }

    [Fact]
    public void A_name_of_the_local_network_waits_to_be_resolved()
    {
        Assert.True(IceCandidate.TryParse("candidate:1 1 udp 2113937151 4fb3f1b2-0d2c-4a8e-9d0b-3C1b2a0d1e2f.local 51473 typ host ufrag abcd", out var candidate));
        Assert.Equal(("4fb3f1b2-0d2c-4a8e-9d0b-3c1b2a0d1e2f.local", (ushort)51473, true), (candidate.Name, candidate.NamePort, candidate.Address.IsNone));
        var found = candidate.Resolved(Endpoint.V4(0x0A000001, 0));
        Assert.Equal(("10.0.0.1:51473", null), (found.Address.ToString(), found.Name));
        Assert.True(IceCandidate.TryParse(candidate.ToString(), out var again));
        Assert.Equal(candidate.Name, again.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("candidate:")]
    [InlineData("candidate:1 2 udp 1 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 tcp 1 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 tcp 1 1.2.3.4 5 typ host tcptype so")]
    [InlineData("candidate:1 1 udp 1 1.2.3.4 5 typ host tcptype active")]
    [InlineData("candidate:1 1 sctp 1 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 udp 0 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 udp 2147483648 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 udp 1 1.2.3.4 0 typ host")]
    [InlineData("candidate:1 1 udp 1 1.2.3.4 65536 typ host")]
    [InlineData("candidate:1 1 udp 1 1.2.3 5 typ host")]
    [InlineData("candidate:1 1 udp 1 0x7f.0.0.1 5 typ host")]
    [InlineData("candidate:1 1 udp 1 [::1] 5 typ host")]
    [InlineData("candidate:1 1 udp 1 fe80::1%eth0 5 typ host")]
    [InlineData("candidate:1 1 udp 1 example.com 5 typ host")]
    [InlineData("candidate:1 1 udp 1 a b.local 5 typ host")]
    [InlineData("candidate:1 1 udp 1 evil..local 5 typ host")]
    [InlineData("candidate:1 1 udp 1 x.local 5 typ srflx")]
    [InlineData("candidate:1 1 udp 1 1.2.3.4 5 typ tunnel")]
    [InlineData("candidate:12345678901234567890123456789012x 1 udp 1 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 udp +1 1.2.3.4 5 typ host")]
    [InlineData("candidate:1 1 udp 1 1.2.3.4 5 typ srflx raddr 1.2.3.4 rport 70000")]
    public void What_is_no_candidate_is_refused(string line) => Assert.False(IceCandidate.TryParse(line, out _));

    [Fact]
    public void Any_text_is_judged_without_a_fault() => Gen.String.Sample(text =>
    {
        _ = IceCandidate.TryParse(text, out _);
        if (IceCandidate.TryParse("candidate:" + text, out var candidate))
            Assert.True(IceCandidate.TryParse(candidate.ToString(), out _));
    });

    // RFC 8445 §5.1.2.1, §6.1.2.3.
    [Fact]
    public void Priorities_are_as_the_formulas_have_them()
    {
        Assert.Equal(2130706431u, CandidatePriority.Of(CandidateType.Host, 65535));
        Assert.Equal(1694498815u, CandidatePriority.Of(CandidateType.ServerReflexive, 65535));
        Assert.Equal(16777215u, CandidatePriority.Of(CandidateType.Relayed, 65535));
        // RFC 6544 §4.2: above the relays, below what is direct by UDP, and who connects above who listens.
        Assert.Equal((90u << 24) | (0xDFFFu << 8) | 255, CandidatePriority.Of(CandidateType.Host, 65535, IceTcpType.Active));
        Assert.Equal((90u << 24) | (0x9FFFu << 8) | 255, CandidatePriority.Of(CandidateType.Host, 65535, IceTcpType.Passive));
        Assert.InRange(CandidatePriority.Of(CandidateType.Host, 65535, IceTcpType.Active), 16777215u, 1694498815u);
        Assert.Equal((1694498815UL << 32) + (2 * 2130706431UL) + 1, CandidatePriority.OfPair(2130706431, 1694498815));
        Assert.Equal((1694498815UL << 32) + (2 * 2130706431UL), CandidatePriority.OfPair(1694498815, 2130706431));
    }

    [Theory]
    [InlineData("abc", "0123456789012345678901", false)]
    [InlineData("abcd", "012345678901234567890", false)]
    [InlineData("abcd", "0123456789012345678901", true)]
    [InlineData("ab d", "0123456789012345678901", false)]
    [InlineData(null, "0123456789012345678901", false)]
    public void Names_and_passwords_are_judged(string? fragment, string password, bool good) => Assert.Equal(good, IceCredentials.TryRead(fragment, password, out _));
}
