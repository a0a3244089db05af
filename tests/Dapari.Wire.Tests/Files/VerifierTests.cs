using CsCheck;
using Dapari.Wire.Files;
using Xunit;

namespace Dapari.Wire.Tests.Files;

public sealed class VerifierTests
{
    private const int Chunk = FileShape.ChunkBytes;

    [Fact]
    public void Pages_and_leaves_are_taken_in_any_order_with_any_memory()
    {
        Gen.Select(Gen.Int[1, 70_000], Gen.Int[FileShape.MaxLevels, 300], Gen.Int).Sample(
            (leaves, capacity, seed) =>
            {
                var (id, pages) = Tree(leaves);
                var verifier = new TreeVerifier(id, capacity);
                var random = new Random(seed);
                for (var i = 0; i < 200; i++)
                {
                    var chunk = random.Next(leaves);
                    var asked = 0;
                    while (true)
                    {
                        var verdict = verifier.CheckLeaf(chunk, Chunk, TreeTests.NumberedLeaf(chunk), out var missing);
                        if (verdict == TreeVerdict.Right)
                            break;
                        Assert.Equal(TreeVerdict.NeedsPage, verdict);
                        Assert.True(++asked <= id.Shape.Levels, "pages are asked for from the root down, each once");
                        Assert.Equal(TreeVerdict.Right, verifier.AddPage(missing, pages[missing], out _));
                    }

                    Assert.True(verifier.PagesKept <= capacity);
                    var other = TreeTests.NumberedLeaf(chunk + 1L);
                    Assert.Equal(TreeVerdict.Wrong, verifier.CheckLeaf(chunk, Chunk, other, out _));
                }
            },
            iter: 30);
    }

    [Fact]
    public void A_page_that_comes_before_its_parent_waits_and_a_changed_one_is_wrong()
    {
        var (id, pages) = Tree(65_537);
        Assert.Equal(3, id.Shape.Levels);
        var verifier = new TreeVerifier(id);
        var low = new TreePage(1, 5);
        Assert.Equal(TreeVerdict.NeedsPage, verifier.AddPage(low, pages[low], out var missing));
        Assert.Equal(new TreePage(3, 0), missing);
        foreach (var (name, hashes) in pages.Where(page => page.Key is { Level: 3 } or { Level: 2, Index: 0 } || page.Key == low).OrderByDescending(page => page.Key.Level))
        {
            for (var i = 0; i < hashes.Length; i += 997)
            {
                var changed = hashes.ToArray();
                changed[i] ^= 1;
                Assert.Equal(TreeVerdict.Wrong, verifier.AddPage(name, changed, out _));
            }

            Assert.Equal(TreeVerdict.OutOfShape, verifier.AddPage(name, hashes.AsSpan(1), out _));
            Assert.Equal(TreeVerdict.OutOfShape, verifier.AddPage(name, [], out _));
            Assert.Equal(TreeVerdict.Right, verifier.AddPage(name, hashes, out _));
        }

        Assert.Equal(TreeVerdict.OutOfShape, verifier.AddPage(new TreePage(1, 257), pages[low], out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.AddPage(new TreePage(0, 0), pages[low], out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.AddPage(new TreePage(int.MaxValue, long.MaxValue), pages[low], out _));
        // The right hashes under another's name.
        Assert.Equal(TreeVerdict.Wrong, verifier.AddPage(new TreePage(1, 6), pages[low], out _));
    }

    [Fact]
    public void A_chunk_must_have_its_length_and_its_bytes()
    {
        var bytes = TreeVectors.Bytes((2 * Chunk) + 10);
        byte[] page = [];
        var hasher = new FileHasher(page: (_, hashes) => page = hashes.ToArray());
        hasher.Append(bytes);
        var verifier = new TreeVerifier(hasher.Finish());
        Assert.Equal(TreeVerdict.NeedsPage, verifier.CheckChunk(0, bytes.AsSpan(0, Chunk), out var missing));
        Assert.Equal(new TreePage(1, 0), missing);
        Assert.Equal(TreeVerdict.Right, verifier.AddPage(missing, page, out _));
        Assert.Equal(TreeVerdict.Right, verifier.CheckChunk(0, bytes.AsSpan(0, Chunk), out _));
        Assert.Equal(TreeVerdict.Right, verifier.CheckChunk(2, bytes.AsSpan(2 * Chunk), out _));
        Assert.Equal(TreeVerdict.Wrong, verifier.CheckChunk(1, bytes.AsSpan(0, Chunk), out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.CheckChunk(2, bytes.AsSpan(0, Chunk), out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.CheckChunk(3, bytes.AsSpan(0, 1), out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.CheckChunk(-1, bytes.AsSpan(0, Chunk), out _));
        Assert.Equal(TreeVerdict.OutOfShape, verifier.CheckChunk(0, [], out _));
    }

    [Fact]
    public void A_page_of_hashes_is_not_a_chunk_nor_the_other_way()
    {
        // A file of one chunk whose bytes are a page: its root must not be that page's node.
        var (_, pages) = Tree(256);
        var page = pages[new TreePage(1, 0)];
        Assert.NotEqual(FileHash.Node(page), FileHash.Leaf(page));
        var one = new TreeVerifier(new FileId(FileHash.Node(page), new FileShape(page.Length)));
        Assert.Equal(TreeVerdict.Wrong, one.CheckChunk(0, page, out _));
    }

    [Fact]
    public void The_largest_file_takes_no_more_memory_than_was_said()
    {
        // A tree of 2^32 equal leaves: every page of a level is the same.
        var leaf = TreeTests.NumberedLeaf(7);
        var hashes = new byte[FileShape.MaxLevels + 1][];
        for (var level = 1; level <= FileShape.MaxLevels; level++)
        {
            hashes[level] = new byte[FileShape.PageBytes];
            for (var i = 0; i < FileShape.FanOut; i++)
                leaf.Write(hashes[level].AsSpan(i * TreeHash.Length));
            leaf = FileHash.Node(hashes[level]);
        }

        var verifier = new TreeVerifier(new FileId(leaf, new FileShape(FileShape.MaxSize)));
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var chunk = i < 2 ? i * ((1L << 32) - 1) : random.NextInt64(1L << 32);
            TreeVerdict verdict;
            while ((verdict = verifier.CheckLeaf(chunk, Chunk, TreeTests.NumberedLeaf(7), out var missing)) == TreeVerdict.NeedsPage)
                Assert.Equal(TreeVerdict.Right, verifier.AddPage(missing, hashes[missing.Level], out _));
            Assert.Equal(TreeVerdict.Right, verdict);
            Assert.True(verifier.PagesKept <= TreeVerifier.DefaultPages);
        }
    }

    [Fact]
    public void An_empty_file_is_known_by_its_id_alone()
    {
        Assert.True(new TreeVerifier(new FileHasher().Finish()).IsEmptyFile);
        Assert.False(new TreeVerifier(new FileId(TreeTests.NumberedLeaf(1), new FileShape(0))).IsEmptyFile);
        Assert.Equal(TreeVerdict.OutOfShape, new TreeVerifier(new FileHasher().Finish()).CheckChunk(0, [], out _));
    }

    private static (FileId Id, Dictionary<TreePage, byte[]> Pages) Tree(int leaves)
    {
        var pages = new Dictionary<TreePage, byte[]>();
        var tree = new TreeBuilder((name, hashes) => pages.Add(name, hashes.ToArray()));
        for (var k = 0; k < leaves; k++)
            tree.Add(TreeTests.NumberedLeaf(k));
        return (new FileId(tree.Finish(), new FileShape((long)leaves * Chunk)), pages);
    }
}
