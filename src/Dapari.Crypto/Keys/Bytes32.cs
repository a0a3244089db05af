using System.Buffers.Binary;

namespace Dapari.Crypto;

/// <summary>Thirty-two public bytes: the shape that all public keys share. Used inside the key types only.</summary>
internal readonly record struct Bytes32(ulong A, ulong B, ulong C, ulong D)
{
    public const int Length = 32;

    public static bool TryRead(ReadOnlySpan<byte> source, out Bytes32 value)
    {
        if (source.Length != Length)
        {
            value = default;
            return false;
        }

        value = new Bytes32(
            BinaryPrimitives.ReadUInt64BigEndian(source),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[24..]));
        return true;
    }

    public static Bytes32 Read(ReadOnlySpan<byte> source) =>
        TryRead(source, out var value) ? value : throw new ArgumentException("Not thirty-two bytes.", nameof(source));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, A);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], D);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    public int CompareTo(Bytes32 other)
    {
        var order = A.CompareTo(other.A);
        if (order == 0)
            order = B.CompareTo(other.B);
        if (order == 0)
            order = C.CompareTo(other.C);
        return order != 0 ? order : D.CompareTo(other.D);
    }

    public override string ToString() => $"{A:x16}…";
}
