using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// The outer seal of an envelope: hides session ids, counters and certificates from servers. The key is
/// <c>HKDF-SHA256(ikm = wrap key, salt = envelope id, info = "dapari envelope wrap v1")</c>, fresh for each envelope, so the nonce is zero;
/// the associated data is the version (four bytes, big endian) and the id.
/// </summary>
public static class EnvelopeSeal
{
    /// <summary>Wraps what a session sealed; gives the serialized <c>Envelope</c>. The id must be fresh.</summary>
    public static byte[] Wrap(WrapKey key, EnvelopeId id, SealedEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(envelope);
        Span<byte> derived = stackalloc byte[Aead.KeyLength];
        Derive(key, id, derived);
        var sealedBytes = Aead.Seal(derived, stackalloc byte[Aead.NonceLength], envelope.ToByteArray(), Data(EnvelopeCodec.Version, id));
        CryptographicOperations.ZeroMemory(derived);
        return EnvelopeCodec.Write(new Envelope
        {
            Version = EnvelopeCodec.Version,
            Id = id.ToByteString(),
            Sealed = UnsafeByteOperations.UnsafeWrap(sealedBytes),
        });
    }

    /// <summary>Opens the outer seal; false: not sealed with this key, or what it covers is malformed.</summary>
    public static bool TryUnwrap(WrapKey key, Envelope envelope, [NotNullWhen(true)] out SealedEnvelope? opened)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(envelope);
        opened = null;
        if (!EnvelopeId.TryRead(envelope.Id, out var id))
            return false;
        Span<byte> derived = stackalloc byte[Aead.KeyLength];
        Derive(key, id, derived);
        var plaintext = Aead.TryOpen(derived, stackalloc byte[Aead.NonceLength], envelope.Sealed.Span, Data(envelope.Version, id));
        CryptographicOperations.ZeroMemory(derived);
        return plaintext is not null && EnvelopeCodec.TryReadSealed(plaintext, out opened, out _);
    }

    private static void Derive(WrapKey key, EnvelopeId id, Span<byte> derived)
    {
        Span<byte> salt = stackalloc byte[EnvelopeId.Length];
        id.Write(salt);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Span, derived, salt, Labels.EnvelopeWrap);
    }

    private static byte[] Data(uint version, EnvelopeId id)
    {
        var data = new byte[4 + EnvelopeId.Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, version);
        id.Write(data.AsSpan(4));
        return data;
    }
}
