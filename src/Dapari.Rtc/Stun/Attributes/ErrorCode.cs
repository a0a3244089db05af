using System.Text;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>ERROR-CODE: why a request was refused.</summary>
/// <remarks><code>|  0 (21 bits)  |  class 3 to 6 (3)  |  number 0 to 99 (8)  |  reason, UTF-8  |</code></remarks>
public static class ErrorCode
{
    /// <summary>RFC 8489 §14.8.</summary>
    public const ushort Type = 0x0009;

    /// <summary>The most bytes of a reason.</summary>
    public const int LongestReason = 763;

    /// <summary>Reads the first one of a message: a code from 300 to 699.</summary>
    public static bool TryRead(in StunMessage message, out int code, out string reason)
    {
        code = 0;
        reason = "";
        if (!message.TryFind(Type, out var value) || value.Length is < 4 or > 4 + LongestReason)
            return false;
        var hundreds = value[2] & 7;
        if (hundreds is < 3 or > 6 || value[3] > 99)
            return false;
        code = (hundreds * 100) + value[3];
        reason = Encoding.UTF8.GetString(value[4..]);
        return true;
    }

    /// <summary>Adds it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The code is not between 300 and 699, or the reason is too long.</exception>
    public static void Write(ref StunWriter writer, int code, scoped ReadOnlySpan<byte> reason)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 300);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 699);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason.Length, LongestReason);
        var value = writer.Add(Type, 4 + reason.Length);
        value[0] = value[1] = 0;
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        reason.CopyTo(value[4..]);
    }
}
