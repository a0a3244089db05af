using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// What an invite link carries: 128 random bits, from which the blob's id, its key and the proof key come by HKDF-SHA256.
/// </summary>
public sealed class InviteSecret : SecretBytes
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = WireLimits.InviteSecretBytes;

    /// <summary>A proof of having opened the invite, in bytes.</summary>
    public const int ProofLength = HMACSHA256.HashSizeInBytes;

    private InviteSecret(ReadOnlySpan<byte> secret)
        : base(secret)
    {
        var id = Derive(Labels.InviteId, InviteBlobId.Length);
        BlobId = InviteBlobId.TryRead(id, out var blobId) ? blobId : throw new InvalidOperationException();
    }

    /// <summary>Where the sealed blob lies on the server.</summary>
    public InviteBlobId BlobId { get; }

    /// <summary>A fresh secret.</summary>
    public static InviteSecret Generate(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> secret = stackalloc byte[Length];
        random.Fill(secret);
        var made = new InviteSecret(secret);
        secret.Clear();
        return made;
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out InviteSecret? secret)
    {
        secret = source.Length == Length ? new InviteSecret(source) : null;
        return secret is not null;
    }

    /// <summary>
    /// Seals a blob: <c>nonce || ChaCha20-Poly1305</c>. The nonce is a keyed hash of the blob, so that the same key may seal a changed
    /// blob (renewed, or with another name) and a nonce repeats for the same bytes only.
    /// </summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.InviteBlobBytes"/>.</exception>
    public byte[] SealBlob(InviteBlob blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        var plaintext = blob.ToByteArray();
        if (plaintext.Length + Aead.NonceLength + Aead.TagLength > WireLimits.InviteBlobBytes)
            throw new ArgumentException("The blob is too large.", nameof(blob));
        var key = Derive(Labels.InviteKey, Aead.KeyLength);
        var nonceKey = Derive(Labels.InviteNonce, Aead.KeyLength);
        var nonce = HMACSHA256.HashData(nonceKey, plaintext).AsSpan(0, Aead.NonceLength);
        byte[] output = [.. nonce, .. Aead.Seal(key, nonce, plaintext, Data())];
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(nonceKey);
        return output;
    }

    /// <summary>
    /// Opens a blob; false: not sealed with this secret, malformed, or made by a version that this build does not know. The certificate
    /// inside is not judged here.
    /// </summary>
    public bool TryOpenBlob(ReadOnlySpan<byte> source, [NotNullWhen(true)] out InviteBlob? blob)
    {
        blob = null;
        if (source.Length is < Aead.NonceLength + Aead.TagLength or > WireLimits.InviteBlobBytes)
            return false;
        var key = Derive(Labels.InviteKey, Aead.KeyLength);
        var plaintext = Aead.TryOpen(key, source[..Aead.NonceLength], source[Aead.NonceLength..], Data());
        CryptographicOperations.ZeroMemory(key);
        if (plaintext is null || !InviteBlobCodec.TryRead(plaintext, out blob, out _))
            return false;
        return true;
    }

    /// <summary>Proves to the maker that this device opened the invite: HMAC-SHA256 over the certificate's statement and signature.</summary>
    public byte[] Proof(DeviceCertificate opener)
    {
        ArgumentNullException.ThrowIfNull(opener);
        var key = Derive(Labels.InviteProof, HMACSHA256.HashSizeInBytes);
        byte[] certificate = [.. opener.Statement.Span, .. opener.Signature.Span];
        var proof = HMACSHA256.HashData(key, certificate);
        CryptographicOperations.ZeroMemory(key);
        return proof;
    }

    /// <summary>Whether the proof is this device's for this invite.</summary>
    public bool VerifyProof(ReadOnlySpan<byte> proof, DeviceCertificate opener) =>
        CryptographicOperations.FixedTimeEquals(proof, Proof(opener));

    private byte[] Data() => [.. Labels.InviteBlobData, .. BlobId.ToArray()];

    private byte[] Derive(ReadOnlySpan<byte> info, int length)
    {
        var derived = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Span, derived, [], info);
        return derived;
    }
}
