using Dapari.Node.Files.Channels;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>However a stream is cut up, the messages in it are the same.</summary>
public sealed class LaneReaderTests
{
    private static readonly byte[] _secret = new byte[LaneSeal.SecretBytes];
    private static readonly int[] _lengths = [1, 5, LaneReader.MostMessage, 70_000, 1, LaneReader.MostMessage, LaneReader.MostMessage, 3];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4096)]
    [InlineData(262_000)]
    [InlineData(int.MaxValue)]
    public void Parts_of_any_size_make_the_same_messages(int part)
    {
        using var lane = new Lane();
        var stream = lane.Sealed(_lengths).AsSpan();
        var reader = new LaneReader(lane.Receiving);
        var taken = new List<byte[]>();
        for (var at = 0; at < stream.Length;)
        {
            var room = reader.Room().Span;
            Assert.True(room.Length >= reader.Missing);
            var now = Math.Min(Math.Min(part, room.Length), stream.Length - at);
            stream.Slice(at, now).CopyTo(room);
            reader.Add(now);
            at += now;
            while (reader.Next() is { } length)
            {
                taken.Add(new byte[length]);
                Assert.True(reader.TryOpen(taken[^1]));
            }
        }

        Assert.False(reader.IsOver);
        Assert.Equal(_lengths, taken.Select(message => message.Length));
        for (var i = 0; i < taken.Count; i++)
            Assert.True(taken[i].AsSpan().IndexOfAnyExcept((byte)i) < 0);
    }

    [Fact]
    public void What_may_not_come_ends_it_before_anything_is_waited_for()
    {
        using var lane = new Lane();
        var reader = new LaneReader(lane.Receiving);
        Assert.Equal(4, reader.Missing);
        new byte[] { 0, 4, 0, 28 }.CopyTo(reader.Room());
        reader.Add(4);
        Assert.Null(reader.Next());
        Assert.True(reader.IsOver);
    }

    [Fact]
    public void Behind_what_was_refused_nothing_is_read()
    {
        using var lane = new Lane();
        var stream = lane.Sealed([10, 10]);
        stream[6] ^= 1;
        var reader = new LaneReader(lane.Receiving);
        stream.CopyTo(reader.Room());
        reader.Add(stream.Length);
        var message = new byte[10];
        Assert.Equal(10, reader.Next());
        Assert.False(reader.TryOpen(message));
        Assert.Null(reader.Next());
        Assert.True(reader.IsOver);
    }

    private sealed class Lane : IDisposable
    {
        private readonly (LaneSeal Sending, LaneSeal Receiving) _here = LaneSeal.Pair(_secret, _secret, 1, connects: true);
        private readonly (LaneSeal Sending, LaneSeal Receiving) _there = LaneSeal.Pair(_secret, _secret, 1, connects: false);

        public LaneSeal Receiving => _there.Receiving;

        public byte[] Sealed(int[] lengths)
        {
            var stream = new byte[lengths.Sum(length => length + LaneSeal.Overhead)];
            var at = 0;
            for (var i = 0; i < lengths.Length; i++)
            {
                var message = new byte[lengths[i]];
                message.AsSpan().Fill((byte)i);
                _here.Sending.Seal(message, stream.AsSpan(at, message.Length + LaneSeal.Overhead));
                at += message.Length + LaneSeal.Overhead;
            }

            return stream;
        }

        public void Dispose()
        {
            _here.Sending.Dispose();
            _here.Receiving.Dispose();
            _there.Sending.Dispose();
            _there.Receiving.Dispose();
        }
    }
}
