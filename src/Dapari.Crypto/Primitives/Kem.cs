using Dapari.Wire;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Dapari.Crypto;

/// <summary>
/// ML-KEM-768 (FIPS 203). A private key is kept as its 64-byte seed <c>d || z</c> (§7.1) and expanded when used: small state, and no
/// expanded key that could be inconsistent.
/// </summary>
internal static class Kem
{
    public const int SeedLength = 64;
    public const int PublicLength = Shape.KemKey;
    public const int CiphertextLength = Shape.KemCiphertext;
    public const int SecretLength = 32;

    public static byte[] PublicOf(ReadOnlySpan<byte> seed) =>
        MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, seed.ToArray()).GetPublicKeyEncoded();

    /// <summary>False: not an encapsulation key (FIPS 203 §7.2, type and modulus check).</summary>
    public static bool TryEncapsulate(ReadOnlySpan<byte> publicKey, RandomSource random, out byte[] ciphertext, out byte[] secret)
    {
        ciphertext = [];
        secret = [];
        if (publicKey.Length != PublicLength)
            return false;
        MLKemPublicKeyParameters key;
        try
        {
            key = MLKemPublicKeyParameters.FromEncoding(MLKemParameters.ml_kem_768, publicKey.ToArray());
        }
        catch (ArgumentException)
        {
            return false;
        }

        var encapsulator = new MLKemEncapsulator(MLKemParameters.ml_kem_768);
        encapsulator.Init(new ParametersWithRandom(key, new SecureRandom(new RandomAdapter(random))));
        ciphertext = new byte[CiphertextLength];
        secret = new byte[SecretLength];
        encapsulator.Encapsulate(ciphertext, secret);
        return true;
    }

    /// <summary>Never fails for a ciphertext of the right length: a wrong one gives a secret that nobody else knows (FIPS 203 §6.3).</summary>
    public static byte[] Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext)
    {
        var decapsulator = new MLKemDecapsulator(MLKemParameters.ml_kem_768);
        decapsulator.Init(MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, seed.ToArray()));
        var secret = new byte[SecretLength];
        decapsulator.Decapsulate(ciphertext, secret);
        return secret;
    }
}
