using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay.Credentials;

/// <summary>Nonces that are kept nowhere: a time and a MAC over it and the client's address and port.</summary>
/// <remarks><code>"obMatJos2" features (4)  base64url( unix seconds (4)  first 12 bytes of HMAC-SHA256 )</code></remarks>
internal sealed class NonceMint(Entropy entropy, TimeSpan lifetime)
{
    public const int Length = Nonce.CookieLength + 22;

    private const int RawLength = 16;

    private readonly byte[] _key = NewKey(entropy);
    private readonly long _lifetimeSeconds = (long)lifetime.TotalSeconds;

    public void Make(in ClientKey client, long unixMs, Span<byte> nonce) => Write(client, unchecked((uint)(unixMs / 1000)), nonce);

    /// <summary>Whether it was made here for this client and is not stale.</summary>
    public bool IsGood(in ClientKey client, long unixMs, ReadOnlySpan<byte> nonce)
    {
        Span<byte> raw = stackalloc byte[RawLength];
        // The one that throws for foreign letters is TryDecodeFromUtf8.
        if (nonce.Length != Length || Base64Url.DecodeFromUtf8(nonce[Nonce.CookieLength..], raw, out _, out var written) != OperationStatus.Done || written != RawLength)
            return false;
        var made = BinaryPrimitives.ReadUInt32BigEndian(raw);
        Span<byte> expected = stackalloc byte[Length];
        Write(client, made, expected);
        // Across the wrap of 2106 too.
        var age = unchecked((int)((uint)(unixMs / 1000) - made));
        return CryptographicOperations.FixedTimeEquals(nonce, expected) && age >= 0 && age <= _lifetimeSeconds;
    }

    private void Write(in ClientKey client, uint seconds, Span<byte> nonce)
    {
        Span<byte> raw = stackalloc byte[RawLength];
        Seal(client, seconds, raw);
        Nonce.WriteCookie(nonce, SecurityFeatures.PasswordAlgorithms);
        Base64Url.EncodeToUtf8(raw, nonce[Nonce.CookieLength..]);
    }

    private void Seal(in ClientKey client, uint seconds, Span<byte> raw)
    {
        Span<byte> input = stackalloc byte[4 + 1 + 16 + 2];
        input.Clear();
        var remote = client.Remote;
        BinaryPrimitives.WriteUInt32BigEndian(input, seconds);
        input[4] = (byte)remote.Family;
        remote.WriteAddress(input[5..]);
        BinaryPrimitives.WriteUInt16BigEndian(input[21..], remote.Port);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, input, mac);
        BinaryPrimitives.WriteUInt32BigEndian(raw, seconds);
        mac[..12].CopyTo(raw[4..]);
    }

    private static byte[] NewKey(Entropy entropy)
    {
        var key = new byte[32];
        entropy.Fill(key);
        return key;
    }
}
