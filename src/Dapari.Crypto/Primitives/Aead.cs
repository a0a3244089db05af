using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using ChaCha = Org.BouncyCastle.Crypto.Modes.ChaCha20Poly1305;

namespace Dapari.Crypto;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439 §2.8). Key 32 bytes, nonce 12, tag 16 after the ciphertext. A key and nonce must seal once only;
/// each caller says why its pair is fresh. The platform's own is not to be had in browsers.
/// </summary>
internal static class Aead
{
    public const int KeyLength = 32;
    public const int NonceLength = 12;
    public const int TagLength = 16;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> data)
    {
        var cipher = Start(true, key, nonce, data);
        var output = new byte[plaintext.Length + TagLength];
        var written = cipher.ProcessBytes(plaintext, output);
        cipher.DoFinal(output.AsSpan(written));
        cipher.Reset();
        return output;
    }

    /// <summary>Null: not sealed with this key, nonce and associated data.</summary>
    public static byte[]? TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> data)
    {
        if (ciphertext.Length < TagLength)
            return null;
        var cipher = Start(false, key, nonce, data);
        var output = new byte[ciphertext.Length - TagLength];
        try
        {
            var written = cipher.ProcessBytes(ciphertext, output);
            cipher.DoFinal(output.AsSpan(written));
            return output;
        }
        catch (InvalidCipherTextException)
        {
            // What was deciphered before the tag was seen to be wrong is nobody's.
            CryptographicOperations.ZeroMemory(output);
            return null;
        }
    }

    private static ChaCha Start(bool sealing, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data)
    {
        var cipher = new ChaCha();
        cipher.Init(sealing, new ParametersWithIV(new KeyParameter(key), nonce));
        cipher.ProcessAadBytes(data);
        return cipher;
    }
}
