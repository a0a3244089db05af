using Dapari.Rtc.Ice;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Sdp;
using Xunit;

namespace Dapari.Rtc.Tests.Peer;

/// <summary>What is told before there is a connection (SDP), and when a channel opens (RFC 8832).</summary>
public sealed class DescriptionTests
{
    // As Chromium writes it.
    private const string Offer = """
        v=0
        o=- 4611731400430051336 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0
        a=extmap-allow-mixed
        a=msid-semantic: WMS
        m=application 51473 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 203.0.113.141
        a=candidate:842163049 1 udp 1677729535 203.0.113.141 51473 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-cost 999
        a=candidate:1 1 udp 2113937151 4fb3f1b2-0d2c-4a8e-9d0b-3c1b2a0d1e2f.local 51473 typ host generation 0 network-cost 999
        a=candidate:2 1 tcp 1518280447 203.0.113.141 9 typ host tcptype active generation 0
        a=ice-ufrag:EEtu
        a=ice-pwd:0123456789012345678901
        a=ice-options:trickle
        a=fingerprint:sha-256 01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F:FF
        a=setup:actpass
        a=mid:data
        a=sctp-port:5000
        a=max-message-size:262144

        """;

    [Fact]
    public void A_browsers_offer_is_read()
    {
        Assert.True(SdpReader.TryRead(Offer.ReplaceLineEndings("\r\n"), out var read, out var fault), fault.ToString());
        Assert.Equal(("EEtu", SetupRole.ActPass, "data", 5000, 262_144L), (read.Ice.Fragment, read.Setup, read.Mid, read.SctpPort, read.MaxMessageSize));
        Assert.Equal(0xFF, read.Fingerprint.Bytes[^1]);
        Assert.Equal([false, true, false], read.Candidates.Select(candidate => candidate.Name is not null));
        Assert.Equal([IceTcpType.None, IceTcpType.None, IceTcpType.Active], read.Candidates.Select(candidate => candidate.Tcp));
        Assert.True(SdpReader.TryRead(SdpWriter.Write(read, 5, 1), out var again, out _));
        Assert.Equal(read with { Candidates = [] }, again with { Candidates = [] });
        Assert.Equal(read.Candidates, again.Candidates);
    }

    [Theory]
    [InlineData("v=0", "v=1", SdpFault.Malformed)]
    [InlineData("s=-", "nonsense", SdpFault.Malformed)]
    [InlineData("m=application 51473", "m=application 0", SdpFault.Media)]
    [InlineData("m=application 51473", "m=audio 51473", SdpFault.Media)]
    [InlineData("webrtc-datachannel", "webrtc-datachannel\nm=audio 9 UDP/TLS/RTP/SAVPF 111", SdpFault.Media)]
    [InlineData("a=ice-ufrag:EEtu", "a=ice-ufrag:E!tu", SdpFault.Ice)]
    [InlineData("a=ice-pwd:0123456789012345678901", "a=ice-pwd:short", SdpFault.Ice)]
    [InlineData(":1F:FF", ":1F", SdpFault.Fingerprint)]
    [InlineData("sha-256 01", "sha-1 01", SdpFault.Fingerprint)]
    [InlineData(":1F:FF", ":1F:FG", SdpFault.Fingerprint)]
    [InlineData("a=setup:actpass", "a=setup:holdconn", SdpFault.Setup)]
    [InlineData("a=setup:actpass", "a=x:y", SdpFault.Setup)]
    [InlineData("a=mid:data", "a=mid:d a", SdpFault.Malformed)]
    [InlineData("sctp-port:5000", "sctp-port:65536", SdpFault.Number)]
    [InlineData("sctp-port:5000", "sctp-port:0", SdpFault.Number)]
    [InlineData("max-message-size:262144", "max-message-size:-1", SdpFault.Number)]
    public void What_is_wrong_is_told(string part, string instead, SdpFault expected)
    {
        Assert.Contains(part, Offer, StringComparison.Ordinal);
        Assert.False(SdpReader.TryRead(Offer.Replace(part, instead, StringComparison.Ordinal), out _, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Texts_lines_and_candidates_have_caps()
    {
        Assert.False(SdpReader.TryRead(Offer + new string('\n', SdpReader.LongestText), out _, out var fault));
        Assert.Equal(SdpFault.TooLong, fault);
        Assert.False(SdpReader.TryRead(Offer + "a=x:" + new string('y', SdpReader.LongestLine), out _, out fault));
        Assert.Equal(SdpFault.TooLong, fault);
        Assert.False(SdpReader.TryRead(Offer + string.Concat(Enumerable.Repeat("a=x\n", SdpReader.MostLines)), out _, out fault));
        Assert.Equal(SdpFault.TooLong, fault);
        Assert.True(SdpReader.TryRead(Offer + string.Concat(Enumerable.Range(1, 200).Select(i => $"a=candidate:9 1 udp {i} 203.0.113.1 9 typ host\n")), out var read, out _));
        Assert.Equal(SdpReader.MostCandidates, read.Candidates.Count);
    }

    [Fact]
    public void An_opening_lies_as_the_standard_says()
    {
        // RFC 8832 §5.1.
        byte[] expected = [3, 0x81, 1, 0, 0, 0, 0, 3, 0, 2, 0, 1, (byte)'h', (byte)'i', (byte)'p'];
        var message = new OpenMessage("hi", "p", new ChannelReliability(MaxRetransmits: 3), false);
        Assert.Equal(expected, message.ToArray());
        Assert.True(OpenMessage.TryRead(expected, out var read));
        Assert.Equal(message, read);
        for (var length = 0; length < expected.Length; length++)
            Assert.False(OpenMessage.TryRead(expected.AsSpan(0, length), out _));
        Assert.False(OpenMessage.TryRead([.. expected, 0], out _));
        foreach (var (at, value) in new[] { (0, 2), (1, 0x83), (12, 0xFF) })
        {
            var wrong = expected.ToArray();
            wrong[at] = (byte)value;
            Assert.False(OpenMessage.TryRead(wrong, out _));
        }

        Assert.Throws<ArgumentException>(() => new OpenMessage(new string('x', OpenMessage.LongestName + 1), "", default, true).ToArray());
    }

    [Fact]
    public void A_fingerprint_reads_what_it_wrote()
    {
        var fingerprint = DtlsFingerprint.Of([1, 2, 3]);
        Assert.True(DtlsFingerprint.TryParse(fingerprint.ToString(), out var read));
        Assert.Equal(fingerprint, read);
        Assert.True(DtlsFingerprint.TryParse(fingerprint.ToString().ToLowerInvariant(), out read));
        Assert.Equal(fingerprint, read);
        Assert.False(DtlsFingerprint.TryParse(fingerprint.ToString().Replace(':', ' '), out _));
    }
}
