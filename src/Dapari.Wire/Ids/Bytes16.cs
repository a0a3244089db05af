using System.Buffers.Binary;

namespace Dapari.Wire;

/// <summary>Sixteen opaque bytes: the shape that all ids share. Used inside the id types only.</summary>
internal readonly record struct Bytes16(ulong High, ulong Low)
{
    public const int Length = 16;

    public static bool TryRead(ReadOnlySpan<byte> source, out Bytes16 value)
    {
        if (source.Length != Length)
        {
            value = default;
            return false;
        }

        value = new Bytes16(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));
        return true;
    }

    public static Bytes16 Random(RandomSource random)
    {
        Span<byte> bytes = stackalloc byte[Length];
        random.Fill(bytes);
        return new Bytes16(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    public override string ToString() => $"{High:x16}{Low:x16}";
}
