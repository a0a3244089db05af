using System.Security.Cryptography;
using System.Text;
using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>What follows from a share's secret (docs/protocol/shares.md), and the sealing of its signalling. Safe from any thread.</summary>
internal sealed class ShareKeys : IDisposable
{
    /// <summary>What a visitor draws for each connection, in bytes.</summary>
    public const int VisitBytes = 16;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _visitor;
    private readonly byte[] _sender;

    /// <param name="secret">The link's, <see cref="ShareLink.SecretBytes"/> bytes.</param>
    public ShareKeys(ReadOnlySpan<byte> secret)
    {
        Secret = secret.ToArray();
        Id = Derive(secret, "dapari share id", RendezvousLimits.IdBytes);
        _visitor = Derive(secret, "dapari share visitor", 32);
        _sender = Derive(secret, "dapari share sender", 32);
    }

    /// <summary>The link's secret.</summary>
    public byte[] Secret { get; }

    /// <summary>All that the server learns.</summary>
    public byte[] Id { get; }

    /// <summary>The secret of whoever's public key this is: 0x04, x, y.</summary>
    public static byte[] SecretOf(ReadOnlySpan<byte> publicKey)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("dapari share key v1\0"u8);
        hash.AppendData(publicKey);
        return hash.GetHashAndReset()[..ShareLink.SecretBytes];
    }

    /// <summary>A public key as it is hashed and sent: SEC 1 §2.3.3, not compressed.</summary>
    public static byte[] Export(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. point.X!, .. point.Y!];
    }

    /// <summary>What a sender signs: the offer of this visit and no other.</summary>
    public static byte[] Signed(ReadOnlySpan<byte> visit, string sdp) => [.. "dapari share offer v1\0"u8, .. visit, .. Encoding.UTF8.GetBytes(sdp)];

    /// <summary>Whether an offer is that of the link's maker, for this visit.</summary>
    public bool IsGenuine(ReadOnlySpan<byte> visit, string sdp, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != 65 || publicKey[0] != 4 || signature.Length != 64 || !CryptographicOperations.FixedTimeEquals(SecretOf(publicKey), Secret))
            return false;
        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = publicKey[1..33].ToArray(), Y = publicKey[33..].ToArray() } });
            return key.VerifyData(Signed(visit, sdp), signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            return false; // No point of the curve.
        }
    }

    /// <summary>Seals a message of signalling.</summary>
    public byte[] Seal(bool fromSender, ReadOnlySpan<byte> visit, ReadOnlySpan<byte> plain)
    {
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(fromSender ? _sender : _visitor, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length), Around(visit));
        return box;
    }

    /// <summary>Opens one; null: it was not sealed by the other end for this visit.</summary>
    public byte[]? Open(bool fromSender, ReadOnlySpan<byte> visit, ReadOnlySpan<byte> box)
    {
        if (box.Length < NonceBytes + TagBytes)
            return null;
        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(fromSender ? _sender : _visitor, TagBytes);
        try
        {
            aes.Decrypt(box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], plain, Around(visit));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_visitor);
        CryptographicOperations.ZeroMemory(_sender);
    }

    private static byte[] Derive(ReadOnlySpan<byte> secret, string what, int length)
    {
        var key = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, default, Encoding.ASCII.GetBytes(what)); // RFC 5869
        return key;
    }

    private byte[] Around(ReadOnlySpan<byte> visit) => [.. "dapari share signal v1\0"u8, .. Id, .. visit];
}
