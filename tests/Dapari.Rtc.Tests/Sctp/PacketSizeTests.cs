using Dapari.Rtc.Sctp;
using Xunit;

namespace Dapari.Rtc.Tests.Sctp;

/// <summary>How large packets may be is found out without losing data (RFC 8899).</summary>
public sealed class PacketSizeTests
{
    private const uint Binary = 53;

    [Theory]
    [InlineData(1_280, 1_200)]
    [InlineData(1_432, 1_432)]
    [InlineData(9_000, 9_000)]
    [InlineData(65_000, SctpOptions.LargestPacket)]
    public void Packets_grow_to_what_the_path_takes(int path, int expected)
    {
        var line = Line(1, path);
        line.A.PathChanged(line.Now, path == 1_280 ? 1_200 : 65_000);
        var probes = 0;
        line.Filter = (_, packet) => packet.Length <= path || ++probes < 0;
        line.Run(20_000_000);
        // Beyond Ethernet and jumbo frames only the interface's own size is tried.
        Assert.Equal(path is 1_432 ? 1_408 : path is 9_000 ? 8_908 : expected, line.A.PacketSize);
        Assert.InRange(probes, 0, 3);
        Deliver(line, 3 << 20);
    }

    [Theory]
    [InlineData(0, 1_408)]
    [InlineData(4_000, 4_000)]
    public void Who_says_nothing_or_takes_less_is_sent_nothing_larger(int takes, int expected)
    {
        var line = SctpLine.Connected(4, null, new SctpOptions { LargestTaken = takes });
        line.Largest = 65_000;
        var largest = 0;
        line.Filter = (from, packet) =>
        {
            largest = Math.Max(largest, from == line.A ? packet.Length : 0);
            return true;
        };
        line.A.PathChanged(line.Now, 65_000);
        line.Run(20_000_000);
        Deliver(line, 1 << 20);
        Assert.Equal((expected, expected), (line.A.PacketSize, largest));
    }

    [Fact]
    public void A_path_that_shrinks_is_noticed_and_all_arrives()
    {
        var line = Line(2, 9_000);
        line.A.PathChanged(line.Now, 9_000);
        line.Run(5_000_000);
        Assert.Equal(9_000, line.A.PacketSize);
        // Pieces that were cut for the larger packets and are under way are cut by the network from now on; new ones are lost when they are too large.
        var (cut, shrunk) = (line.A.PacketSize, line.Now);
        line.A.Send(1, Binary, new byte[200_000], default, line.Now);
        var (large, lostFor) = (0, 4_000_000);
        line.Filter = (_, packet) => packet.Length <= 1_200 || (line.Now > shrunk + lostFor && ++large > 0);
        Assert.True(line.RunUntil(() => line.B.TryReceive(out _), 60_000_000));
        Assert.Equal(1_200, line.A.PacketSize);
        Assert.True(large > 0 && cut == 9_000);
        line.Filter = (_, packet) => packet.Length <= 1_200;
        Deliver(line, 1 << 20);
    }

    [Fact]
    public void A_new_path_begins_small()
    {
        var line = Line(3, 65_000);
        line.A.PathChanged(line.Now, 65_000);
        line.Run(2_000_000);
        Assert.Equal(SctpOptions.LargestPacket, line.A.PacketSize);
        line.A.PathChanged(line.Now);
        Assert.Equal(1_200, line.A.PacketSize);
        Deliver(line, 1 << 20);
    }

    private static SctpLine Line(ulong seed, int path)
    {
        var line = SctpLine.Connected(seed);
        line.Largest = Math.Max(path, SctpOptions.LargestPacket);
        return line;
    }

    private static void Deliver(SctpLine line, int bytes)
    {
        var (left, got, message) = (bytes, 0, new byte[64 << 10]);
        line.Each = _ =>
        {
            while (left > 0 && line.A.Send(1, Binary, message, default, line.Now) == SctpSend.Accepted)
                left -= message.Length;
            while (line.B.TryReceive(out var read))
            {
                got += read.Data.Length;
                read.Dispose();
            }
        };
        Assert.True(line.RunUntil(() => got >= bytes, 60_000_000), $"{got} of {bytes}: {line.A.Describe()}");
    }
}
