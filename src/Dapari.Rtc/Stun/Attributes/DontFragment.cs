namespace Dapari.Rtc.Stun.Attributes;

/// <summary>DONT-FRAGMENT: asks that the datagram to the peer is never fragmented on its way.</summary>
/// <remarks>It has no value.</remarks>
public static class DontFragment
{
    /// <summary>RFC 8656 §18.9.</summary>
    public const ushort Type = 0x001A;

    /// <summary>Whether a message has it, without a value.</summary>
    public static bool IsIn(in StunMessage message) => message.TryFind(Type, out var value) && value.IsEmpty;

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer) => writer.Add(Type, []);
}
