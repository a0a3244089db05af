using Dapari.Wire.Files;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// The sender's side of a transfer: the person's own files, read where they lie, and the trees that were kept when they were hashed. A file that was touched since then is told as
/// changed before anything of it goes. Safe for threads.
/// </summary>
internal sealed class SourceFiles : IDisposable
{
    private const int MostOpen = 16;
    private readonly string _folder;
    private readonly SourceIndex _index;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, OpenItem> _open = [];
    private bool _disposed;
    private readonly SafeFileHandle _tree;

    private SourceFiles(string folder, SourceIndex index, ItemPlace place, SafeFileHandle tree) => (_folder, _index, Place, _tree) = (folder, index, place, tree);

    /// <summary>What the items are.</summary>
    public ItemPlace Place { get; }

    /// <summary>Opens what was prepared; null: it is not there, or cannot be read.</summary>
    public static SourceFiles? TryOpen(string folder)
    {
        if (SourceIndex.TryRead(folder) is not { Outgoing: true } index || index.Ids() is not { Count: > 0 } ids)
            return null;
        try
        {
            return new SourceFiles(folder, index, new ItemPlace(ids), File.OpenHandle(Path.Combine(folder, ItemPlace.Tree)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Which items can not be read as they were hashed, and whether each was changed (else it is gone).</summary>
    public IReadOnlyList<(int Item, bool Changed)> Missing()
    {
        var missing = new List<(int, bool)>();
        for (var item = 1; item < _index.Items.Count; item++)
        {
            var info = new FileInfo(_index.Items[item].Path!);
            if (!info.Exists)
                missing.Add((item, false));
            else if (info.Length != _index.Items[item].Size || info.LastWriteTimeUtc.Ticks != _index.Items[item].Modified)
                missing.Add((item, true));
        }

        return missing;
    }

    /// <summary>Reads a part of an item that is as it was hashed, as far as its size and time tell.</summary>
    /// <exception cref="SourceFault">It is not.</exception>
    public void Read(int item, long offset, Span<byte> into)
    {
        OpenItem? open = null;
        try
        {
            open = Take(item);
            var whole = OpenFiles.TryReadAll(open.Handle, offset, into);
            // Looked at after reading: what was written before that is noticed.
            if (item > 0 && (File.GetLastWriteTimeUtc(open.Handle).Ticks != _index.Items[item].Modified || RandomAccess.GetLength(open.Handle) != _index.Items[item].Size))
                throw new SourceFault(item, changed: true);
            if (!whole)
                throw new SourceFault(item, changed: item > 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new SourceFault(item, changed: false);
        }
        finally
        {
            if (open is not null)
                Give(open);
        }
    }

    /// <summary>Reads a chunk and holds it to its leaf.</summary>
    /// <exception cref="SourceFault">It is another.</exception>
    public void ReadChecked(int item, long chunk, Span<byte> into)
    {
        Read(item, chunk * FileShape.ChunkBytes, into);
        var expected = Place.Items[item].Root;
        if (Place.Items[item].Shape.Levels > 0)
        {
            Span<byte> leaf = stackalloc byte[TreeHash.Length];
            ReadTree(item, Place.HashAt(item, 0, chunk), leaf);
            TreeHash.TryRead(leaf, out expected);
        }

        if (FileHash.Leaf(into) != expected)
            throw new SourceFault(item, changed: true);
    }

    /// <summary>The pages over a chunk, from the root down.</summary>
    /// <exception cref="SourceFault">The kept tree cannot be read.</exception>
    public IReadOnlyList<(TreePage Name, byte[] Hashes)> Pages(int item, long chunk)
    {
        var shape = Place.Items[item].Shape;
        var pages = new List<(TreePage, byte[])>();
        for (var level = shape.Levels; level > 0; level--)
        {
            var index = FileShape.PageOver(chunk, level);
            var hashes = new byte[shape.PageCount(level, index) * TreeHash.Length];
            ReadTree(item, Place.HashAt(item, level - 1, index * FileShape.FanOut), hashes);
            pages.Add((new TreePage(level, index), hashes));
        }

        return pages;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var open in _open.Values.Where(one => one.Users == 0))
                open.Handle.Dispose();
            _open.Clear();
        }

        _tree.Dispose();
    }

    private void ReadTree(int item, long offset, Span<byte> into)
    {
        try
        {
            if (!OpenFiles.TryReadAll(_tree, offset, into))
                throw new SourceFault(item, changed: false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            throw new SourceFault(item, changed: false);
        }
    }

    private OpenItem Take(int item)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(item, out var open))
            {
                // One that another thread reads at this moment stays.
                if (_open.Count >= MostOpen && _open.FirstOrDefault(one => one.Value.Users == 0) is { Value: not null } idle)
                {
                    _open.Remove(idle.Key);
                    idle.Value.Handle.Dispose();
                }

                var path = item == 0 ? Path.Combine(_folder, "0") : _index.Items[item].Path!;
                open = _open[item] = new OpenItem(File.OpenHandle(path, options: FileOptions.SequentialScan));
            }

            open.Users++;
            return open;
        }
    }

    private void Give(OpenItem open)
    {
        lock (_lock)
        {
            if (--open.Users == 0 && _disposed)
                open.Handle.Dispose();
        }
    }

    private sealed class OpenItem(SafeFileHandle handle)
    {
        public SafeFileHandle Handle => handle;

        public int Users { get; set; }
    }
}

/// <summary>A source cannot be read as it was hashed: it changed, or it is gone.</summary>
internal sealed class SourceFault(int item, bool changed) : Exception
{
    /// <summary>Which item.</summary>
    public int Item => item;

    /// <summary>Changed; else gone.</summary>
    public bool Changed => changed;
}
