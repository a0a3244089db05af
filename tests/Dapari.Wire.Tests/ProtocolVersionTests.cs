using CsCheck;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class ProtocolVersionTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, true, 1)]
    [InlineData(1, 2, 1, 1, true, 1)]
    [InlineData(1, 1, 1, 2, true, 1)]
    [InlineData(2, 3, 1, 2, true, 2)]
    [InlineData(2, 3, 1, 1, false, 0)]
    [InlineData(1, 1, 2, 3, false, 0)]
    [InlineData(3, 1, 1, 3, false, 0)]
    public void The_highest_common_version(uint clientLowest, uint clientHighest, uint serverLowest, uint serverHighest, bool found, uint expected)
    {
        Assert.Equal(found, ProtocolVersion.TryPick(clientLowest, clientHighest, serverLowest, serverHighest, out var version));
        if (found)
            Assert.Equal(expected, version);
    }

    [Fact]
    public void A_peer_of_the_next_version_and_one_of_the_last_still_talk()
    {
        Assert.True(ProtocolVersion.TryPick(1, ProtocolVersion.Highest + 1, out var version));
        Assert.True(ProtocolVersion.IsSpoken(version));
        Assert.False(ProtocolVersion.TryPick(ProtocolVersion.Highest + 1, ProtocolVersion.Highest + 5, out _));
        Assert.False(ProtocolVersion.IsSpoken(ProtocolVersion.Highest + 1));
        Assert.False(ProtocolVersion.IsSpoken(0));
    }

    [Fact]
    public void What_is_picked_lies_in_both_ranges() =>
        Gen.Select(Gen.UInt[0, 6], Gen.UInt[0, 6], Gen.UInt[0, 6], Gen.UInt[0, 6]).Sample((a, b, c, d) =>
        {
            var common = Enumerable.Range(1, 6).Select(v => (uint)v).Where(v => v >= a && v <= b && v >= c && v <= d).ToList();
            Assert.Equal(common.Count > 0, ProtocolVersion.TryPick(a, b, c, d, out var version));
            if (common.Count > 0)
                Assert.Equal(common.Max(), version);
        });
}
