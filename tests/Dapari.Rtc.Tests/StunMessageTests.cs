using System.Buffers.Binary;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Rtc.Tests;

public sealed class StunMessageTests
{
    private static readonly byte[] Id = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    [Theory]
    [InlineData("", StunFault.Truncated)]
    [InlineData("000100002112a442", StunFault.Truncated)]
    [InlineData("400100002112a442000000000000000000000000", StunFault.NotStun)]
    [InlineData("000100002112a443000000000000000000000000", StunFault.NoCookie)]
    [InlineData("000100012112a44200000000000000000000000000", StunFault.Length)]
    [InlineData("000100042112a442000000000000000000000000", StunFault.Length)]
    [InlineData("000100002112a44200000000000000000000000000000000", StunFault.Length)]
    [InlineData("000100042112a442000000000000000000000000" + "8022ffff", StunFault.Attribute)]
    [InlineData("000100082112a442000000000000000000000000" + "8022000500000000", StunFault.Attribute)]
    [InlineData("000100082112a442000000000000000000000000" + "0008000400000000", StunFault.AttributeLength)]
    [InlineData("000100082112a442000000000000000000000000" + "001c000400000000", StunFault.AttributeLength)]
    [InlineData("000100042112a442000000000000000000000000" + "80280000", StunFault.AttributeLength)]
    [InlineData("0001000c2112a442000000000000000000000000" + "802800040000000080220000", StunFault.FingerprintNotLast)]
    public void Bad_bytes_give_their_reason(string hex, StunFault expected)
    {
        Assert.False(StunMessage.TryRead(Convert.FromHexString(hex), out _, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Every_class_and_method_reads_as_written()
    {
        var bytes = new byte[20];
        foreach (var kind in Enum.GetValues<StunClass>())
        {
            for (var method = 0; method < 0x1000; method++)
            {
                _ = new StunWriter(bytes, kind, (StunMethod)method, Id);
                Assert.True(StunMessage.TryRead(bytes, out var message, out _));
                Assert.Equal((kind, (StunMethod)method), (message.Class, message.Method));
            }
        }
    }

    // RFC 8489 §5's own numbers.
    [Theory]
    [InlineData(StunClass.Request, StunMethod.Binding, 0x0001)]
    [InlineData(StunClass.Success, StunMethod.Binding, 0x0101)]
    [InlineData(StunClass.Error, StunMethod.Allocate, 0x0113)]
    [InlineData(StunClass.Indication, StunMethod.Send, 0x0016)]
    [InlineData(StunClass.Indication, StunMethod.Data, 0x0017)]
    public void The_first_two_bytes_are_those_of_the_registry(StunClass kind, StunMethod method, int expected)
    {
        var bytes = new byte[20];
        _ = new StunWriter(bytes, kind, method, Id);
        Assert.Equal(expected, BinaryPrimitives.ReadUInt16BigEndian(bytes));
    }

    [Fact]
    public void What_stands_behind_the_integrity_does_not_count()
    {
        var bytes = new byte[200];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Refresh, Id);
        MessageIntegrity.Write(ref writer, "key"u8);
        Lifetime.Write(ref writer, 7);
        MessageIntegritySha256.Write(ref writer, "key"u8);
        Priority.Write(ref writer, 8);
        Fingerprint.Write(ref writer);
        Assert.True(writer.TryFinish(out var length));
        Assert.True(StunMessage.TryRead(bytes.AsSpan(0, length), out var message, out _));
        Assert.False(Lifetime.TryRead(message, out _));
        Assert.False(Priority.TryRead(message, out _));
        Assert.True(MessageIntegrity.Check(message, "key"u8));
        Assert.True(MessageIntegritySha256.Check(message, "key"u8));
        Assert.True(Fingerprint.Check(message));
    }

    [Fact]
    public void Of_two_attributes_of_a_kind_the_first_counts()
    {
        var bytes = new byte[100];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Refresh, Id);
        Lifetime.Write(ref writer, 1);
        Lifetime.Write(ref writer, 2);
        Assert.True(writer.TryFinish(out var length));
        Assert.True(StunMessage.TryRead(bytes.AsSpan(0, length), out var message, out _));
        Assert.True(Lifetime.TryRead(message, out var seconds));
        Assert.Equal(1u, seconds);
    }

    [Fact]
    public void A_writer_without_room_says_so_and_writes_no_further()
    {
        for (var room = 0; room < 36; room++)
        {
            var bytes = new byte[64];
            var writer = new StunWriter(bytes.AsSpan(0, room), StunClass.Request, StunMethod.Binding, Id);
            Software.Write(ref writer, "0123456789ab"u8);
            Assert.False(writer.TryFinish(out var none));
            Assert.Equal(0, none);
            Assert.All(bytes[room..], value => Assert.Equal(0, value));
        }

        var enough = new StunWriter(new byte[36], StunClass.Request, StunMethod.Binding, Id);
        Software.Write(ref enough, "0123456789ab"u8);
        Assert.True(enough.TryFinish(out var length));
        Assert.Equal(36, length);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Read();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Read()
        {
            var good = StunMessage.TryRead(Vectors.Request, out var message, out _)
                && Username.TryRead(message, out _) && MessageIntegrity.Check(message, "key"u8) | Fingerprint.Check(message);
            if (!good)
                throw new InvalidOperationException();
        }
    }
}
