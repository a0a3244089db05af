using System.Buffers.Binary;
using System.Text;

namespace Dapari.Rtc.Mdns;

/// <summary>Names as messages hold them (RFC 1035 §3.1, §4.1.4), read to bytes with points between the labels.</summary>
internal static class DnsName
{
    /// <summary>The longest name, in bytes.</summary>
    public const int Longest = 255;

    public static int Write(Span<byte> destination, string name)
    {
        var at = 0;
        foreach (var range in name.AsSpan().Split('.'))
        {
            var label = name.AsSpan()[range];
            if (label.Length is 0 or > 63)
                throw new ArgumentException("A label has 1 to 63 letters.", nameof(name));
            destination[at] = (byte)label.Length;
            at += 1 + Encoding.ASCII.GetBytes(label, destination[(at + 1)..]);
        }

        destination[at] = 0;
        return at + 1;
    }

    // RFC 1035 §4.1.4: labels, and pointers, which only ever lead backwards.
    public static bool TryRead(ReadOnlySpan<byte> message, ref int at, Span<byte> name, out int length)
    {
        length = 0;
        var (read, end, jumped) = (at, 0, false);
        while (read < message.Length)
        {
            int label = message[read];
            if (label == 0)
            {
                at = jumped ? end : read + 1;
                return true;
            }

            if ((label & 0xC0) == 0xC0)
            {
                if (message.Length - read < 2)
                    return false;
                var target = BinaryPrimitives.ReadUInt16BigEndian(message[read..]) & 0x3FFF;
                if (target >= read || target < MdnsMessage.HeaderLength)
                    return false;
                end = jumped ? end : read + 2;
                (read, jumped) = (target, true);
                continue;
            }

            if (label > 63 || message.Length - read - 1 < label || length + label + 1 > name.Length)
                return false;
            if (length > 0)
                name[length++] = (byte)'.';
            message.Slice(read + 1, label).CopyTo(name[length..]);
            length += label;
            read += 1 + label;
        }

        return false;
    }

    public static bool Is(ReadOnlySpan<byte> read, string name) =>
        read.Length == name.Length && Ascii.EqualsIgnoreCase(read, name);
}
