using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>The X25519 key of a device: its IK in PQXDH. Thirty-two bytes; prints its first eight in hexadecimal.</summary>
public readonly record struct AgreementPublicKey
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Bytes32.Length;

    private readonly Bytes32 _value;

    internal AgreementPublicKey(ReadOnlySpan<byte> value) => _value = Bytes32.Read(value);

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out AgreementPublicKey key)
    {
        var ok = Bytes32.TryRead(source, out _);
        key = ok ? new AgreementPublicKey(source) : default;
        return ok;
    }

    /// <summary>Reads a protobuf field; any other length than <see cref="Length"/> is refused.</summary>
    public static bool TryRead(ByteString source, out AgreementPublicKey key)
    {
        ArgumentNullException.ThrowIfNull(source);
        return TryRead(source.Span, out key);
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination) => _value.Write(destination);

    /// <summary>A new array of <see cref="Length"/> bytes.</summary>
    public byte[] ToArray() => _value.ToArray();

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(_value.ToArray());

    /// <summary>Bytewise order, the same on every device.</summary>
    public int CompareTo(AgreementPublicKey other) => _value.CompareTo(other._value);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString();
}
