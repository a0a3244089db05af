using System.Buffers.Binary;

namespace Dapari.Rtc.Ice;

/// <summary>Datagrams on a connection of TCP (RFC 4571 §2, as RFC 6544 §3 has it): the length in two bytes, then as many bytes.</summary>
/// <remarks><code>|  length (16, big endian)  |  datagram  |</code></remarks>
public static class TcpFrame
{
    /// <summary>What precedes a datagram, in bytes.</summary>
    public const int HeaderLength = 2;

    /// <summary>The longest frame, in bytes.</summary>
    public const int Longest = HeaderLength + ushort.MaxValue;

    /// <summary>Takes the next whole datagram off the front; false: more bytes are needed.</summary>
    /// <param name="bytes">What came; afterwards the rest.</param>
    /// <param name="datagram">Within it; may be empty.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> datagram)
    {
        datagram = default;
        if (bytes.Length < HeaderLength)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length - HeaderLength < length)
            return false;
        datagram = bytes.Slice(HeaderLength, length);
        bytes = bytes[(HeaderLength + length)..];
        return true;
    }

    /// <summary>How long the first frame is, as far as is known.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes) => bytes.Length < HeaderLength ? HeaderLength : HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes);

    /// <summary>A datagram in its frame.</summary>
    /// <exception cref="ArgumentException">It is longer than 65,535 bytes.</exception>
    public static byte[] Of(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length > ushort.MaxValue)
            throw new ArgumentException("A frame has at most 65,535 bytes.", nameof(datagram));
        var frame = new byte[HeaderLength + datagram.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)datagram.Length);
        datagram.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }
}
