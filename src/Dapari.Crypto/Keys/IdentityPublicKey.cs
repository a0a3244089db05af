using System.Security.Cryptography;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>A person: the Ed25519 key that certifies the person's devices. Thirty-two bytes; prints its first eight in hexadecimal.</summary>
public readonly record struct IdentityPublicKey
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Bytes32.Length;

    private readonly Bytes32 _value;

    internal IdentityPublicKey(ReadOnlySpan<byte> value) => _value = Bytes32.Read(value);

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out IdentityPublicKey key)
    {
        var ok = Bytes32.TryRead(source, out _);
        key = ok ? new IdentityPublicKey(source) : default;
        return ok;
    }

    /// <summary>Reads a protobuf field; any other length than <see cref="Length"/> is refused.</summary>
    public static bool TryRead(ByteString source, out IdentityPublicKey key)
    {
        ArgumentNullException.ThrowIfNull(source);
        return TryRead(source.Span, out key);
    }

    /// <summary>The name of this person among the contacts: the first 16 bytes of SHA-256 of the key.</summary>
    public ContactId ToContactId()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> key = stackalloc byte[Length];
        _value.Write(key);
        SHA256.HashData(key, hash);
        return ContactId.TryRead(hash[..ContactId.Length], out var id) ? id : throw new InvalidOperationException();
    }

    /// <summary>Whether this key signed the message.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> key = stackalloc byte[Length];
        _value.Write(key);
        return Signer.Verify(key, message, signature);
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination) => _value.Write(destination);

    /// <summary>A new array of <see cref="Length"/> bytes.</summary>
    public byte[] ToArray() => _value.ToArray();

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(_value.ToArray());

    /// <summary>Bytewise order, the same on every device.</summary>
    public int CompareTo(IdentityPublicKey other) => _value.CompareTo(other._value);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString();
}
