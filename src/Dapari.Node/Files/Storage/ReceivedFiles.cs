using Dapari.Peer.Files;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// What arrived and waits in its transfer's folder until a person says where it belongs. Saved files get clean names, and never another file's: "name (2).ext" where that is taken.
/// </summary>
internal static class ReceivedFiles
{
    /// <summary>Whether all that will come has come.</summary>
    public static bool IsDone(string folder) => SourceIndex.TryRead(folder) is { Outgoing: false, IsDone: true };

    /// <summary>Keeps that it has.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void MarkDone(string folder)
    {
        var index = SourceIndex.TryRead(folder) ?? throw new IOException("The index of what was received cannot be read.");
        if (!index.IsDone)
            (index with { IsDone = true }).Write(folder);
    }

    /// <summary>Puts the files of a transfer where a person wants them; its folder goes.</summary>
    /// <param name="folder">The transfer's.</param>
    /// <param name="claimed">Names and folders as they were offered, item 1 first; null: they stand in the manifest.</param>
    /// <param name="target">Where to; made if need be.</param>
    /// <param name="check">Some of them did not come: each is held to what was offered first, and left out if it is not that.</param>
    /// <returns>The full paths, in order; null for what did not come.</returns>
    /// <exception cref="IOException">A disk refuses; what was saved by then stays, and saving again goes on with the rest.</exception>
    public static IReadOnlyList<string?> Save(string folder, IReadOnlyList<(IReadOnlyList<string> Folder, string Name)>? claimed, string target, bool check)
    {
        if (SourceIndex.TryRead(folder) is not { Outgoing: false, IsDone: true } index || index.Ids() is not { Count: > 1 } ids)
            throw new IOException("There is nothing to save.");
        var place = new ItemPlace(ids);
        claimed ??= OfManifest(folder);
        if (claimed is null || claimed.Count != ids.Count - 1)
            throw new IOException("The names of the files cannot be read.");
        var names = new FilePaths();
        var folders = claimed.Select(one => names.AddFolder(one.Folder)).ToList();
        var saved = new List<string?>();
        for (var i = 0; i < claimed.Count; i++)
        {
            var parts = (string[])[.. folders[i], names.Add(folders[i], claimed[i].Name).Value];
            saved.Add(check && !IsWhole(folder, place, i + 1) ? null : Put(folder, place, i + 1, target, parts));
        }

        Directory.Delete(folder, recursive: true);
        return saved;
    }

    private static IReadOnlyList<(IReadOnlyList<string> Folder, string Name)>? OfManifest(string folder)
    {
        var bytes = File.ReadAllBytes(Path.Combine(folder, "0"));
        return Protobuf.TryParse(bytes, FileManifest.Parser, out var manifest)
            ? [.. manifest.Items.Select(item => ((IReadOnlyList<string>)item.Folder, item.Name))]
            : null;
    }

    private static bool IsWhole(string folder, ItemPlace place, int item)
    {
        if (place.Items[item].Shape.Size == 0)
            return true;
        using var file = File.OpenHandle(Path.Combine(folder, place.NameOf(item)), options: FileOptions.SequentialScan);
        var hasher = new FileHasher();
        var buffer = new byte[4 * FileShape.ChunkBytes];
        for (var at = 0L; at < place.Items[item].Shape.Size; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, place.Items[item].Shape.Size - at));
            if (!OpenFiles.TryReadAll(file, place.StartOf(item) + at, part))
                return false;
            hasher.Append(part);
        }

        return hasher.Finish() == place.Items[item];
    }

    private static string Put(string folder, ItemPlace place, int item, string target, string[] parts)
    {
        var into = Directory.CreateDirectory(Path.Combine([target, .. parts[..^1]])).FullName;
        var source = Path.Combine(folder, place.NameOf(item));
        var (stem, extension) = (Path.GetFileNameWithoutExtension(parts[^1]), Path.GetExtension(parts[^1]));
        for (var number = 1; ; number++)
        {
            var path = Path.Combine(into, number == 1 ? parts[^1] : $"{stem} ({number}){extension}");
            if (File.Exists(path) || Directory.Exists(path))
                continue;
            // Somebody may make a file of this name at the same moment: creating tells.
            try
            {
                if (!place.IsShared(item) && place.Items[item].Shape.Size > 0)
                    File.Move(source, path, overwrite: false);
                else
                    Copy(source, place.StartOf(item), place.Items[item].Shape.Size, path);
                return path;
            }
            catch (IOException) when (File.Exists(path) && (place.IsShared(item) || File.Exists(source)))
            {
                continue;
            }
        }
    }

    private static void Copy(string source, long from, long size, string path)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        if (size == 0)
            return;
        try
        {
            using var handle = File.OpenHandle(source);
            var bytes = new byte[size];
            if (!OpenFiles.TryReadAll(handle, from, bytes))
                throw new EndOfStreamException("What was kept is shorter than it was.");
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }
}
