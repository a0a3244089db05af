using System.Security.Cryptography;
using System.Text;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Stun;

/// <summary>The keys of integrity attributes (RFC 8489 §9.1.1, §9.2.2, §18.5).</summary>
public static class StunCredentials
{
    /// <summary>Bytes of the longest key that <see cref="LongTermKey(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, PasswordAlgorithmId, Span{byte})"/> makes.</summary>
    public const int LongestKey = 32;

    private const int OnStack = 1024;

    /// <summary>The short-term key: the prepared password; null when it cannot be prepared.</summary>
    public static byte[]? ShortTermKey(string password) => OpaqueString.TryPrepare(password, out var prepared) ? Encoding.UTF8.GetBytes(prepared) : null;

    /// <summary>The long-term key; null when a part cannot be prepared.</summary>
    public static byte[]? LongTermKey(string username, string realm, string password, PasswordAlgorithmId algorithm)
    {
        if (!OpaqueString.TryPrepare(username, out var user) || !OpaqueString.TryPrepare(realm, out var place) || !OpaqueString.TryPrepare(password, out var secret))
            return null;
        Span<byte> key = stackalloc byte[LongestKey];
        var length = LongTermKey(Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(place), Encoding.UTF8.GetBytes(secret), algorithm, key);
        return key[..length].ToArray();
    }

    /// <summary>The long-term key of parts that need no preparation (plain ASCII).</summary>
    /// <returns>Its length: 16 or 32.</returns>
    /// <exception cref="ArgumentException">The algorithm is neither, or the parts have more than 1022 bytes together.</exception>
    public static int LongTermKey(
        ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> password, PasswordAlgorithmId algorithm, Span<byte> destination)
    {
        if (username.Length + realm.Length + password.Length > OnStack - 2)
            throw new ArgumentException("Too long.", nameof(username));
        Span<byte> input = stackalloc byte[OnStack];
        username.CopyTo(input);
        var at = username.Length;
        input[at++] = (byte)':';
        realm.CopyTo(input[at..]);
        at += realm.Length;
        input[at++] = (byte)':';
        password.CopyTo(input[at..]);
        at += password.Length;
        var length = algorithm switch
        {
#pragma warning disable CA5351 // RFC 8489 §9.2.2: what every WebRTC client uses; it makes a key of a secret and is no signature.
            PasswordAlgorithmId.Md5 => MD5.HashData(input[..at], destination),
#pragma warning restore CA5351
            PasswordAlgorithmId.Sha256 => SHA256.HashData(input[..at], destination),
            _ => throw new ArgumentException("No such algorithm.", nameof(algorithm)),
        };
        CryptographicOperations.ZeroMemory(input[..at]);
        return length;
    }
}
