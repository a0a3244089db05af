using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Testing;

/// <summary>A file in memory, with its tree.</summary>
public sealed class MemoryFile
{
    public MemoryFile(byte[] bytes)
    {
        Bytes = bytes;
        var hasher = new FileHasher(page: (name, hashes) => Pages[name] = hashes.ToArray());
        hasher.Append(bytes);
        Id = hasher.Finish();
    }

    public byte[] Bytes { get; }

    public FileId Id { get; }

    public Dictionary<TreePage, byte[]> Pages { get; } = [];

    public FileBlob Blob => new() { Root = Id.Root.ToByteString(), Size = (ulong)Bytes.Length };

    public ReadOnlySpan<byte> Chunk(long chunk) => Bytes.AsSpan((int)chunk * FileShape.ChunkBytes, Id.Shape.ChunkLength(chunk));

    /// <summary>The pages over a chunk, from the root down, one after the other.</summary>
    public byte[] PagesOver(long chunk)
    {
        var all = new List<byte>();
        for (var level = Id.Shape.Levels; level >= 1; level--)
            all.AddRange(Pages[new TreePage(level, FileShape.PageOver(chunk, level))]);
        return [.. all];
    }
}
