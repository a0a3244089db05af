using Dapari.Wire;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Dapari.Crypto;

/// <summary>X25519 (RFC 7748 §5). Private and public keys are 32 bytes.</summary>
internal static class Curve
{
    public const int Length = 32;

    public static byte[] GeneratePrivate(RandomSource random)
    {
        var key = random.Bytes(Length);
        X25519.ClampPrivateKey(key);
        return key;
    }

    public static byte[] PublicOf(ReadOnlySpan<byte> privateKey)
    {
        var key = new byte[Length];
        X25519.GeneratePublicKey(privateKey, key);
        return key;
    }

    /// <summary>False: the shared secret is all zero (RFC 7748 §6.1), because the public key is of small order. Then it must not be used.</summary>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> secret) =>
        X25519.CalculateAgreement(privateKey, publicKey, secret);
}
