using Dapari.Peer.Calls;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls;

public sealed class SdpCheckTests
{
    private const string Fingerprint =
        "a=fingerprint:sha-256 49:66:12:17:0D:1C:91:AE:57:4C:C6:36:DD:D5:97:D2:7D:62:C9:9A:7F:B9:A3:F4:70:03:E7:43:91:73:23:5E\r\n";

    private const string Head = "v=0\r\no=- 4962303333179871722 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n";
    private const string Audio = "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:ETEn\r\na=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\na=setup:actpass\r\n";
    private const string Video = "m=video 9 UDP/TLS/RTP/SAVPF 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:97 VP8/90000\r\n";

    [Theory]
    [InlineData(Head + Fingerprint + Audio + Video)]
    [InlineData(Head + Audio + Fingerprint + Video + Fingerprint)]
    public void A_browsers_description_is_read(string sdp)
    {
        Assert.True(SdpCheck.TryRead(sdp, out var fingerprint, out var fault));
        Assert.Equal(SdpFault.None, fault);
        Assert.Equal("496612170D1C91AE574CC636DDD597D27D62C99A7FB9A3F47003E7439173235E", Convert.ToHexString(fingerprint));
        Assert.True(SdpCheck.TryRead(sdp.Replace("\r\n", "\n", StringComparison.Ordinal), out var again, out _));
        Assert.Equal(fingerprint, again);
    }

    [Theory]
    [InlineData("", SdpFault.Media)]
    [InlineData("v=0", SdpFault.Media)]
    [InlineData("v=1\r\n", SdpFault.Malformed)]
    [InlineData("hello", SdpFault.Malformed)]
    [InlineData(Head + Audio, SdpFault.Fingerprint)]
    [InlineData(Head + Fingerprint, SdpFault.Media)]
    [InlineData(Head + Audio + Fingerprint + "\r\n", SdpFault.Malformed)]
    [InlineData(Head + Audio + Fingerprint + "a=x\u0001y\r\n", SdpFault.Malformed)]
    [InlineData(Head + Audio + Fingerprint + "a=x\u00e9\r\n", SdpFault.Malformed)]
    [InlineData(Head + Audio + Fingerprint + "m=message 2855 TCP/MSRP *\r\n", SdpFault.Media)]
    [InlineData(Head + Audio + Fingerprint + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", SdpFault.Fingerprint)]
    [InlineData(Head + Audio + "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n", SdpFault.Fingerprint)]
    [InlineData(Head + Audio + Fingerprint + "a=fingerprint:sha-256 00:11\r\n", SdpFault.Fingerprint)]
    [InlineData(Head + Audio + Fingerprint + "a=candidate:1 1 udp\r\n", SdpFault.Candidates)]
    public void What_is_none_is_refused_with_its_reason(string sdp, SdpFault expected)
    {
        Assert.False(SdpCheck.TryRead(sdp, out var fingerprint, out var fault));
        Assert.Null(fingerprint);
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Two_certificates_in_one_description_are_refused()
    {
        var sdp = Head + Audio + Fingerprint + Video + Fingerprint.Replace("49:66", "49:67", StringComparison.Ordinal);
        Assert.False(SdpCheck.TryRead(sdp, out _, out var fault));
        Assert.Equal(SdpFault.Fingerprint, fault);
    }

    [Fact]
    public void Its_size_is_bounded_in_every_way()
    {
        const string good = Head + Audio + Fingerprint;
        foreach (var (sdp, expected) in new[]
        {
            (good + "a=" + new string('x', SdpCheck.MaxLineLength) + "\r\n", SdpFault.TooLarge),
            (good + string.Concat(Enumerable.Repeat("a=x\r\n", SdpCheck.MaxLines)), SdpFault.TooLarge),
            (good + string.Concat(Enumerable.Repeat("a=" + new string('x', 1_000) + "\r\n", 20)), SdpFault.TooLarge),
            (good + string.Concat(Enumerable.Repeat(Video, SdpCheck.MaxMedia)), SdpFault.Media),
            (good + string.Concat(Enumerable.Repeat("a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n", SdpCheck.MaxCandidates + 1)), SdpFault.Candidates),
        })
        {
            Assert.False(SdpCheck.TryRead(sdp, out _, out var fault));
            Assert.Equal(expected, fault);
        }
    }

    [Fact]
    public void Whatever_is_changed_it_gives_a_reason_and_never_throws()
    {
        var random = new SeededRandom(3);
        var sdp = (Head + Audio + Fingerprint + Video).ToCharArray();
        for (var i = 0; i < 20_000; i++)
        {
            var changed = (char[])sdp.Clone();
            var where = BitConverter.ToUInt32(random.Bytes(4)) % (uint)changed.Length;
            changed[where] = (char)random.Bytes(1)[0];
            if (SdpCheck.TryRead(new string(changed), out var fingerprint, out var fault))
                Assert.Equal(32, fingerprint.Length);
            else
                Assert.NotEqual(SdpFault.None, fault);
        }
    }

    [Fact]
    public void Hidden_addresses_do_not_leave_inside_a_description()
    {
        var sdp = FakeMedia.Sdp("x") + "a=candidate:1 1 udp 1 10.0.0.7 4000 typ host\r\n"
            + "a=candidate:2 1 udp 1 203.0.113.5 4000 typ relay raddr 10.0.0.7 rport 4000\r\n";
        var sent = CandidateRules.Outgoing(new Signal { OfferSdp = sdp }, Policy.ServerOnly)!.OfferSdp;
        Assert.DoesNotContain("10.0.0.7", sent, StringComparison.Ordinal);
        Assert.Contains("203.0.113.5 4000 typ relay raddr 0.0.0.0 rport 0", sent, StringComparison.Ordinal);
        Assert.True(SdpCheck.TryRead(sent, out _, out _));
        Assert.Equal(sdp, CandidateRules.Outgoing(new Signal { OfferSdp = sdp }, Policy.Automatic)!.OfferSdp);
        var taken = CandidateRules.Incoming(new Signal { AnswerSdp = sdp }, Policy.DirectOnly)!.AnswerSdp;
        Assert.DoesNotContain("relay", taken, StringComparison.Ordinal);
        Assert.Contains("10.0.0.7", taken, StringComparison.Ordinal);
    }
}
