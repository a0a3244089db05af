using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.PushStandIn;

/// <summary>A browser's half of Web Push, written from the RFCs and not from the server's code: a subscription's keys, and what only they can open (RFC 8188, RFC 8291).</summary>
public sealed class PushBrowser : IDisposable
{
    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(16);

    /// <summary>As it is told to a server.</summary>
    public WakeSubscription Subscribe(string endpoint) => new() { Endpoint = endpoint, Key = ByteString.CopyFrom(Point(_key)), Secret = ByteString.CopyFrom(_secret) };

    /// <summary>Opens a message; fails where a browser would.</summary>
    /// <exception cref="CryptographicException">It is not sealed for this subscription, or not as the RFCs say.</exception>
    public byte[] Open(ReadOnlySpan<byte> message)
    {
        // RFC 8188 §2.1: salt (16), record size (4), length of the key id (1), key id.
        if (message.Length < 21 || message[20] != 65 || message.Length < 21 + 65)
            throw new CryptographicException("The header is none of aes128gcm with a point as key id.");
        var (salt, size, point) = (message[..16].ToArray(), BinaryPrimitives.ReadUInt32BigEndian(message[16..]), message.Slice(21, 65).ToArray());
        var record = message[86..];
        if (record.Length > size || record.Length < 17)
            throw new CryptographicException("There is more than one record.");
        using var their = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33], Y = point[33..] } });
        // RFC 8291 §3.3 and §3.4, step by step with HMAC.
        var prk = HMACSHA256.HashData(_secret, _key.DeriveRawSecretAgreement(their.PublicKey));
        var material = HMACSHA256.HashData(prk, (byte[])[.. "WebPush: info\0"u8, .. Point(_key), .. point, 1]);
        var contentPrk = HMACSHA256.HashData(salt, material);
        var key = HMACSHA256.HashData(contentPrk, (byte[])[.. "Content-Encoding: aes128gcm\0"u8, 1])[..16];
        var nonce = HMACSHA256.HashData(contentPrk, (byte[])[.. "Content-Encoding: nonce\0"u8, 1])[..12];
        var plain = new byte[record.Length - 16];
        using var aes = new AesGcm(key, 16);
        aes.Decrypt(nonce, record[..^16], record[^16..], plain);
        var end = plain.AsSpan().TrimEnd((byte)0);
        return end.Length > 0 && end[^1] == 2 ? end[..^1].ToArray() : throw new CryptographicException("The record is not the last.");
    }

    /// <summary>What a push service checks of who sends (RFC 8292): the claims of a token that this key signed.</summary>
    /// <param name="header">The Authorization header.</param>
    /// <param name="subscribedWith">The key that the browser subscribed with: 65 bytes.</param>
    /// <exception cref="CryptographicException">It is not that server's.</exception>
    public static JsonElement CheckSender(string header, ReadOnlySpan<byte> subscribedWith)
    {
        if (!header.StartsWith("vapid ", StringComparison.Ordinal))
            throw new CryptographicException("Another scheme.");
        var parts = header[6..].Split(',', StringSplitOptions.TrimEntries).ToDictionary(p => p[..1], p => p[2..]);
        var key = Base64Url.DecodeFromChars(parts["k"]);
        if (!key.AsSpan().SequenceEqual(subscribedWith))
            throw new CryptographicException("Another server's key.");
        var token = parts["t"].Split('.');
        using var check = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = key[1..33], Y = key[33..] } });
        var signed = System.Text.Encoding.ASCII.GetBytes(token[0] + "." + token[1]);
        if (!check.VerifyData(signed, Base64Url.DecodeFromChars(token[2]), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
            throw new CryptographicException("The signature is wrong.");
        using var head = JsonDocument.Parse(Base64Url.DecodeFromChars(token[0]));
        if (head.RootElement.GetProperty("alg").GetString() != "ES256")
            throw new CryptographicException("Another algorithm.");
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token[1]));
        return claims.RootElement.Clone();
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static byte[] Point(ECDiffieHellman key)
    {
        var q = key.ExportParameters(false).Q;
        return [4, .. q.X!, .. q.Y!];
    }
}
