using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>RESERVATION-TOKEN: names a port that was kept.</summary>
/// <remarks><code>|  token (64)  |</code></remarks>
public static class ReservationToken
{
    /// <summary>RFC 8656 §18.10.</summary>
    public const ushort Type = 0x0022;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ulong token)
    {
        token = default;
        if (!message.TryFind(Type, out var value) || value.Length != 8)
            return false;
        token = BinaryPrimitives.ReadUInt64BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, ulong token) => BinaryPrimitives.WriteUInt64BigEndian(writer.Add(Type, 8), token);
}
