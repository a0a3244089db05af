namespace Dapari.Wire.Files;

/// <summary>
/// Holds pages and chunks to a file's id, in whatever order they come. What cannot be judged yet is answered with the page that it needs first, from the
/// root down; give it again behind that page. Keeps at most so many verified pages, and drops the one that was not used for longest: a page that
/// was dropped is asked for again, never believed. One owner.
/// </summary>
public sealed class TreeVerifier
{
    /// <summary>Verified pages kept when nothing else is said: half a mebibyte, which covers 4 GiB read in order and far more read in turns.</summary>
    public const int DefaultPages = 64;

    private readonly Dictionary<TreePage, LinkedListNode<(TreePage Name, byte[] Hashes)>> _pages = [];
    private readonly LinkedList<(TreePage Name, byte[] Hashes)> _recent = [];
    private readonly int _capacity;

    /// <summary>A verifier that knows nothing but the id.</summary>
    /// <param name="file">The id to hold to.</param>
    /// <param name="pages">Verified pages kept, at least <see cref="FileShape.MaxLevels"/>.</param>
    public TreeVerifier(FileId file, int pages = DefaultPages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, FileShape.MaxLevels);
        File = file;
        _capacity = pages;
    }

    /// <summary>What is held to.</summary>
    public FileId File { get; }

    /// <summary>Pages kept at the moment, each of at most <see cref="FileShape.PageBytes"/> bytes.</summary>
    public int PagesKept => _pages.Count;

    /// <summary>Whether an empty file's id is one: nothing else of an empty file can be verified.</summary>
    public bool IsEmptyFile => File.Shape.Size == 0 && File.Root == FileHash.Empty;

    /// <summary>Whether a page was verified and is kept. Does not count as its use.</summary>
    public bool Has(TreePage name) => _pages.ContainsKey(name);

    /// <summary>Judges a page, and keeps it if it is right.</summary>
    /// <param name="name">Which page.</param>
    /// <param name="hashes">Its hashes; copied.</param>
    /// <param name="missing">With <see cref="TreeVerdict.NeedsPage"/>: what to ask for first.</param>
    public TreeVerdict AddPage(TreePage name, ReadOnlySpan<byte> hashes, out TreePage missing)
    {
        missing = default;
        var count = File.Shape.PageCount(name.Level, name.Index);
        if (count == 0 || hashes.Length != count * TreeHash.Length)
            return TreeVerdict.OutOfShape;
        if (!TryExpect(name.Level, name.Index, out var expected, out missing))
            return TreeVerdict.NeedsPage;
        if (FileHash.Node(hashes) != expected)
            return TreeVerdict.Wrong;
        Keep(name, hashes);
        return TreeVerdict.Right;
    }

    /// <summary>Judges a chunk.</summary>
    public TreeVerdict CheckChunk(long chunk, ReadOnlySpan<byte> bytes, out TreePage missing)
    {
        missing = default;
        if (bytes.IsEmpty || bytes.Length != File.Shape.ChunkLength(chunk))
            return TreeVerdict.OutOfShape;
        // Before a hash is computed for whoever sent what cannot be judged.
        return TryExpect(0, chunk, out var expected, out missing) ? Judge(FileHash.Leaf(bytes), expected) : TreeVerdict.NeedsPage;
    }

    /// <summary>Judges a chunk that the platform hashed.</summary>
    /// <param name="chunk">Which.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="leaf">SHA-256 over <see cref="FileHash.LeafMark"/> and its bytes.</param>
    /// <param name="missing">With <see cref="TreeVerdict.NeedsPage"/>: what to ask for first.</param>
    public TreeVerdict CheckLeaf(long chunk, int length, TreeHash leaf, out TreePage missing)
    {
        missing = default;
        if (length <= 0 || length != File.Shape.ChunkLength(chunk))
            return TreeVerdict.OutOfShape;
        return TryExpect(0, chunk, out var expected, out missing) ? Judge(leaf, expected) : TreeVerdict.NeedsPage;
    }

    private static TreeVerdict Judge(TreeHash actual, TreeHash expected) => actual == expected ? TreeVerdict.Right : TreeVerdict.Wrong;

    /// <summary>The verified hash of a leaf or node; or the topmost page that is missing on the way to it.</summary>
    private bool TryExpect(int level, long index, out TreeHash expected, out TreePage missing)
    {
        missing = default;
        if (level == File.Shape.Levels)
        {
            expected = File.Root;
            return true;
        }

        var parent = new TreePage(level + 1, index / FileShape.FanOut);
        if (_pages.TryGetValue(parent, out var page))
        {
            _recent.Remove(page);
            _recent.AddFirst(page);
            return TreeHash.TryRead(page.Value.Hashes.AsSpan((int)(index % FileShape.FanOut) * TreeHash.Length, TreeHash.Length), out expected);
        }

        expected = default;
        if (TryExpect(parent.Level, parent.Index, out _, out missing))
            missing = parent;
        return false;
    }

    private void Keep(TreePage name, ReadOnlySpan<byte> hashes)
    {
        if (_pages.ContainsKey(name))
            return;
        if (_pages.Count == _capacity && _recent.Last is { } oldest)
        {
            _recent.RemoveLast();
            _pages.Remove(oldest.Value.Name);
        }

        _pages.Add(name, _recent.AddFirst((name, hashes.ToArray())));
    }
}
