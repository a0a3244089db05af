using System.Security.Cryptography;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>MESSAGE-INTEGRITY: HMAC-SHA1 over all that stands before it.</summary>
/// <remarks><code>|  HMAC-SHA1, 20 bytes  |</code></remarks>
public static class MessageIntegrity
{
    /// <summary>RFC 8489 §14.5.</summary>
    public const ushort Type = 0x0008;

    /// <summary>Bytes of the value.</summary>
    public const int Length = 20;

    /// <summary>Whether the message has one and <paramref name="key"/> made it; takes the same time wherever it differs.</summary>
    public static bool Check(in StunMessage message, ReadOnlySpan<byte> key)
    {
        if (!message.HasIntegrity)
            return false;
        Span<byte> expected = stackalloc byte[Length];
        Compute(message.Bytes[..message.IntegrityOffset], key, expected);
        return CryptographicOperations.FixedTimeEquals(expected, message.Bytes.Slice(message.IntegrityOffset + 4, Length));
    }

    /// <summary>Adds it, over what was written so far.</summary>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> key)
    {
        var before = writer.Length;
        var value = writer.Add(Type, Length);
        if (writer.TryFinish(out _))
            Compute(writer.Written[..before], key, value);
    }

#pragma warning disable CA5350 // RFC 8489 §14.5: HMAC-SHA1 is what WebRTC clients send; SHA-1's collisions do not break HMAC.
    private static void Compute(ReadOnlySpan<byte> covered, ReadOnlySpan<byte> key, Span<byte> destination) =>
        IntegrityInput.With(covered, 4 + Length, key, destination, static (input, key, destination) => HMACSHA1.HashData(key, input, destination));
#pragma warning restore CA5350
}
