namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>Chunks whose value is taken as it is: COOKIE ECHO, COOKIE ACK, HEARTBEAT (one parameter) and its answer, ABORT, SHUTDOWN and what follows.</summary>
public static class PlainChunk
{
    /// <summary>RFC 9260 §3.3.7: T, the sender had no state and repeats the receiver's own tag.</summary>
    public const byte TagReflected = 1;

    /// <summary>RFC 9260 §3.3.5: the type of HEARTBEAT's parameter.</summary>
    public const ushort HeartbeatInfo = 1;

    /// <summary>Writes it with its padding and returns its length.</summary>
    public static int Write(Span<byte> destination, SctpChunkType type, ReadOnlySpan<byte> value, byte flags = 0)
    {
        SctpChunk.WriteHeader(destination, type, flags, value.Length);
        value.CopyTo(destination[SctpChunk.HeaderLength..]);
        var length = SctpPacket.Padded(SctpChunk.HeaderLength + value.Length);
        destination[(SctpChunk.HeaderLength + value.Length)..length].Clear();
        return length;
    }
}
