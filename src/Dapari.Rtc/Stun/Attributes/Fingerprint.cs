using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>FINGERPRINT: tells STUN from other protocols on the same port; the last attribute.</summary>
/// <remarks><code>|  CRC-32 of all before it, xor 0x5354554E  |</code></remarks>
public static class Fingerprint
{
    /// <summary>RFC 8489 §14.7.</summary>
    public const ushort Type = 0x8028;

    /// <summary>Bytes of the value.</summary>
    public const int Length = 4;

    private const uint Mask = 0x5354_554E;

    private static readonly uint[] Table = MakeTable();

    /// <summary>Whether the message has one and it fits.</summary>
    public static bool Check(in StunMessage message) =>
        message.HasFingerprint
        && BinaryPrimitives.ReadUInt32BigEndian(message.Bytes[(message.FingerprintOffset + 4)..]) == (Crc32(message.Bytes[..message.FingerprintOffset]) ^ Mask);

    /// <summary>Adds it, over what was written so far; nothing may follow.</summary>
    public static void Write(ref StunWriter writer)
    {
        var before = writer.Length;
        var value = writer.Add(Type, Length);
        // The length field counts this attribute already (RFC 8489 §14.7).
        if (writer.TryFinish(out _))
            BinaryPrimitives.WriteUInt32BigEndian(value, Crc32(writer.Written[..before]) ^ Mask);
    }

    // ITU-T V.42 §8.1.1.6.2: reflected, polynomial 0xEDB88320.
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = Table[unchecked((byte)crc) ^ value] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++)
                entry = (entry & 1) == 0 ? entry >> 1 : (entry >> 1) ^ 0xEDB8_8320;
            table[i] = entry;
        }

        return table;
    }
}
