using System.Buffers;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>Names a drop-off on a server. Sixteen random bytes; prints as lower-case hexadecimal, which is its name in a URL.</summary>
public readonly record struct BlobId : IComparable<BlobId>
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Bytes16.Length;

    private readonly Bytes16 _value;

    private BlobId(Bytes16 value) => _value = value;

    /// <summary>A fresh random id.</summary>
    public static BlobId Random(RandomSource random) => new(Bytes16.Random(random));

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out BlobId id)
    {
        var ok = Bytes16.TryRead(source, out var value);
        id = new BlobId(value);
        return ok;
    }

    /// <summary>Reads a protobuf field; any other length than <see cref="Length"/> is refused.</summary>
    public static bool TryRead(ByteString source, out BlobId id) => TryRead(source.Span, out id);

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination) => _value.Write(destination);

    /// <summary>A new array of <see cref="Length"/> bytes.</summary>
    public byte[] ToArray() => _value.ToArray();

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(_value.ToArray());

    /// <summary>Reads 32 lower-case hexadecimal digits; anything else is refused.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out BlobId id)
    {
        Span<byte> bytes = stackalloc byte[Length];
        id = default;
        return text.Length == 2 * Length && !text.ContainsAnyInRange('A', 'F')
            && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done && TryRead(bytes, out id);
    }

    /// <inheritdoc/>
    public int CompareTo(BlobId other) =>
        _value.High != other._value.High ? _value.High.CompareTo(other._value.High) : _value.Low.CompareTo(other._value.Low);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString();
}
