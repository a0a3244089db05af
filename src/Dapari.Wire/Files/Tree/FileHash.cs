using System.Security.Cryptography;

namespace Dapari.Wire.Files;

/// <summary>
/// The two hashes of a tree. A leaf can never be taken for a node: <c>leaf = SHA-256(0x00 ‖ chunk)</c>, <c>node = SHA-256(0x01 ‖ child hashes)</c>.
/// The root of an empty file is the leaf of no bytes.
/// </summary>
/// <remarks>SHA-256 is FIPS 180-4; the separation by a first byte is that of RFC 9162 §2.1.1.</remarks>
public static class FileHash
{
    /// <summary>What is hashed before a chunk's bytes: for platforms that hash by themselves.</summary>
    public const byte LeafMark = 0;

    /// <summary>What is hashed before a page's hashes.</summary>
    public const byte NodeMark = 1;

    /// <summary>The root of an empty file.</summary>
    public static TreeHash Empty { get; } = Leaf([]);

    /// <summary>The leaf of a chunk.</summary>
    public static TreeHash Leaf(ReadOnlySpan<byte> chunk) => Marked(LeafMark, chunk);

    /// <summary>The node over a page of hashes.</summary>
    public static TreeHash Node(ReadOnlySpan<byte> hashes) => Marked(NodeMark, hashes);

    private static TreeHash Marked(byte mark, ReadOnlySpan<byte> bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([mark]);
        hash.AppendData(bytes);
        Span<byte> result = stackalloc byte[TreeHash.Length];
        hash.GetHashAndReset(result);
        TreeHash.TryRead(result, out var value);
        return value;
    }
}
