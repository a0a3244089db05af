using Dapari.Wire.Files;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// Where things of a transfer's items lie in its folder: received bytes ("0" the manifest, "small" all files below 1 MiB one behind the other, any other file under its number), and
/// the hashes of a source's trees ("tree": of each item all levels below the root, one behind the other).
/// </summary>
internal sealed class ItemPlace
{
    /// <summary>Files below this share one on disk: each of its own would want a flush of its own.</summary>
    public const long Small = 1024 * 1024;

    /// <summary>The file that small items share.</summary>
    public const string Shared = "small";

    /// <summary>The file of hashes.</summary>
    public const string Tree = "tree";

    private readonly long[] _starts;
    private readonly long[] _trees;

    /// <param name="items">In order; the first is the manifest.</param>
    public ItemPlace(IReadOnlyList<FileId> items)
    {
        Items = items;
        (_starts, _trees) = (new long[items.Count], new long[items.Count + 1]);
        for (var i = 0; i < items.Count; i++)
        {
            _trees[i + 1] = _trees[i] + Hashes(items[i].Shape);
            if (!IsShared(i))
                continue;
            _starts[i] = SharedBytes;
            SharedBytes += items[i].Shape.Size;
        }
    }

    /// <summary>The items.</summary>
    public IReadOnlyList<FileId> Items { get; }

    /// <summary>Of the file that small ones share.</summary>
    public long SharedBytes { get; }

    /// <summary>Of all items together.</summary>
    public long TotalBytes => Items.Sum(item => item.Shape.Size);

    /// <summary>Of the hashes of all trees.</summary>
    public long TreeBytes => _trees[^1] * TreeHash.Length;

    /// <summary>Whether an item lies in the shared file.</summary>
    public bool IsShared(int item) => item > 0 && Items[item].Shape.Size < Small;

    /// <summary>The file on disk that an item lies in.</summary>
    public string NameOf(int item) => IsShared(item) ? Shared : item.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Where an item begins in its file.</summary>
    public long StartOf(int item) => _starts[item];

    /// <summary>The offset of a hash in "tree".</summary>
    public long HashAt(int item, int level, long index)
    {
        var at = _trees[item];
        for (var below = 0; below < level; below++)
            at += Items[item].Shape.Count(below);
        return (at + index) * TreeHash.Length;
    }

    private static long Hashes(FileShape shape)
    {
        var sum = 0L;
        for (var level = 0; level < shape.Levels; level++)
            sum += shape.Count(level);
        return sum;
    }
}
