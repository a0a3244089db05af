using Dapari.Rtc.Sctp;
using Dapari.Rtc.Sctp.Chunks;
using Xunit;

namespace Dapari.Rtc.Tests.Sctp;

/// <summary>Messages whose pieces let others pass (RFC 8260).</summary>
public sealed class InterleavingTests
{
    private const uint Binary = 53;

    [Fact]
    public void A_chunk_is_read_as_it_was_written()
    {
        var bytes = new byte[64];
        var length = IDataChunk.Write(bytes, DataChunk.Beginning | DataChunk.Unordered, 0x01020304, 5, 0x06070809, 53, [1, 2, 3]);
        Assert.Equal(IDataChunk.Overhead + 4, length);
        // RFC 8260 §2.1: type 64, flags, length; TSN; stream, reserved; message; payload protocol; data and padding.
        Assert.Equal("4006001701020304000500000607080900000035" + "01020300", Convert.ToHexString(bytes.AsSpan(0, length)));
        Assert.True(IDataChunk.TryRead(ChunkOf(bytes), out var read));
        Assert.Equal((0x01020304u, (ushort)5, 0x06070809u, 53u, 0u), (read.Tsn, read.Stream, read.Message, read.Protocol, read.Fragment));
        Assert.Equal([1, 2, 3], read.Data.ToArray());

        length = IDataChunk.Write(bytes, DataChunk.Ending, 1, 5, 6, 7, [1]);
        Assert.True(IDataChunk.TryRead(ChunkOf(bytes), out read));
        Assert.Equal((7u, 0u), (read.Fragment, read.Protocol));
        // Without data.
        Assert.False(IDataChunk.TryRead(ChunkOf((byte[])[64, 3, 0, 20, .. new byte[16]]), out _));
    }

    [Fact]
    public void What_was_given_up_is_read_as_it_was_written()
    {
        var bytes = new byte[64];
        SkippedMessage[] skipped = [new(3, false, 70_000), new(3, true, 1)];
        var length = IForwardTsnChunk.Write(bytes, 9, skipped);
        Assert.Equal("C200001800000009" + "0003000000011170" + "0003000100000001", Convert.ToHexString(bytes.AsSpan(0, length)));
        Assert.True(IForwardTsnChunk.TryRead(ChunkOf(bytes), out var read));
        Assert.Equal((9u, 2), (read.NewCumulativeTsn, read.Count));
        Assert.Equal((skipped[0], skipped[1]), (read[0], read[1]));
        Assert.False(IForwardTsnChunk.TryRead(ChunkOf((byte[])[194, 0, 0, 12, .. new byte[8]]), out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_short_message_passes_a_long_one_of_another_stream(bool interleaves)
    {
        var line = Connected(1, interleaves, true);
        line.A.Send(2, Binary, new byte[200_000], default, line.Now);
        line.A.Send(4, Binary, new byte[10], default, line.Now);
        List<ushort> order = [];
        line.Each = _ => Take(line.B, message => order.Add(message.Stream));
        Assert.True(line.RunUntil(() => order.Count == 2, 60_000_000));
        Assert.Equal(interleaves ? [4, 2] : [2, 4], order);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void With_an_end_that_cannot_do_it_everything_arrives_as_ever(bool one, bool other)
    {
        var line = Connected(2, one, other);
        (line.Loss, line.Jitter) = (0.1, 20_000);
        Exchange(line, 2);
    }

    /// <summary>Long and short messages of many streams, some without order, some given up, over a line that loses, swaps and repeats.</summary>
    [Fact]
    public void Everything_arrives_whole_and_each_stream_in_its_order()
    {
        for (var seed = 1ul; seed <= 40; seed++)
        {
            var line = Connected(seed, true, true);
            (line.Loss, line.Jitter) = (0.1, 20_000);
            Exchange(line, seed);
        }
    }

    [Fact]
    public void What_is_given_up_holds_up_nothing()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var line = Connected(seed, true, true);
            line.Loss = 0.3;
            List<(ushort Stream, int Number)> got = [];
            line.Each = _ => Take(line.B, message => got.Add((message.Stream, BitConverter.ToInt32(message.Data.Span))));
            for (var i = 0; i < 100; i++)
            {
                // Stream 2 gives up, with and without order; stream 4 never.
                var length = i % 3 == 0 ? 20_000 : 4;
                line.A.Send(2, Binary, Body(i, length), new SctpDelivery(i % 2 == 0, MaxRetransmits: 0), line.Now);
                line.A.Send(4, Binary, Body(i, length), default, line.Now);
            }

            Assert.True(line.RunUntil(() => got.Count(one => one.Stream == 4) == 100 && line.A.Buffered == 0, 200_000_000), $"seed {seed}: {got.Count}");
            Assert.Equal(Enumerable.Range(0, 100), got.Where(one => one.Stream == 4).Select(one => one.Number));
            // Those of stream 2 with order keep it, whatever is missing.
            var ordered = got.Where(one => one.Stream == 2 && one.Number % 2 == 1).Select(one => one.Number).ToList();
            Assert.Equal(ordered.Order(), ordered);
            Assert.InRange(got.Count(one => one.Stream == 2), 1, 100);
            line.A.Send(2, Binary, Body(1_001, 4), default, line.Now);
            Assert.True(line.RunUntil(() => got.Contains((2, 1_001)), 200_000_000), $"seed {seed}: the stream stands still");
        }
    }

    private static SctpLine Connected(ulong seed, bool one, bool other) =>
        SctpLine.Connected(seed, new SctpOptions { Interleaving = one }, new SctpOptions { Interleaving = other });

    private static SctpChunk ChunkOf(byte[] bytes) =>
        new((SctpChunkType)bytes[0], bytes[1], bytes.AsSpan(SctpChunk.HeaderLength..System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2))));

    private static void Exchange(SctpLine line, ulong seed)
    {
        const int Messages = 120;
        var random = new Random((int)seed);
        Dictionary<ushort, List<int>> got = [];
        var count = 0;
        line.Each = _ => Take(line.B, message =>
        {
            var number = BitConverter.ToInt32(message.Data.Span);
            Assert.Equal(Body(number, message.Data.Length), message.Data.ToArray());
            if (!got.TryGetValue(message.Stream, out var numbers))
                got.Add(message.Stream, numbers = []);
            numbers.Add(number);
            count++;
        });
        for (var i = 0; i < Messages; i++)
        {
            // Odd streams are without order.
            var stream = (ushort)random.Next(6);
            Assert.Equal(SctpSend.Accepted, line.A.Send(stream, Binary, Body(i, 4 + random.Next(random.Next(4) == 0 ? 30_000 : 100)), new SctpDelivery(stream % 2 == 1), line.Now));
        }

        Assert.True(line.RunUntil(() => count == Messages, 200_000_000), $"seed {seed}: {count}");
        Assert.Equal(Enumerable.Range(0, Messages), got.Values.SelectMany(numbers => numbers).Order());
        foreach (var numbers in got.Where(one => one.Key % 2 == 0).Select(one => one.Value))
            Assert.Equal(numbers.Order(), numbers);
        Assert.DoesNotContain(line.EventsOfA.Concat(line.EventsOfB), told => told is SctpEvent.Ended);
    }

    private static byte[] Body(int number, int length)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        BitConverter.TryWriteBytes(bytes, number);
        return bytes;
    }

    private static void Take(SctpAssociation end, Action<SctpMessage> with)
    {
        while (end.TryReceive(out var message))
        {
            using (message)
                with(message);
        }
    }
}
