using System.Security.Cryptography;
using Dapari.Wire.Files;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Shares;

/// <summary>A file that is shared: open, hashed, with its tree's pages in memory (32 bytes for each 256 KiB). Safe from any thread.</summary>
internal sealed class ShareSource : IDisposable
{
    private static readonly FileExtensionContentTypeProvider _types = new();
    private readonly SafeFileHandle _file;
    private readonly Dictionary<TreePage, byte[]> _pages;

    private ShareSource(SafeFileHandle file, FileId id, Dictionary<TreePage, byte[]> pages, string path)
    {
        (_file, Id, _pages) = (file, id, pages);
        Told = new ShareFile(Path.GetFileName(path), _types.TryGetContentType(path, out var type) ? type : "application/octet-stream", id.Shape.Size, id.Root.ToString());
    }

    /// <summary>What the file is.</summary>
    public FileId Id { get; }

    /// <summary>As visitors are told of it.</summary>
    public ShareFile Told { get; }

    /// <summary>Opens and hashes a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ShareSource Open(string path, CancellationToken cancellation)
    {
        var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        try
        {
            var pages = new Dictionary<TreePage, byte[]>();
            var hasher = new FileHasher(page: (name, hashes) => pages[name] = hashes.ToArray());
            var buffer = new byte[4 * FileShape.ChunkBytes];
            for (var at = 0L; RandomAccess.Read(file, buffer, at) is > 0 and var read; at += read)
            {
                cancellation.ThrowIfCancellationRequested();
                hasher.Append(buffer.AsSpan(0, read));
            }

            return new ShareSource(file, hasher.Finish(), pages, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A page's hashes; empty: the tree has no such page.</summary>
    public ReadOnlySpan<byte> Page(TreePage name) => _pages.GetValueOrDefault(name);

    /// <summary>Reads a chunk; false: the file is not what it was any more.</summary>
    public bool TryRead(long chunk, Span<byte> into)
    {
        try
        {
            for (var read = 0; read < into.Length;)
            {
                if (RandomAccess.Read(_file, into[read..], (chunk * FileShape.ChunkBytes) + read) is > 0 and var count)
                    read += count;
                else
                    return false;
            }
        }
        catch (IOException)
        {
            return false;
        }

        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        FileHash.Leaf(into).Write(leaf);
        if (Id.Shape.Levels > 0)
            return leaf.SequenceEqual(Page(new TreePage(1, chunk / FileShape.FanOut)).Slice((int)(chunk % FileShape.FanOut) * TreeHash.Length, TreeHash.Length));
        Span<byte> root = stackalloc byte[TreeHash.Length];
        Id.Root.Write(root);
        return CryptographicOperations.FixedTimeEquals(leaf, root);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
