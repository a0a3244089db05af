using System.Security.Cryptography;
using System.Text;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>USERHASH: a user name hidden from who listens.</summary>
/// <remarks><code>|  SHA-256(username ":" realm), 32 bytes  |</code></remarks>
public static class UserHash
{
    /// <summary>RFC 8489 §14.4.</summary>
    public const ushort Type = 0x001E;

    /// <summary>Bytes of the value.</summary>
    public const int Length = 32;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ReadOnlySpan<byte> hash) => message.TryFind(Type, out hash) && hash.Length == Length;

    /// <summary>Computes the value.</summary>
    public static byte[] Compute(string username, string realm) => SHA256.HashData(Encoding.UTF8.GetBytes(username + ":" + realm));

    /// <summary>Adds it.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Length)
            throw new ArgumentException("A hash has 32 bytes.", nameof(hash));
        writer.Add(Type, hash);
    }
}
