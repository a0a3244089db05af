using System.Buffers.Binary;

namespace Dapari.Rtc.Stun;

/// <summary>What stands at the front of a stream.</summary>
public enum StreamFrame
{
    /// <summary>More bytes are needed to tell or to have it all.</summary>
    NeedMore = 0,

    /// <summary>A whole message or frame.</summary>
    Frame,

    /// <summary>Neither STUN nor ChannelData: the stream cannot be read on and is to be closed.</summary>
    Malformed,
}

/// <summary>Cuts STUN messages and ChannelData frames out of a stream (RFC 8489 §6.2.2, RFC 8656 §12.5). Keeps nothing itself.</summary>
public static class StreamFraming
{
    /// <summary>The longest message or frame with its padding.</summary>
    public const int LongestFrame = ChannelData.HeaderLength + 65_536;

    /// <summary>Looks at the front of what was received.</summary>
    /// <param name="received">All that was received and not taken yet; must be allowed to grow to <see cref="LongestFrame"/> or the caller's own cap.</param>
    /// <param name="length">The frame is the first <paramref name="length"/> bytes.</param>
    /// <param name="advance">What follows begins here: the padding is skipped. For <see cref="StreamFrame.NeedMore"/> the bytes needed at least.</param>
    public static StreamFrame Read(ReadOnlySpan<byte> received, out int length, out int advance)
    {
        length = 0;
        advance = ChannelData.HeaderLength;
        if (received.IsEmpty)
            return StreamFrame.NeedMore;
        // Nothing else is carried on such a stream, so all first bytes that a channel's number can have are one (ChannelData.LastChannel).
        bool? stun = received[0] switch
        {
            <= 3 => true,
            >= 0x40 and <= 0x7F => false,
            _ => null,
        };
        if (stun is null)
            return StreamFrame.Malformed;
        if (received.Length < ChannelData.HeaderLength)
            return StreamFrame.NeedMore;
        var declared = BinaryPrimitives.ReadUInt16BigEndian(received[2..]);
        if (stun.Value)
        {
            if (declared % 4 != 0 || (received.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(received[4..]) != StunMessage.MagicCookie))
                return StreamFrame.Malformed;
            length = advance = StunMessage.HeaderLength + declared;
        }
        else
        {
            length = ChannelData.HeaderLength + declared;
            advance = ChannelData.HeaderLength + StunMessage.Padded(declared);
        }

        return received.Length >= advance ? StreamFrame.Frame : StreamFrame.NeedMore;
    }
}
