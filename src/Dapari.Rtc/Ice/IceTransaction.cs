using System.Buffers.Binary;

namespace Dapari.Rtc.Ice;

/// <summary>What a request is for.</summary>
internal enum IceErrand
{
    Gather,
    Check,
    Consent,
}

/// <summary>12 bytes by value.</summary>
internal readonly record struct TransactionId(ulong High, uint Low)
{
    public static TransactionId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Low);
    }
}

/// <summary>A request that waits for its answer, and when it is sent again (RFC 8489 §6.2.1).</summary>
internal sealed class IceTransaction(IceErrand errand, TransactionId id, IceBase from, Endpoint to, byte[] bytes, long now, int rto)
{
    // RFC 8489 §6.2.1: Rc and Rm.
    private const int MostSent = 7;
    private const int LastWait = 16;

    // RFC 8489 §6.2.2: Ti. What TCP carries is not sent again.
    private const int TcpWait = 39_500;

    private int _sent = 1;
    private long _wait = rto;

    public IceErrand Errand { get; } = errand;

    public TransactionId Id { get; } = id;

    public IceBase From { get; } = from;

    public Endpoint To { get; } = to;

    public byte[] Bytes { get; } = bytes;

    public long SentAt { get; private set; } = now;

    public long NextAt { get; private set; } = from.Tcp != IceTcpType.None ? now + TcpWait : errand == IceErrand.Consent ? now + ((long)rto * LastWait) : now + rto;

    public CandidatePair? Pair { get; init; }

    public bool Nominates { get; init; }

    public bool Controlling { get; init; }

    /// <summary>Sent once more or not at all, for the answer that is still welcome (RFC 8445 §7.3.1.4).</summary>
    public bool Cancelled { get; set; }

    /// <summary>Whether it was sent more than once: its round trip is then unknown.</summary>
    public bool WasRepeated => _sent > 1;

    /// <summary>Counts one more sending; false: it is over.</summary>
    public bool Again(long now)
    {
        // RFC 7675 §5.1: consent requests are not sent again; the next one is a new one.
        if (Errand == IceErrand.Consent || From.Tcp != IceTcpType.None || _sent >= MostSent || Cancelled)
            return false;
        _sent++;
        _wait *= 2;
        SentAt = now;
        NextAt = now + (_sent == MostSent ? (long)rto * LastWait : _wait);
        return true;
    }
}
