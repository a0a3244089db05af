using Dapari.Rtc.Mapping;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Mapping;

/// <summary>Bytes as RFC 6887 and RFC 6886 lay them.</summary>
public sealed class PcpTests
{
    private static readonly PcpNonce Nonce = new(0x0102_0304_0506_0708, 0x090A_0B0C);

    [Fact]
    public void A_request_of_PCP_lies_as_the_standard_says()
    {
        var request = new PcpMapRequest(MappingTransport.Udp, Endpoint.V4(0xC0A8_0102, 4000), default, 3_600, Nonce);
        var bytes = new byte[PcpMapRequest.Length];
        Assert.Equal(60, request.Write(bytes));
        Assert.Equal(
            "02010000" + "00000E10" + "00000000000000000000FFFFC0A80102" + "0102030405060708090A0B0C" + "11000000" + "0FA00000" + "00000000000000000000FFFF00000000",
            Convert.ToHexString(bytes));
        Assert.True(PcpMapRequest.TryRead(bytes, out var read));
        Assert.Equal(request with { External = Endpoint.V4(0, 0) }, read);
    }

    [Fact]
    public void An_answer_of_PCP_lies_as_the_standard_says()
    {
        var answer = new PcpMapResponse(MappingFault.None, 77, 1_800, Nonce, MappingTransport.Tcp, 4000, Endpoint.V4(0xCB00_7107, 5000));
        var bytes = new byte[PcpMapRequest.Length];
        Assert.Equal(60, answer.Write(bytes));
        Assert.Equal(
            "02810000" + "00000708" + "0000004D" + "000000000000000000000000" + "0102030405060708090A0B0C" + "06000000" + "0FA01388" + "00000000000000000000FFFFCB007107",
            Convert.ToHexString(bytes));
        Assert.True(PcpMapResponse.TryRead(bytes, out var read));
        Assert.Equal(answer, read);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(PcpMapResponse.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void An_IPv6_address_stays_one()
    {
        var request = new PcpMapRequest(MappingTransport.Tcp, Endpoint.V6(0x2001_0DB8_0000_0000, 1, 9), Endpoint.V6(0x2001_0DB8_0000_0000, 1, 9), 60, Nonce);
        var bytes = new byte[PcpMapRequest.Length];
        request.Write(bytes);
        Assert.True(PcpMapRequest.TryRead(bytes, out var read));
        Assert.Equal(request, read);
    }

    [Fact]
    public void A_router_that_knows_NAT_PMP_alone_says_so()
    {
        // RFC 6886 §3.5.
        Assert.True(PcpMapResponse.TryRead(Convert.FromHexString("0081000100000009"), out var answer));
        Assert.Equal(MappingFault.NotSpoken, answer.Fault);
    }

    [Fact]
    public void Messages_of_NAT_PMP_lie_as_the_standard_says()
    {
        var bytes = new byte[NatPmpResponse.Longest];
        Assert.Equal(2, NatPmpRequest.Address.Write(bytes));
        Assert.Equal("0000", Convert.ToHexString(bytes.AsSpan(0, 2)));
        var request = new NatPmpRequest(MappingTransport.Tcp, 4000, 5000, 3_600);
        Assert.Equal(12, request.Write(bytes));
        Assert.Equal("000200000FA0138800000E10", Convert.ToHexString(bytes.AsSpan(0, 12)));
        Assert.True(NatPmpRequest.TryRead(bytes.AsSpan(0, 12), out var read));
        Assert.Equal(request, read);

        var address = new NatPmpResponse(null, MappingFault.None, 77, Endpoint.V4(0xCB00_7107, 0), 0, 0, 0);
        Assert.Equal(12, address.Write(bytes));
        Assert.Equal("008000000000004DCB007107", Convert.ToHexString(bytes.AsSpan(0, 12)));
        Assert.True(NatPmpResponse.TryRead(bytes.AsSpan(0, 12), out var readAddress));
        Assert.Equal(address, readAddress);

        var answer = new NatPmpResponse(MappingTransport.Udp, MappingFault.None, 77, default, 4000, 5000, 1_800);
        Assert.Equal(16, answer.Write(bytes));
        Assert.Equal("008100000000004D0FA0138800000708", Convert.ToHexString(bytes));
        Assert.True(NatPmpResponse.TryRead(bytes, out var readAnswer));
        Assert.Equal(answer, readAnswer);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(NatPmpResponse.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void An_epoch_that_does_not_grow_as_time_does_tells_of_a_lost_table()
    {
        const long second = 1_000_000;
        var epoch = new RouterEpoch();
        Assert.False(epoch.IsLost(1_000, 0));
        Assert.False(epoch.IsLost(1_060, 60 * second));
        Assert.False(epoch.IsLost(1_059, 60 * second));
        // A router's clock is a bit off.
        Assert.False(epoch.IsLost(1_114, 120 * second));
        Assert.True(epoch.IsLost(3, 180 * second));
        Assert.False(epoch.IsLost(4, 181 * second));
        Assert.True(epoch.IsLost(5, 281 * second));
        Assert.True(epoch.IsLost(500, 282 * second));
    }

    [Fact]
    public void Anything_at_all_may_come_from_a_router()
    {
        var random = new SeededEntropy(5);
        var sample = new byte[PcpMapRequest.Length];
        new PcpMapResponse(MappingFault.None, 77, 1_800, Nonce, MappingTransport.Tcp, 4000, Endpoint.V4(1, 5000)).Write(sample);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = i % 2 == 0 ? sample[..random.Below(sample.Length + 1)] : new byte[random.Below(90)];
            if (i % 2 == 1)
                random.Fill(bytes);
            else if (bytes.Length > 0)
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            _ = PcpMapResponse.TryRead(bytes, out _) | PcpMapResponse.TryReadAnnouncement(bytes, out _) | NatPmpResponse.TryRead(bytes, out _) | PcpMapRequest.TryRead(bytes, out _) | NatPmpRequest.TryRead(bytes, out _);
        }
    }
}
