using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dapari.Server.Push;

/// <summary>Seals what a push service carries, so that it can read nothing (RFC 8291): one record of aes128gcm (RFC 8188).</summary>
internal static class PushMessage
{
    private const int Salt = 16;
    private const int Tag = 16;

    /// <summary>RFC 8291 §4: what follows has to fit into one record; a push service need not take more than 4,096 bytes (RFC 8030 §7.2).</summary>
    private const int RecordSize = 4096;

    /// <summary>
    /// What is said to a device, always: that it should look for itself, in the first form of saying so. It names nobody and has the same length for everybody.
    /// </summary>
    public static ReadOnlySpan<byte> LookForYourself => [1];

    /// <summary>Seals with a fresh key and salt.</summary>
    public static byte[] Seal(PushTarget target, ReadOnlySpan<byte> content)
    {
        using var own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Seal(target, content, own, RandomNumberGenerator.GetBytes(Salt));
    }

    /// <summary>For tests with published vectors: with this key and salt.</summary>
    internal static byte[] Seal(PushTarget target, ReadOnlySpan<byte> content, ECDiffieHellman own, ReadOnlySpan<byte> salt)
    {
        using var their = P256.Import(target.Key);
        var point = P256.Point(own.ExportParameters(false));
        var shared = own.DeriveRawSecretAgreement(their.PublicKey);
        // RFC 8291 §3.4: PRK_key = HMAC(auth_secret, ecdh_secret); IKM = HKDF-Expand(PRK_key, "WebPush: info" 0x00 ua_public as_public, 32).
        var info = (byte[])[.. "WebPush: info\0"u8, .. target.Key, .. point];
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, target.Secret, info);
        CryptographicOperations.ZeroMemory(shared);
        return Encode(key, salt, point, content);
    }

    /// <summary>RFC 8188 §2: the header (salt, record size, key id), and one record that is the last (delimiter 0x02) without padding.</summary>
    internal static byte[] Encode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, RecordSize - Tag - 1);
        Span<byte> contentKey = stackalloc byte[16], nonce = stackalloc byte[12];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, contentKey, salt, "Content-Encoding: aes128gcm\0"u8);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, nonce, salt, "Content-Encoding: nonce\0"u8);
        var head = Salt + 4 + 1 + keyId.Length;
        var message = new byte[head + content.Length + 1 + Tag];
        salt.CopyTo(message);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(Salt), RecordSize);
        message[Salt + 4] = (byte)keyId.Length;
        keyId.CopyTo(message.AsSpan(Salt + 5));
        var record = message.AsSpan(head, content.Length + 1);
        content.CopyTo(record);
        record[^1] = 2;
        using var aes = new AesGcm(contentKey, Tag);
        // The first record's nonce is the derived one as it is: its number is zero.
        aes.Encrypt(nonce, record, record, message.AsSpan(head + content.Length + 1));
        CryptographicOperations.ZeroMemory(contentKey);
        return message;
    }
}
