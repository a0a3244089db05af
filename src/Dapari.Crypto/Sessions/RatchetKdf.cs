using System.Security.Cryptography;

namespace Dapari.Crypto;

/// <summary>The key derivations of the Double Ratchet (Signal, "The Double Ratchet Algorithm", revision 4, §7.2).</summary>
internal static class RatchetKdf
{
    public const int KeyLength = 32;

    /// <summary>KDF_RK: HKDF-SHA256 with the root key as salt and the Diffie-Hellman output as input.</summary>
    public static (byte[] Root, byte[] Chain) Root(ReadOnlySpan<byte> root, ReadOnlySpan<byte> agreement)
    {
        Span<byte> derived = stackalloc byte[KeyLength * 2];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, agreement, derived, root, Labels.RatchetRoot);
        var result = (derived[..KeyLength].ToArray(), derived[KeyLength..].ToArray());
        CryptographicOperations.ZeroMemory(derived);
        return result;
    }

    /// <summary>KDF_CK, message key: HMAC-SHA256 of the byte 1.</summary>
    public static byte[] MessageKey(ReadOnlySpan<byte> chain) => HMACSHA256.HashData(chain, [1]);

    /// <summary>KDF_CK, next chain key: HMAC-SHA256 of the byte 2.</summary>
    public static byte[] NextChain(ReadOnlySpan<byte> chain) => HMACSHA256.HashData(chain, [2]);

    /// <summary>ENCRYPT: a message key gives the AEAD's key and nonce by HKDF-SHA256; both are used once.</summary>
    public static void Expand(ReadOnlySpan<byte> messageKey, Span<byte> keyAndNonce) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, messageKey, keyAndNonce, stackalloc byte[SHA256.HashSizeInBytes], Labels.RatchetMessage);
}
