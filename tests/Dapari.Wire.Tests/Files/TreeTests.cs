using System.Buffers.Binary;
using CsCheck;
using Dapari.Wire.Files;
using Xunit;

namespace Dapari.Wire.Tests.Files;

public sealed class TreeTests
{
    private const int Chunk = FileShape.ChunkBytes;

    [Theory]
    [InlineData(0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(1, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7")]
    [InlineData(Chunk - 1, "3338331576f71d8d0f7de6e8d6ba502ae218663bb17dfc74dc4dcda2da31a60a")]
    [InlineData(Chunk, "9bff9e49f3b076ac3d4c4736ff86252b58d327cd767a88ec2b1794c21d5d9e03")]
    [InlineData(Chunk + 1, "c8945809f3c60d8636b73a8abee9691fc01fe1dcfb5fa6d3493859999c2af656")]
    [InlineData(3 * Chunk, "8b1125747fe1ed308f13d80390078f2e2c0bd77b335521d792ba4abf5bdfa21c")]
    [InlineData(256 * Chunk, "185e6e32b268d3a26287f0c100de29d7a16a337c9ed71c78b97be749203ad6d0")]
    [InlineData((256 * Chunk) + 1, "31a64a0050a35e14cc4356b28feed89756739ad01fbab54a66211c1325d70021")]
    [InlineData((257 * Chunk) + 5, "57097d85564b1a3a7e8ad6e5ca82bbc580cf68e399c017ae0192429bc270f720")]
    public void Files_have_the_roots_of_the_protocols_page(int size, string root)
    {
        var hasher = new FileHasher();
        hasher.Append(TreeVectors.Bytes(size));
        var id = hasher.Finish();
        Assert.Equal(root, id.Root.ToString());
        Assert.Equal(size, id.Shape.Size);
    }

    [Theory]
    [InlineData(2, "a7d91894b61fbf46378d88e3e1b1f7aef39532c504b484bd31551d15e0a09dff")]
    [InlineData(256, "cacc56edd639acafc26d864ddabe5cdb467b552a3c96a5293dd3a6e2a010d805")]
    [InlineData(257, "aa60863640248af5db4874d9e77c8b526937dcb1d1fef5be491ee9b1b39e7f9c")]
    [InlineData(65536, "b21777c7ef1fd713c215c1eccd6d4edf161f5fe920c2ae0b1263e665a5ffb402")]
    [InlineData(65537, "e5e0ee3994c4dde66a9563fca5b65fa70b4b6bccb3e7281291cd7c42bcec523d")]
    public void Leaves_have_the_roots_of_the_protocols_page(int leaves, string root)
    {
        var pages = 0;
        var tree = new TreeBuilder((_, _) => pages++);
        for (var k = 0; k < leaves; k++)
            tree.Add(NumberedLeaf(k));
        Assert.Equal(root, tree.Finish().ToString());
        var shape = new FileShape((long)leaves * Chunk);
        Assert.Equal(Enumerable.Range(1, shape.Levels).Sum(shape.Count), pages);
    }

    [Fact]
    public void A_file_is_the_same_in_whatever_pieces_it_comes()
    {
        var bytes = TreeVectors.Bytes((3 * Chunk) + 777);
        var whole = new FileHasher();
        whole.Append(bytes);
        var expected = whole.Finish();
        Gen.Int[1, 2 * Chunk].Array[1, 12].Sample(
            pieces =>
            {
                var hasher = new FileHasher();
                var at = 0;
                for (var i = 0; at < bytes.Length; i++)
                {
                    var taken = Math.Min(pieces[i % pieces.Length], bytes.Length - at);
                    if (i >= pieces.Length)
                        taken = bytes.Length - at;
                    hasher.Append(bytes.AsSpan(at, taken));
                    at += taken;
                }

                return hasher.Finish() == expected;
            },
            iter: 40);
    }

    [Fact]
    public void Chunks_may_be_hashed_by_another()
    {
        var bytes = TreeVectors.Bytes((2 * Chunk) + 9);
        var lengths = new List<int>();
        var hasher = new FileHasher(chunk =>
        {
            lengths.Add(chunk.Length);
            return FileHash.Leaf(chunk);
        });
        hasher.Append(bytes);
        var own = new FileHasher();
        own.Append(bytes);
        Assert.Equal(own.Finish(), hasher.Finish());
        Assert.Equal([Chunk, Chunk, 9], lengths);
    }

    [Fact]
    public void Shapes_are_those_of_the_sizes()
    {
        Check(0, 0, 0);
        Check(1, 1, 0);
        Check(Chunk, 1, 0);
        Check(Chunk + 1L, 2, 1);
        Check(256L * Chunk, 256, 1);
        Check((256L * Chunk) + 1, 257, 2);
        Check(65536L * Chunk, 65536, 2);
        Check(FileShape.MaxSize, 1L << 32, 4);

        var largest = new FileShape(FileShape.MaxSize);
        Assert.Equal(256, largest.PageCount(4, 0));
        Assert.Equal(256, largest.PageCount(1, (1L << 24) - 1));
        Assert.Equal(0, largest.PageCount(1, 1L << 24));
        Assert.Equal(0, largest.PageCount(5, 0));
        Assert.Equal(0, largest.PageCount(0, 0));
        Assert.Equal(0, largest.PageCount(1, -1));
        Assert.Equal(Chunk, largest.ChunkLength((1L << 32) - 1));
        Assert.Equal(0, largest.ChunkLength(1L << 32));
        Assert.Equal(1, new FileShape(Chunk + 1L).ChunkLength(1));
        Assert.Equal(0, new FileShape(0).ChunkLength(0));
        Assert.Equal(0, new FileShape(5).ChunkLength(-1));
        Assert.Equal(1, new FileShape(257L * Chunk).PageCount(1, 1));
        Assert.True(FileShape.IsSize(1UL << 50));
        Assert.False(FileShape.IsSize((1UL << 50) + 1));

        static void Check(long size, long chunks, int levels)
        {
            var shape = new FileShape(size);
            Assert.Equal(chunks, shape.Chunks);
            Assert.Equal(levels, shape.Levels);
            Assert.Equal(1, shape.Count(levels) + (chunks == 0 ? 1 : 0));
        }
    }

    [Fact]
    public void An_id_is_a_root_and_a_size_that_a_file_may_have()
    {
        Assert.True(FileId.TryRead(FileHash.Empty.ToByteString(), 1UL << 50, out var id));
        Assert.Equal(FileHash.Empty, id.Root);
        Assert.False(FileId.TryRead(FileHash.Empty.ToByteString(), (1UL << 50) + 1, out _));
        Assert.False(FileId.TryRead(FileHash.Empty.ToByteString(), ulong.MaxValue, out _));
        Assert.False(FileId.TryRead(Google.Protobuf.ByteString.CopyFrom(new byte[31]), 5, out _));
    }

    [Fact]
    public void A_builder_is_finished_once()
    {
        var tree = new TreeBuilder();
        tree.Add(NumberedLeaf(1));
        Assert.Equal(NumberedLeaf(1), tree.Finish());
        Assert.Throws<InvalidOperationException>(() => tree.Finish());
        Assert.Throws<InvalidOperationException>(() => tree.Add(NumberedLeaf(2)));
    }

    internal static TreeHash NumberedLeaf(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return FileHash.Leaf(bytes);
    }
}
