namespace Dapari.Rtc.Stun.Attributes;

/// <summary>ADDRESS-ERROR-CODE: why there is no relayed address of the additional family.</summary>
/// <remarks><code>|  family (8)  |  0 (13)  |  class (3)  |  number (8)  |  reason, UTF-8  |</code></remarks>
public static class AddressErrorCode
{
    /// <summary>RFC 8656 §18.12.</summary>
    public const ushort Type = 0x8001;

    /// <summary>Reads the first one of a message.</summary>
    public static bool TryRead(in StunMessage message, out RequestedFamily family, out int code)
    {
        family = RequestedFamily.None;
        code = 0;
        if (!message.TryFind(Type, out var value) || value.Length < 4 || (value[2] & 7) is < 3 or > 6 || value[3] > 99)
            return false;
        family = (RequestedFamily)value[0];
        code = ((value[2] & 7) * 100) + value[3];
        return true;
    }

    /// <summary>Adds it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The code is not between 300 and 699.</exception>
    public static void Write(ref StunWriter writer, RequestedFamily family, int code, scoped ReadOnlySpan<byte> reason)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 300);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 699);
        var value = writer.Add(Type, 4 + reason.Length);
        value[0] = (byte)family;
        value[1] = 0;
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        reason.CopyTo(value[4..]);
    }
}
