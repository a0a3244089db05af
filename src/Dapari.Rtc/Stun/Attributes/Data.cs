namespace Dapari.Rtc.Stun.Attributes;

/// <summary>DATA: what goes to or comes from a peer.</summary>
/// <remarks><code>|  the datagram's payload, may be empty  |</code></remarks>
public static class Data
{
    /// <summary>RFC 8656 §18.4.</summary>
    public const ushort Type = 0x0013;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out ReadOnlySpan<byte> data) => message.TryFind(Type, out data);

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> data) => writer.Add(Type, data);
}
