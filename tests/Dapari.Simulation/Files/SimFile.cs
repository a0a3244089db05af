using Dapari.Simulation.Core;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Files;

/// <summary>A file whose bytes are nobody's business: each chunk is known by a number that only the right bytes have.</summary>
internal sealed class SimFile
{
    private readonly ulong _seed;

    private SimFile(FileId id, ulong seed, byte[]? content) => (Id, _seed, Content) = (id, seed, content);

    public FileId Id { get; }

    /// <summary>The bytes of a manifest, which engines read.</summary>
    public byte[]? Content { get; }

    public FileBlob Blob => new() { Root = Id.Root.ToByteString(), Size = (ulong)Id.Shape.Size };

    public static SimFile Make(SimRandom random, long size) => Make(random, size, null);

    public static SimFile Manifest(SimRandom random, byte[] content) => Make(random, content.Length, content);

    /// <summary>What the right bytes of a chunk are known by.</summary>
    public ulong Chunk(long chunk) => new SimRandom(_seed ^ unchecked((ulong)(chunk + 1) * 0x9E3779B97F4A7C15UL)).Next();

    private static SimFile Make(SimRandom random, long size, byte[]? content)
    {
        var seed = random.Next();
        // There is one empty file.
        var root = FileHash.Empty;
        if (size > 0)
            TreeHash.TryRead(new SeededRandomSource(new SimRandom(seed)).Bytes(TreeHash.Length), out root);
        return new SimFile(new FileId(root, new FileShape(size)), seed, content);
    }
}
