using System.Text;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>Whether parsed messages have the lengths and counts that the contract demands. Says nothing about signatures.</summary>
public static class Shape
{
    /// <summary>Ids, in bytes.</summary>
    public const int Id = 16;

    /// <summary>Keys of X25519 and Ed25519, seeds and symmetric keys, in bytes.</summary>
    public const int Key = 32;

    /// <summary>Ed25519 signatures, in bytes.</summary>
    public const int Signature = 64;

    /// <summary>Public keys of Web Push, in bytes: an uncompressed point of P-256 (RFC 8291 §3.1, RFC 8292 §3.2).</summary>
    public const int PushKey = 65;

    /// <summary>The authentication secret of a push subscription, in bytes (RFC 8291 §3.2).</summary>
    public const int PushSecret = 16;

    /// <summary>ML-KEM-768 encapsulation keys, in bytes (FIPS 203 §8, table 3).</summary>
    public const int KemKey = 1184;

    /// <summary>ML-KEM-768 ciphertexts, in bytes (FIPS 203 §8, table 3).</summary>
    public const int KemCiphertext = 1088;

    /// <summary>The tag of ChaCha20-Poly1305, in bytes (RFC 8439 §2.8).</summary>
    public const int Tag = 16;

    /// <summary>A certificate: a statement and a signature within <see cref="WireLimits.CertificateBytes"/>.</summary>
    public static bool IsCertificate(DeviceCertificate? value) =>
        value is { Signature.Length: Signature, Statement.Length: > 0 } && value.CalculateSize() <= WireLimits.CertificateBytes;

    /// <summary>The statement inside a certificate, whatever its version.</summary>
    public static bool IsStatement(DeviceStatement? value) =>
        value is { IdentityKey.Length: Key, DeviceId.Length: Id, AgreementKey.Length: Key, SigningKey.Length: Key };

    /// <summary>A handshake.</summary>
    public static bool IsHandshake(Handshake? value) =>
        value is { EphemeralKey.Length: Key, KemCiphertext.Length: KemCiphertext, SignedPrekeyId: > 0, KemPrekeyId: > 0 }
        && IsCertificate(value.Initiator);

    /// <summary>A signed prekey.</summary>
    public static bool IsSignedPrekey(SignedPrekey? value) => value is { Id: > 0, PublicKey.Length: Key, Signature.Length: Signature };

    /// <summary>A one-time prekey.</summary>
    public static bool IsOneTimePrekey(OneTimePrekey? value) => value is { Id: > 0, PublicKey.Length: Key };

    /// <summary>A KEM prekey.</summary>
    public static bool IsKemPrekey(KemPrekey? value) => value is { Id: > 0, PublicKey.Length: KemKey, Signature.Length: Signature };

    /// <summary>A bundle as a server gives it.</summary>
    public static bool IsPrekeyBundle(PrekeyBundle? value) =>
        value is not null && IsCertificate(value.Device) && IsSignedPrekey(value.SignedPrekey) && IsKemPrekey(value.KemPrekey)
        && (value.OneTimePrekey is null || IsOneTimePrekey(value.OneTimePrekey));

    /// <summary>A mailbox's address; the server in its normal form.</summary>
    public static bool IsMailboxAddress(MailboxAddress? value) =>
        value is { MailboxId.Length: Id, SenderSeed.Length: Key, WrapKey.Length: Key } && Origin.IsNormal(value.Server);

    /// <summary>A prekey store's address; the server in its normal form.</summary>
    public static bool IsPrekeyAddress(PrekeyAddress? value) => value is { StoreId.Length: Id } && Origin.IsNormal(value.Server);

    /// <summary>A name as it travels: at most <see cref="WireLimits.NameBytes"/> bytes of UTF-8. Cleaning is the engine's.</summary>
    public static bool IsName(string? value) => FitsUtf8(value, WireLimits.NameBytes);

    /// <summary>Whether a text has at most so many bytes in UTF-8.</summary>
    public static bool FitsUtf8(string? value, int bytes) =>
        value is not null && value.Length <= bytes && (value.Length * 3 <= bytes || Encoding.UTF8.GetByteCount(value) <= bytes);

    internal static bool All(IEnumerable<ByteString> values, int length)
    {
        foreach (var value in values)
        {
            if (value.Length != length)
                return false;
        }

        return true;
    }
}
