using System.Buffers.Binary;

namespace Dapari.Rtc.Stun;

/// <summary>TURN's short frame (RFC 8656 §12.4).</summary>
/// <remarks>
/// <code>
/// |        channel number         |            length             |
/// |                       application data                        |
/// </code>
/// Over UDP bytes behind the data are ignored; over a stream the frame is padded to a multiple of 4, which the length does not count.
/// </remarks>
public static class ChannelData
{
    /// <summary>Bytes in front of the data.</summary>
    public const int HeaderLength = 4;

    /// <summary>RFC 8656 §12: the first channel number.</summary>
    public const ushort FirstChannel = 0x4000;

    /// <summary>
    /// The last channel number. RFC 8656 §12 ends at 0x4FFF, so that one socket can carry DTLS and media too; clients of RFC 5766 §11, which are about
    /// (coturn's tools draw from all), go on to here, and on a relay's own port nothing else begins with these bits.
    /// </summary>
    public const ushort LastChannel = 0x7FFF;

    /// <summary>Whether a number may name a channel.</summary>
    public static bool IsChannel(ushort number) => number is >= FirstChannel and <= LastChannel;

    /// <summary>Reads a frame; false when it is too short or the number names no channel.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ushort channel, out int length)
    {
        if (bytes.Length >= HeaderLength)
        {
            channel = BinaryPrimitives.ReadUInt16BigEndian(bytes);
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            return IsChannel(channel) && length <= bytes.Length - HeaderLength;
        }

        channel = 0;
        length = 0;
        return false;
    }

    /// <summary>Writes the four bytes in front of the data.</summary>
    public static void WriteHeader(Span<byte> destination, ushort channel, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, channel);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
    }

    /// <summary>Writes a frame with its data and the stream's padding when wanted.</summary>
    /// <returns>False when it does not fit.</returns>
    public static bool TryWrite(Span<byte> destination, ushort channel, ReadOnlySpan<byte> data, bool stream, out int length)
    {
        length = HeaderLength + (stream ? StunMessage.Padded(data.Length) : data.Length);
        if (!IsChannel(channel) || data.Length > ushort.MaxValue || destination.Length < length)
        {
            length = 0;
            return false;
        }

        WriteHeader(destination, channel, data.Length);
        data.CopyTo(destination[HeaderLength..]);
        destination[(HeaderLength + data.Length)..length].Clear();
        return true;
    }
}
