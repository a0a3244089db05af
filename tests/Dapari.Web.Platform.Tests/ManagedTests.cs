using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Web.Platform.Tests;

public sealed class ManagedTests
{
    [Theory]
    [InlineData("host||host||0.0004", Network.Same, 1u)]
    [InlineData("host||prflx||0.012", Network.Same, 12u)]
    [InlineData("host|192.168.1.4|prflx|192.168.1.5|0", Network.Same, 0u)]
    [InlineData("host|192.0.2.4|prflx|198.51.100.7|0.02", Network.Internet, 20u)]
    [InlineData("host|2001:db8:1::1|host|2001:db8:2::1|0.02", Network.Internet, 20u)]
    [InlineData("host|2001:db8:1::1|host|2001:db8:1::2|0.02", Network.Same, 20u)]
    [InlineData("srflx||host||0.02", Network.Internet, 20u)]
    [InlineData("relay||host||0.02", Network.Relayed, 20u)]
    [InlineData("host||relay||0.02", Network.Relayed, 20u)]
    [InlineData("", Network.Unspecified, 0u)]
    [InlineData("host||host", Network.Unspecified, 0u)]
    [InlineData("host||host||nonsense", Network.Same, 0u)]
    public void The_settled_pair_is_judged(string facts, Network network, uint roundTrip)
    {
        var read = PathFactsText.Read(facts);
        Assert.Equal(network, read.Network);
        Assert.Equal(roundTrip, read.RoundTripMs);
    }

    [Theory]
    [InlineData("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n", true)]
    [InlineData("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", false)]
    [InlineData("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", false)]
    [InlineData("v=0\r\n", false)]
    [InlineData("", false)]
    public void Only_a_data_channel_is_negotiated(string sdp, bool allowed) => Assert.Equal(allowed, SessionDescription.IsData(sdp));

    [Fact]
    public void A_description_has_a_longest_length() =>
        Assert.False(SessionDescription.IsData("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + new string('a', 16 * 1024)));

    [Fact]
    public void A_packed_list_comes_back()
    {
        ReadOnlyMemory<byte>[] parts = [new byte[] { 1, 2 }, ReadOnlyMemory<byte>.Empty, new byte[] { 3 }];
        var split = Pack.Split(Pack.Join(parts));
        Assert.Equal(parts.Select(part => part.ToArray()), split.Select(part => part.ToArray()));
    }
}
