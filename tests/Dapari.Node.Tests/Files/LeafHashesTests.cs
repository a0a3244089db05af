using System.Security.Cryptography;
using Dapari.Node.Files.Storage;
using Dapari.Wire.Files;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>Many leaves at once are the leaves one by one, however many there are and wherever they lie.</summary>
public sealed class LeafHashesTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(7, 0)]
    [InlineData(8, 0)]
    [InlineData(15, 33)]
    [InlineData(16, 0)]
    [InlineData(16, 320)]
    public void Together_they_are_what_each_is_alone(int count, int gap)
    {
        var stride = FileShape.ChunkBytes + gap;
        var memory = RandomNumberGenerator.GetBytes((Math.Max(1, count) * stride) + 1);
        for (var start = 0; start < 2; start++)
        {
            var leaves = new TreeHash[count];
            LeafHashes.Hash(memory.AsSpan(start), stride, leaves);
            for (var i = 0; i < count; i++)
                Assert.Equal(FileHash.Leaf(memory.AsSpan(start + (i * stride), FileShape.ChunkBytes)), leaves[i]);
        }
    }

    [Fact]
    public void Words_at_their_limits_are_added_right()
    {
        var memory = new byte[LeafHashes.Most * FileShape.ChunkBytes];
        for (var i = 0; i < LeafHashes.Most; i++)
            memory.AsSpan(i * FileShape.ChunkBytes, FileShape.ChunkBytes).Fill((byte)(i * 17));
        var leaves = new TreeHash[LeafHashes.Most];
        LeafHashes.Hash(memory, FileShape.ChunkBytes, leaves);
        for (var i = 0; i < leaves.Length; i++)
            Assert.Equal(FileHash.Leaf(memory.AsSpan(i * FileShape.ChunkBytes, FileShape.ChunkBytes)), leaves[i]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(16)]
    public void Chunks_of_a_file_are_what_each_is_alone(int count)
    {
        const int Before = 5;
        using var room = new FileRoom();
        var path = room.Make("chunks", Before + (LeafHashes.Most * FileShape.ChunkBytes));
        var bytes = File.ReadAllBytes(path);
        using var file = File.OpenHandle(path);
        // What a buffer held before is no matter.
        var buffer = RandomNumberGenerator.GetBytes(LeafHashes.ReadingBytes);
        var leaves = new TreeHash[count];
        Assert.True(LeafHashes.TryHash(file, Before, buffer, leaves));
        for (var i = 0; i < count; i++)
            Assert.Equal(FileHash.Leaf(bytes.AsSpan(Before + (i * FileShape.ChunkBytes), FileShape.ChunkBytes)), leaves[i]);
        if (count > 0)
            Assert.False(LeafHashes.TryHash(file, bytes.Length - ((long)count * FileShape.ChunkBytes) + 1, buffer, leaves));
    }

    [Fact]
    public void What_would_reach_beyond_memory_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LeafHashes.Hash(new byte[(16 * FileShape.ChunkBytes) - 1], FileShape.ChunkBytes, new TreeHash[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => LeafHashes.Hash(new byte[FileShape.ChunkBytes], FileShape.ChunkBytes - 1, new TreeHash[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => LeafHashes.Hash(new byte[17 * FileShape.ChunkBytes], FileShape.ChunkBytes, new TreeHash[17]));
    }
}
