using Google.Protobuf;

namespace Dapari.Wire.Files;

/// <summary>What a file is, whatever it is called: its tree's root and its size. Neither says it alone.</summary>
/// <param name="Root">The root of the tree.</param>
/// <param name="Shape">Its size, and what follows from it.</param>
public readonly record struct FileId(TreeHash Root, FileShape Shape)
{
    /// <summary>Reads fields of the wire: a root of the right length and a size that a file may have.</summary>
    public static bool TryRead(ByteString root, ulong size, out FileId id)
    {
        var good = TreeHash.TryRead(root, out var hash) & FileShape.IsSize(size);
        id = good ? new FileId(hash, new FileShape((long)size)) : default;
        return good;
    }
}
