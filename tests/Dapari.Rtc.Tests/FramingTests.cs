using CsCheck;
using Dapari.Rtc.Stun;
using Xunit;

namespace Dapari.Rtc.Tests;

public sealed class FramingTests
{
    [Theory]
    [InlineData(0, FirstByte.Stun)]
    [InlineData(3, FirstByte.Stun)]
    [InlineData(4, FirstByte.Unknown)]
    [InlineData(16, FirstByte.Zrtp)]
    [InlineData(20, FirstByte.Dtls)]
    [InlineData(63, FirstByte.Dtls)]
    [InlineData(64, FirstByte.ChannelData)]
    [InlineData(79, FirstByte.ChannelData)]
    [InlineData(80, FirstByte.Unknown)]
    [InlineData(128, FirstByte.Rtp)]
    [InlineData(191, FirstByte.Rtp)]
    [InlineData(192, FirstByte.Unknown)]
    public void The_first_byte_names_the_protocol(byte first, FirstByte expected) => Assert.Equal(expected, Demultiplexer.Judge([first]));

    [Fact]
    public void Nothing_is_unknown() => Assert.Equal(FirstByte.Unknown, Demultiplexer.Judge([]));

    [Fact]
    public void Channel_data_reads_as_written() =>
        Gen.Select(Gen.UShort[ChannelData.FirstChannel, ChannelData.LastChannel], Gen.Byte.Array[0, 1500], Gen.Bool).Sample((channel, data, stream) =>
        {
            var bytes = new byte[2000];
            Assert.True(ChannelData.TryWrite(bytes, channel, data, stream, out var length));
            Assert.Equal(stream ? (4 + data.Length + 3) / 4 * 4 : 4 + data.Length, length);
            Assert.True(ChannelData.TryRead(bytes.AsSpan(0, length), out var read, out var dataLength));
            Assert.Equal(channel, read);
            Assert.True(data.AsSpan().SequenceEqual(bytes.AsSpan(4, dataLength)));
        });

    [Theory]
    [InlineData("")]
    [InlineData("400000")]
    [InlineData("40000001")]
    [InlineData("3fff0000")]
    [InlineData("80000000")]
    [InlineData("4000ffff00")]
    public void Bad_channel_data_is_refused(string hex) => Assert.False(ChannelData.TryRead(Convert.FromHexString(hex), out _, out _));

    [Fact]
    public void A_stream_is_cut_the_same_wherever_it_was_split() =>
        Gen.Select(Gen.Byte.Array[0, 40].Array[1, 8], Gen.Int[1, 30]).Sample((payloads, step) =>
        {
            var stream = new List<byte>();
            var expected = new List<string>();
            foreach (var (payload, i) in payloads.Select((payload, i) => (payload, i)))
            {
                var frame = new byte[128];
                int length;
                if (i % 2 == 0)
                {
                    Assert.True(ChannelData.TryWrite(frame, 0x4001, payload, true, out length));
                    expected.Add(Convert.ToHexString(frame.AsSpan(0, 4 + payload.Length)));
                }
                else
                {
                    var writer = new StunWriter(frame, StunClass.Indication, StunMethod.Send, new byte[12]);
                    writer.Add(0x13, payload);
                    Assert.True(writer.TryFinish(out length));
                    expected.Add(Convert.ToHexString(frame.AsSpan(0, length)));
                }

                stream.AddRange(frame[..length]);
            }

            var found = new List<string>();
            byte[] waiting = [];
            foreach (var part in stream.Chunk(step))
            {
                waiting = [.. waiting, .. part];
                while (StreamFraming.Read(waiting, out var length, out var advance) is var frame && frame != StreamFrame.NeedMore)
                {
                    Assert.Equal(StreamFrame.Frame, frame);
                    found.Add(Convert.ToHexString(waiting.AsSpan(0, length)));
                    waiting = waiting[advance..];
                }
            }

            Assert.Equal(expected, found);
            Assert.Empty(waiting);
        });

    [Theory]
    [InlineData("10")]
    [InlineData("80000000")]
    [InlineData("000100010000")]
    [InlineData("000100002112a443")]
    public void A_stream_of_something_else_is_given_up(string hex) =>
        Assert.Equal(StreamFrame.Malformed, StreamFraming.Read(Convert.FromHexString(hex), out _, out _));

    [Fact]
    public void No_frame_is_longer_than_the_longest()
    {
        byte[] channel = [0x40, 0, 0xFF, 0xFF], message = [0, 1, 0xFF, 0xFC];
        Assert.Equal(StreamFrame.NeedMore, StreamFraming.Read(channel, out _, out var first));
        Assert.Equal(StreamFraming.LongestFrame, first);
        Assert.Equal(StreamFrame.NeedMore, StreamFraming.Read(message, out _, out var second));
        Assert.Equal(StunMessage.LongestMessage, second);
        Assert.True(second <= StreamFraming.LongestFrame + 16);
    }

    [Fact]
    public void A_data_indication_is_written_around_its_payload() => Gen.Select(Gen.Byte.Array[0, 100], Gen.Bool, Gen.Byte.Array[12]).Sample((payload, v6, id) =>
    {
        var peer = v6 ? Endpoint.V6(1, 2, 3) : Endpoint.V4(4, 5);
        var buffer = new byte[256];
        buffer.AsSpan().Fill(0xEE);
        payload.CopyTo(buffer, 64);
        var start = DataIndication.Write(buffer, 64, payload.Length, peer, id, out var whole);
        Assert.True(64 - start <= DataIndication.LongestHeader);
        Assert.True(StunMessage.TryRead(buffer.AsSpan(start, whole), out var message, out var fault), fault.ToString());
        Assert.Equal((StunClass.Indication, StunMethod.Data), (message.Class, message.Method));
        Assert.True(Stun.Attributes.XorPeerAddress.TryRead(message, out var read));
        Assert.Equal(peer, read);
        Assert.True(Stun.Attributes.Data.TryRead(message, out var data));
        Assert.True(data.SequenceEqual(payload));
        Assert.All(buffer[..start].Concat(buffer[(start + whole)..]), value => Assert.Equal(0xEE, value));
    });
}
