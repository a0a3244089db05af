using System.Buffers.Binary;
using Dapari.Wire;

namespace Dapari.Peer.Conversations;

/// <summary>The place of a message in its conversation: the same at both ends, and free of wall clocks.</summary>
public static class MessageOrder
{
    /// <summary>Bytes of an order key.</summary>
    public const int KeyLength = 16;

    /// <summary>How far an incoming clock may lead ours before it is taken for an attempt to spoil the order.</summary>
    public const ulong FarthestLead = 1UL << 20;

    /// <summary>Clock (8 bytes, big endian), the author's place among the two (1), first bytes of the message id (7). Bytewise order is conversation order.</summary>
    public static byte[] Key(ulong clock, bool authorIsSmaller, MessageId message)
    {
        var key = new byte[KeyLength];
        BinaryPrimitives.WriteUInt64BigEndian(key, clock);
        key[8] = authorIsSmaller ? (byte)0 : (byte)1;
        message.ToArray().AsSpan(0, 7).CopyTo(key.AsSpan(9));
        return key;
    }

    /// <summary>
    /// The place of a line of the conversation's own story: before every message of that clock. Nobody else counts it, so that what the other writes
    /// next, knowing of what the line tells, may well have the same clock.
    /// </summary>
    public static byte[] StoryKey(ulong clock)
    {
        var key = new byte[KeyLength];
        BinaryPrimitives.WriteUInt64BigEndian(key, clock);
        return key;
    }

    /// <summary>The clock to file an incoming message under.</summary>
    /// <param name="said">As the sender says.</param>
    /// <param name="ours">The highest clock seen or given here.</param>
    public static ulong Accept(ulong said, ulong ours) => said > ours && said - ours > FarthestLead ? ours + 1 : said;
}
