using System.Buffers.Binary;
using Dapari.Node.Files.Channels;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>Who holds no key can do nothing to a lane's records but end the lane.</summary>
public sealed class LaneSealTests
{
    private static readonly byte[] _one = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] _other = [.. Enumerable.Range(100, 32).Select(i => (byte)i)];

    [Fact]
    public void Both_ends_read_each_other_in_order()
    {
        using var pair = new Ends();
        for (var i = 1; i < 20; i++)
        {
            byte[] message = [.. Enumerable.Repeat((byte)i, i * 1000)];
            Assert.Equal(message, Ends.Open(pair.ThereReads, Ends.Seal(pair.HereSends, message)));
            Assert.Equal(message, Ends.Open(pair.HereReads, Ends.Seal(pair.ThereSends, message)));
        }
    }

    // Made once with another implementation of HKDF and AES-GCM (Python's cryptography), from the page docs/protocol/tcp.md alone.
    [Fact]
    public void A_record_is_what_the_page_says()
    {
        using var pair = new Ends();
        Assert.Equal(Vector.First, Convert.ToHexStringLower(Ends.Seal(pair.HereSends, "dapari"u8.ToArray())));
        Assert.Equal(Vector.Second, Convert.ToHexStringLower(Ends.Seal(pair.HereSends, "dapari"u8.ToArray())));
        Assert.Equal(Vector.Back, Convert.ToHexStringLower(Ends.Seal(pair.ThereSends, "dapari"u8.ToArray())));
    }

    [Fact]
    public void A_record_that_comes_again_is_refused()
    {
        using var pair = new Ends();
        var record = Ends.Seal(pair.HereSends, [1, 2, 3]);
        Assert.NotNull(Ends.Open(pair.ThereReads, record));
        Assert.Null(Ends.Open(pair.ThereReads, record));
    }

    [Fact]
    public void Records_in_another_order_or_with_one_left_out_are_refused()
    {
        using var pair = new Ends();
        Ends.Seal(pair.HereSends, [1]);
        Assert.Null(Ends.Open(pair.ThereReads, Ends.Seal(pair.HereSends, [2])));
    }

    [Fact]
    public void A_record_is_not_one_of_the_other_direction_nor_of_another_lane()
    {
        using var pair = new Ends();
        Assert.Null(Ends.Open(pair.HereReads, Ends.Seal(pair.HereSends, [1])));
        using var second = new Ends(lane: 2);
        Assert.Null(Ends.Open(second.ThereReads, Ends.Seal(pair.HereSends, [1])));
    }

    [Fact]
    public void Behind_one_that_was_refused_nothing_is_read()
    {
        using var pair = new Ends();
        var (first, second) = (Ends.Seal(pair.HereSends, [1]), Ends.Seal(pair.HereSends, [2]));
        first[LaneSeal.HeaderBytes] ^= 1;
        Assert.Null(Ends.Open(pair.ThereReads, first));
        Assert.Null(Ends.Open(pair.ThereReads, second));
    }

    [Fact]
    public void Any_bit_that_is_turned_is_noticed()
    {
        for (var bit = 0; bit < (8 + LaneSeal.Overhead) * 8; bit++)
        {
            using var pair = new Ends();
            var record = Ends.Seal(pair.HereSends, [1, 2, 3, 4, 5, 6, 7, 8]);
            record[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(Ends.Open(pair.ThereReads, record));
        }
    }

    [Fact]
    public void A_record_cut_short_or_drawn_out_is_refused()
    {
        for (var length = LaneSeal.Overhead + 1; length < LaneSeal.Overhead + 64; length++)
        {
            using var pair = new Ends();
            var record = Ends.Seal(pair.HereSends, new byte[32]);
            Array.Resize(ref record, length);
            if (length != LaneSeal.Overhead + 32)
                Assert.Null(Ends.Open(pair.ThereReads, record));
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    [InlineData(int.MinValue, false)]
    [InlineData(int.MaxValue, false)]
    [InlineData(LaneReader.MostMessage + 1, false)]
    [InlineData(LaneReader.MostMessage, true)]
    [InlineData(1, true)]
    public void A_length_is_judged_before_anything_is_waited_for(int length, bool good)
    {
        var header = new byte[LaneSeal.HeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, length);
        Assert.Equal(good, LaneSeal.TryReadLength(header, LaneReader.MostMessage, out var read));
        Assert.Equal(length, read);
        Assert.True(LaneSeal.TryReadLength(header.AsSpan(0, 3), LaneReader.MostMessage, out read));
        Assert.Null(read);
    }

    private static class Vector
    {
        public const string First = "000000067d135da267c87d55d67b35292b704cbeccd57f771cf2";
        public const string Second = "000000068c40cfac4086ec4c92ddf0fe88e3d5727f129b5e1df1";
        public const string Back = "000000063974d1611ce716e174adffdf924cb2751f0aaecd93e3";
    }

    private sealed class Ends : IDisposable
    {
        public Ends(byte lane = 1)
        {
            (HereSends, HereReads) = LaneSeal.Pair(_one, _other, lane, connects: true);
            (ThereSends, ThereReads) = LaneSeal.Pair(_one, _other, lane, connects: false);
        }

        public LaneSeal HereSends { get; }

        public LaneSeal HereReads { get; }

        public LaneSeal ThereSends { get; }

        public LaneSeal ThereReads { get; }

        public static byte[] Seal(LaneSeal seal, byte[] message)
        {
            var record = new byte[message.Length + LaneSeal.Overhead];
            seal.Seal(message, record);
            return record;
        }

        public static byte[]? Open(LaneSeal seal, byte[] record)
        {
            var message = new byte[record.Length - LaneSeal.Overhead];
            return seal.TryOpen(record, message) ? message : null;
        }

        public void Dispose()
        {
            HereSends.Dispose();
            HereReads.Dispose();
            ThereSends.Dispose();
            ThereReads.Dispose();
        }
    }
}
