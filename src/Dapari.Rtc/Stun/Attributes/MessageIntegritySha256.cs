using System.Security.Cryptography;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>MESSAGE-INTEGRITY-SHA256: HMAC-SHA256 over all that stands before it.</summary>
/// <remarks>
/// <code>|  HMAC-SHA256, 32 bytes  |</code>
/// RFC 8489 §14.6 lets a usage shorten it; neither TURN nor ICE does, and a shorter one is malformed here.
/// </remarks>
public static class MessageIntegritySha256
{
    /// <summary>RFC 8489 §14.6.</summary>
    public const ushort Type = 0x001C;

    /// <summary>Bytes of the value.</summary>
    public const int Length = 32;

    /// <summary>Whether the message has one and <paramref name="key"/> made it; takes the same time wherever it differs.</summary>
    public static bool Check(in StunMessage message, ReadOnlySpan<byte> key)
    {
        if (!message.HasIntegritySha256)
            return false;
        Span<byte> expected = stackalloc byte[Length];
        Compute(message.Bytes[..message.Integrity256Offset], key, expected);
        return CryptographicOperations.FixedTimeEquals(expected, message.Bytes.Slice(message.Integrity256Offset + 4, Length));
    }

    /// <summary>Adds it, over what was written so far.</summary>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> key)
    {
        var before = writer.Length;
        var value = writer.Add(Type, Length);
        if (writer.TryFinish(out _))
            Compute(writer.Written[..before], key, value);
    }

    private static void Compute(ReadOnlySpan<byte> covered, ReadOnlySpan<byte> key, Span<byte> destination) =>
        IntegrityInput.With(covered, 4 + Length, key, destination, static (input, key, destination) => HMACSHA256.HashData(key, input, destination));
}
