namespace Dapari.Wire.Files;

/// <summary>
/// What a file's size says about its tree: how many chunks, how many levels, which hashes a page holds. Level 0 are the leaves, one for each chunk;
/// page <c>index</c> of <c>level</c> holds the hashes of what node <c>index</c> of that level stands for, at most <see cref="FanOut"/> of the level below.
/// </summary>
/// <param name="Size">In bytes, 0 to <see cref="MaxSize"/>.</param>
public readonly record struct FileShape(long Size)
{
    /// <summary>A chunk, in bytes; only a file's last one may be shorter.</summary>
    public const int ChunkBytes = 256 * 1024;

    /// <summary>Hashes under a node.</summary>
    public const int FanOut = 256;

    /// <summary>A full page of hashes, in bytes.</summary>
    public const int PageBytes = FanOut * TreeHash.Length;

    /// <summary>The largest file, in bytes: 2^50, which is 2^32 chunks.</summary>
    public const long MaxSize = 1L << 50;

    /// <summary>Levels of nodes above the leaves, at most: 256^4 = 2^32.</summary>
    public const int MaxLevels = 4;

    /// <summary>Chunks of the file; an empty one has none.</summary>
    public long Chunks => (Size + ChunkBytes - 1) / ChunkBytes;

    /// <summary>Levels of nodes above the leaves, 0 to <see cref="MaxLevels"/>; 0: the root is the only leaf, or the file is empty.</summary>
    public int Levels
    {
        get
        {
            var levels = 0;
            for (var count = Chunks; count > 1; count = Up(count))
                levels++;
            return levels;
        }
    }

    /// <summary>Whether a size is one that a file may have.</summary>
    public static bool IsSize(ulong size) => size <= MaxSize;

    /// <summary>The length of a chunk in bytes; 0 for one that the file does not have.</summary>
    public int ChunkLength(long chunk) =>
        chunk < 0 || chunk >= Chunks ? 0 : (int)Math.Min(ChunkBytes, Size - (chunk * ChunkBytes));

    /// <summary>How many hashes a level has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such level.</exception>
    public long Count(int level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, Levels);
        var count = Chunks;
        for (var at = 0; at < level; at++)
            count = Up(count);
        return count;
    }

    /// <summary>How many hashes a page has; 0 for one that the tree does not have.</summary>
    public int PageCount(int level, long index)
    {
        if (level < 1 || level > Levels || index < 0 || index >= Count(level))
            return 0;
        return (int)Math.Min(FanOut, Count(level - 1) - (index * FanOut));
    }

    /// <summary>Which page of a level a chunk lies under.</summary>
    public static long PageOver(long chunk, int level)
    {
        for (var at = 0; at < level; at++)
            chunk /= FanOut;
        return chunk;
    }

    private static long Up(long count) => (count + FanOut - 1) / FanOut;
}
