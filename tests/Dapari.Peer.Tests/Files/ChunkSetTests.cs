using CsCheck;
using Dapari.Peer.Files;
using Dapari.Wire.Files;

namespace Dapari.Peer.Tests.Files;

public sealed class ChunkSetTests
{
    [Fact]
    public void It_is_the_set_that_a_list_of_chunks_would_be() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 60], Gen.Int[0, 12]).Array[0, 60].Sample(
            changes =>
            {
                var set = new ChunkSet();
                var model = new SortedSet<long>();
                foreach (var (add, first, count) in changes)
                {
                    var chunks = Enumerable.Range(first, count).Select(chunk => (long)chunk).ToList();
                    var changed = add ? set.Add(first, first + count) : set.Remove(first, first + count);
                    Assert.Equal(add ? chunks.Count(model.Add) : chunks.Count(model.Remove), changed);
                    Assert.Equal(model.Count, set.Count);
                    Assert.Equal(model, set.All.SelectMany(range => Enumerable.Range((int)range.First, (int)(range.End - range.First)).Select(chunk => (long)chunk)));
                    Assert.All(set.All.Zip(set.All.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.First, "ranges do not touch"));
                    for (var at = 0L; at < 75; at++)
                    {
                        Assert.Equal(model.Contains(at), set.Contains(at));
                        Assert.Equal(model.Contains(at) ? at : model.Where(chunk => chunk > at).DefaultIfEmpty(long.MaxValue).First(), set.NextInside(at));
                        var outside = at;
                        while (model.Contains(outside))
                            outside++;
                        Assert.Equal(outside, set.NextOutside(at));
                    }

                    Assert.Equal(set.All, ChunkSet.Of(set.Spans()).All);
                }
            },
            iter: 300);

    [Fact]
    public void Chunks_are_counted_through_a_transfer()
    {
        var layout = new TransferLayout(Size(300L * FileShape.ChunkBytes), [Size(0), Size(5), Size(0), Size((2L * FileShape.ChunkBytes) + 1), Size(0)]);
        Assert.Equal(300 + 1 + 3, layout.Chunks);
        Assert.Equal(300, layout.ManifestChunks);
        Assert.Equal([0, 0, 2, 4, 4], new long[] { 0, 299, 300, 301, 303 }.Select(layout.ItemOf));
        Assert.Equal((0U, 250U, 6U), Parts(250, 100));
        Assert.Equal((0U, 256U, 44U), Parts(256, 100));
        Assert.Equal((2U, 0U, 1U), Parts(300, 100));
        Assert.Equal((4U, 1U, 2U), Parts(302, 100));
        Assert.Equal(5, layout.Bytes(300, 301));
        Assert.Equal(FileShape.ChunkBytes + 1, layout.Bytes(302, 304));
        Assert.True(layout.TryPlace(new Wire.V1.ChunkRange { Item = 4, First = 1, Count = 2 }, out var first, out var end));
        Assert.Equal((302, 304), (first, end));
        Assert.False(layout.TryPlace(new Wire.V1.ChunkRange { Item = 4, First = 1, Count = 3 }, out _, out _));
        Assert.False(layout.TryPlace(new Wire.V1.ChunkRange { Item = 6, First = 0, Count = 1 }, out _, out _));
        Assert.False(layout.TryPlace(new Wire.V1.ChunkRange { Item = 3, First = 0, Count = 1 }, out _, out _));
        Assert.False(layout.TryPlace(new Wire.V1.ChunkRange { Item = 0, First = uint.MaxValue, Count = uint.MaxValue }, out _, out _));

        (uint, uint, uint) Parts(long from, long most)
        {
            var range = layout.Range(from, most);
            return (range.Item, range.First, range.Count);
        }
    }

    private static FileId Size(long size) => new(FileHash.Empty, new FileShape(size));
}
