using System.Buffers.Binary;
using Google.Protobuf;

namespace Dapari.Wire.Files;

/// <summary>A hash of a file's tree: a leaf, a node or the root. Thirty-two bytes; prints as lower-case hexadecimal.</summary>
public readonly record struct TreeHash
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private TreeHash(ReadOnlySpan<byte> source)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(source);
        _b = BinaryPrimitives.ReadUInt64BigEndian(source[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(source[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(source[24..]);
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TreeHash hash)
    {
        hash = source.Length == Length ? new TreeHash(source) : default;
        return source.Length == Length;
    }

    /// <summary>Reads a protobuf field; any other length than <see cref="Length"/> is refused.</summary>
    public static bool TryRead(ByteString source, out TreeHash hash) => TryRead(source.Span, out hash);

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>A new array of <see cref="Length"/> bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(ToArray());

    /// <inheritdoc/>
    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}";
}
