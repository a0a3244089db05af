using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Crypto;

/// <summary>Ed25519 (RFC 8032 §5.1), pure. Seeds and public keys are 32 bytes, signatures 64.</summary>
internal static class Signer
{
    public const int KeyLength = 32;
    public const int SignatureLength = 64;

    public static byte[] PublicOf(ReadOnlySpan<byte> seed)
    {
        var key = new byte[KeyLength];
        Ed25519.GeneratePublicKey(seed, key);
        return key;
    }

    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message)
    {
        var signature = new byte[SignatureLength];
        Ed25519.Sign(seed, publicKey, message, signature);
        return signature;
    }

    /// <summary>False too for keys and signatures of any wrong length or form.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == KeyLength && signature.Length == SignatureLength && Ed25519.Verify(signature, publicKey, message);
}
