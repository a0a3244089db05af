using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>Names one transfer of files between two people, the same at both ends. Sixteen bytes; prints as lower-case hexadecimal.</summary>
public readonly record struct TransferId : IComparable<TransferId>
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Bytes16.Length;

    private readonly Bytes16 _value;

    private TransferId(Bytes16 value) => _value = value;

    /// <summary>A fresh random id.</summary>
    public static TransferId Random(RandomSource random) => new(Bytes16.Random(random));

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out TransferId id)
    {
        var ok = Bytes16.TryRead(source, out var value);
        id = new TransferId(value);
        return ok;
    }

    /// <summary>Reads a protobuf field; any other length than <see cref="Length"/> is refused.</summary>
    public static bool TryRead(ByteString source, out TransferId id) => TryRead(source.Span, out id);

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination) => _value.Write(destination);

    /// <summary>A new array of <see cref="Length"/> bytes.</summary>
    public byte[] ToArray() => _value.ToArray();

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(_value.ToArray());

    /// <inheritdoc/>
    public int CompareTo(TransferId other) =>
        _value.High != other._value.High ? _value.High.CompareTo(other._value.High) : _value.Low.CompareTo(other._value.Low);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString();
}
