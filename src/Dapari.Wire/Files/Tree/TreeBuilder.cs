namespace Dapari.Wire.Files;

/// <summary>
/// Builds a tree from its leaves, in order. Keeps one unfinished page for each level, 32 KiB in all, whatever the size; a finished page is handed out
/// once, with its name, to be kept by whoever serves the file. One owner.
/// </summary>
/// <remarks>
/// For platforms that hash chunks by themselves, such as a browser's digest over <see cref="FileHash.LeafMark"/> and the chunk;
/// <see cref="FileHasher"/> takes the bytes.
/// </remarks>
/// <param name="page">Takes each finished page: its name and its hashes, which are the receiver's only during the call; null: nobody wants them.</param>
public sealed class TreeBuilder(Action<TreePage, ReadOnlySpan<byte>>? page = null)
{
    private readonly byte[]?[] _open = new byte[FileShape.MaxLevels][];
    private readonly int[] _filled = new int[FileShape.MaxLevels];
    private readonly long[] _finished = new long[FileShape.MaxLevels];
    private TreeHash _first;
    private bool _done;

    /// <summary>Leaves taken so far.</summary>
    public long Leaves { get; private set; }

    /// <summary>Takes the next chunk's leaf.</summary>
    /// <exception cref="InvalidOperationException">The tree is finished, or full: 2^32 leaves.</exception>
    public void Add(TreeHash leaf)
    {
        if (_done || Leaves == FileShape.MaxSize / FileShape.ChunkBytes)
            throw new InvalidOperationException(_done ? "The tree is finished." : "The tree is full.");
        if (Leaves++ == 0)
            _first = leaf;
        Push(0, leaf);
    }

    /// <summary>Closes the pages that are open and gives the root.</summary>
    /// <exception cref="InvalidOperationException">It was finished before.</exception>
    public TreeHash Finish()
    {
        if (_done)
            throw new InvalidOperationException("The tree is finished.");
        _done = true;
        if (Leaves <= 1)
            return Leaves == 0 ? FileHash.Empty : _first;
        var levels = new FileShape(Leaves * FileShape.ChunkBytes).Levels;
        for (var level = 0; ; level++)
        {
            // A page that was full when it was filled has been closed and pushed already; what is open holds at least one hash.
            if (_filled[level] > 0)
                Close(level, last: level + 1 == levels);
            if (level + 1 == levels)
                return _first;
        }
    }

    private void Push(int level, TreeHash hash)
    {
        var bytes = _open[level] ??= new byte[FileShape.PageBytes];
        // A full page waits for the next hash: only then is it known that there is a level above it.
        if (_filled[level] == FileShape.FanOut)
            Close(level, last: false);
        hash.Write(bytes.AsSpan(_filled[level]++ * TreeHash.Length));
    }

    private void Close(int level, bool last)
    {
        var hashes = _open[level].AsSpan(0, _filled[level] * TreeHash.Length);
        page?.Invoke(new TreePage(level + 1, _finished[level]++), hashes);
        var node = FileHash.Node(hashes);
        _filled[level] = 0;
        if (last)
            _first = node;
        else
            Push(level + 1, node);
    }
}
