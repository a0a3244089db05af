using Xunit;

namespace Dapari.Wire.Tests;

public sealed class NearbyTextTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(1, NearbyText.NonceLength).Select(i => (byte)i)];

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(WireLimits.NearbyContacts)]
    public void It_is_as_long_however_many_contacts_there_are_and_holds_their_tags(int contacts)
    {
        var tags = Enumerable.Range(0, contacts).Select(_ => RandomSource.System.Bytes(NearbyText.TagLength)).ToList();
        var text = NearbyText.Write(Nonce, tags, RandomSource.System);
        Assert.Equal(NearbyText.Length, text.Length);
        Assert.True(NearbyText.TryRead(text, out var nonce, out var read));
        Assert.Equal(Nonce, nonce);
        Assert.All(tags, tag => Assert.True(NearbyText.Holds(read, tag)));
        Assert.False(NearbyText.Holds(read, new byte[NearbyText.TagLength]));
        // In rising order: which of them are of contacts is told by nothing.
        var all = read.Chunk(NearbyText.TagLength).ToList();
        Assert.Equal(WireLimits.NearbyContacts, all.Count);
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.True(pair.First.AsSpan().SequenceCompareTo(pair.Second) <= 0));
    }

    [Fact]
    public void What_is_cut_or_has_another_shape_is_none()
    {
        var text = NearbyText.Write(Nonce, [], RandomSource.System);
        Assert.False(NearbyText.TryRead([], out _, out _));
        Assert.False(NearbyText.TryRead(text.AsSpan(1), out _, out _));
        Assert.False(NearbyText.TryRead((byte[])[.. text, 0], out _, out _));
        foreach (var at in (int[])[0, 1, 2, 19, 20, 21, 19 + 131, NearbyText.Length - 131])
        {
            text[at] ^= 1;
            Assert.False(NearbyText.TryRead(text, out _, out _));
            text[at] ^= 1;
        }

        Assert.Throws<ArgumentException>(() => NearbyText.Write(Nonce, Enumerable.Repeat(new byte[8], WireLimits.NearbyContacts + 1), RandomSource.System));
        Assert.Throws<ArgumentException>(() => NearbyText.Write(Nonce, [new byte[7]], RandomSource.System));
    }
}
