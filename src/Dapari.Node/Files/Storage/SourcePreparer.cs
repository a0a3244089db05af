using System.Buffers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// Makes a transfer's source of files and folders: each is read once and hashed on several cores; its tree is kept, its bytes stay where they lie. Memory does not grow with sizes.
/// </summary>
internal static class SourcePreparer
{
    // So many chunks are hashed before their leaves go into the tree: 64 MiB for each of 4 pages of leaves.
    private const int Window = 4 * FileShape.FanOut;
    private const int ChunksAtOnce = LeafHashes.Most;

    /// <summary>Reads, hashes and keeps.</summary>
    /// <param name="folder">The transfer's, new.</param>
    /// <param name="found">The files, see <see cref="Find"/>.</param>
    /// <param name="told">Told how many bytes were hashed so far.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What the offer says; the manifest if they do not fit into one.</returns>
    /// <exception cref="SourceFault">A file (counted from 1) cannot be read, or was changed meanwhile.</exception>
    /// <exception cref="IOException">This node's folder takes no more.</exception>
    public static (IReadOnlyList<FileItem> Items, FileBlob? Manifest) Prepare(string folder, IReadOnlyList<FoundFile> found, Action<long>? told, CancellationToken cancellation)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        var trees = Path.Combine(folder, ItemPlace.Tree);
        var parts = Path.Combine(folder, "parts");
        var indexed = new List<IndexedItem>();
        var items = new List<FileItem>();
        var done = 0L;
        using (var tree = new FileStream(parts, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, UnixCreateMode = OwnerOnly }))
        {
            var at = 0L;
            for (var i = 0; i < found.Count; i++)
            {
                var (id, modified) = Hash(found[i].Path, i + 1, tree.SafeFileHandle, ref at, bytes => told?.Invoke(done + bytes), cancellation);
                done += id.Shape.Size;
                indexed.Add(new IndexedItem(id.Root.ToString(), id.Shape.Size, found[i].Path, modified));
                items.Add(new FileItem
                {
                    Name = found[i].Name, Folder = { found[i].Folder }, Blob = new FileBlob { Root = id.Root.ToByteString(), Size = (ulong)id.Shape.Size },
                    MediaType = MediaTypes.Of(found[i].Name), ModifiedAtMs = (ulong)Math.Max(0, new DateTimeOffset(modified, TimeSpan.Zero).ToUnixTimeMilliseconds()),
                });
            }

            var manifest = NeedsManifest(items) ? ManifestCodec.Write(new FileManifest { Items = { items } }) : [];
            var hasher = new byte[((manifest.Length / FileShape.ChunkBytes) + 2) * TreeHash.Length * 2];
            var kept = 0;
            var hash = new FileHasher(null, (_, hashes) =>
            {
                hashes.CopyTo(hasher.AsSpan(kept));
                kept += hashes.Length;
            });
            hash.Append(manifest);
            var manifestId = hash.Finish();
            File.WriteAllBytes(Path.Combine(folder, "0"), manifest);
            File.SetUnixFileMode(Path.Combine(folder, "0"), OwnerOnly);
            // The manifest is known last and stands first.
            using (var whole = new FileStream(trees, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                whole.Write(hasher.AsSpan(0, kept));
                tree.Position = 0;
                tree.CopyTo(whole);
                whole.Flush(flushToDisk: true);
            }

            indexed.Insert(0, new IndexedItem(manifestId.Root.ToString(), manifest.Length, null, 0));
            new SourceIndex(true, indexed).Write(folder);
            File.Delete(parts);
            return (items, manifest.Length == 0 ? null : new FileBlob { Root = manifestId.Root.ToByteString(), Size = (ulong)manifest.Length });
        }
    }

    /// <summary>What a person named: files, and folders with everything in them but symbolic links and what is no file.</summary>
    /// <returns>Null: <paramref name="wrong"/> is not there, cannot be read, or there are too many.</returns>
    public static IReadOnlyList<FoundFile>? Find(IEnumerable<string> named, out string wrong)
    {
        var found = new List<FoundFile>();
        wrong = "";
        foreach (var path in named)
        {
            wrong = path;
            if (File.Exists(path))
            {
                found.Add(new FoundFile(Path.GetFullPath(path), Path.GetFileName(Path.GetFullPath(path)), []));
            }
            else if (Directory.Exists(path))
            {
                var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
                var above = Path.GetDirectoryName(root) ?? root;
                var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device, IgnoreInaccessible = false };
                try
                {
                    foreach (var file in Directory.EnumerateFiles(root, "*", options).Order(StringComparer.Ordinal))
                    {
                        var folder = Path.GetRelativePath(above, Path.GetDirectoryName(file)!).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
                        found.Add(new FoundFile(file, Path.GetFileName(file), folder));
                        if (found.Count > WireLimits.FilesPerTransfer)
                            return null;
                    }
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    return null;
                }
            }
            else
            {
                return null;
            }
        }

        return found.Count > WireLimits.FilesPerTransfer ? null : found;
    }

    private static bool NeedsManifest(List<FileItem> items) => items.Count > WireLimits.FilesPerOffer || items.Sum(item => item.CalculateSize() + 4L) > 24 * 1024;

    private static (FileId Id, long Modified) Hash(string path, int item, SafeFileHandle tree, ref long at, Action<long> told, CancellationToken cancellation)
    {
        try
        {
            using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            var (size, modified) = (RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file).Ticks);
            var shape = new FileShape(size);
            var levels = new long[shape.Levels + 1];
            var end = at;
            for (var level = 0; level < shape.Levels; level++)
            {
                levels[level] = end;
                end += shape.Count(level) * TreeHash.Length;
            }

            var builder = new TreeBuilder((page, hashes) => RandomAccess.Write(tree, hashes, levels[page.Level - 1] + (page.Index * FileShape.PageBytes)));
            var leaves = new TreeHash[Math.Min(Window, shape.Chunks)];
            for (var first = 0L; first < shape.Chunks; first += leaves.Length)
            {
                var count = (int)Math.Min(leaves.Length, shape.Chunks - first);
                HashWindow(file, shape, first, leaves.AsMemory(0, count), item, cancellation);
                for (var i = 0; i < count; i++)
                    builder.Add(leaves[i]);
                told(Math.Min(size, (first + count) * FileShape.ChunkBytes));
            }

            if (File.GetLastWriteTimeUtc(file).Ticks != modified || RandomAccess.GetLength(file) != size)
                throw new SourceFault(item, changed: true);
            at = end;
            return (new FileId(builder.Finish(), shape), modified);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SourceFault(item, changed: false);
        }
    }

    private static void HashWindow(SafeFileHandle file, FileShape shape, long first, Memory<TreeHash> leaves, int item, CancellationToken cancellation)
    {
        var groups = (leaves.Length + ChunksAtOnce - 1) / ChunksAtOnce;
        void Group(int group, byte[] buffer)
        {
            var from = group * ChunksAtOnce;
            var chunks = Math.Min(ChunksAtOnce, leaves.Length - from);
            var begin = (first + from) * FileShape.ChunkBytes;
            var length = (int)Math.Min((long)chunks * FileShape.ChunkBytes, shape.Size - begin);
            var whole = length / FileShape.ChunkBytes;
            var rest = buffer.AsSpan(0, length - (whole * FileShape.ChunkBytes));
            OpenFiles.WillRead(file, begin, length);
            if (!LeafHashes.TryHash(file, begin, buffer, leaves.Span.Slice(from, whole)) || !OpenFiles.TryReadAll(file, begin + length - rest.Length, rest))
                throw new SourceFault(item, changed: true);
            if (whole < chunks)
                leaves.Span[from + whole] = FileHash.Leaf(rest);
        }

        if (groups == 1)
        {
            Group(0, new byte[shape.Size < FileShape.ChunkBytes ? shape.Size : LeafHashes.ReadingBytes]);
            return;
        }

        try
        {
            Parallel.For(
                0, groups, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount) },
                () => ArrayPool<byte>.Shared.Rent(LeafHashes.ReadingBytes),
                (group, _, buffer) =>
                {
                    Group(group, buffer);
                    return buffer;
                },
                buffer => ArrayPool<byte>.Shared.Return(buffer));
        }
        catch (AggregateException several)
        {
            throw several.InnerExceptions.OfType<SourceFault>().FirstOrDefault() ?? new SourceFault(item, changed: false);
        }
    }
}

/// <summary>A file to send.</summary>
/// <param name="Path">Where it lies, in full.</param>
/// <param name="Name">As it is offered.</param>
/// <param name="Folder">As it is offered, from the outermost in.</param>
internal sealed record FoundFile(string Path, string Name, IReadOnlyList<string> Folder);
