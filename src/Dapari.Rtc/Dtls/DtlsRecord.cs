using System.Buffers.Binary;

namespace Dapari.Rtc.Dtls;

/// <summary>What a record carries (RFC 5246 §6.2.1).</summary>
internal enum DtlsContent : byte
{
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

/// <summary>One record, read where it lies (RFC 6347 §4.1).</summary>
/// <remarks><code>content (8) | version (16) | epoch (16) | sequence (48) | length (16) | fragment</code></remarks>
internal readonly ref struct DtlsRecord
{
    public const int HeaderLength = 13;

    public const ushort Version12 = 0xFEFD;

    /// <summary>Of the first ClientHello, whose sender does not know the version yet (RFC 6347 §4.2.1).</summary>
    public const ushort Version10 = 0xFEFF;

    /// <summary>RFC 5246 §6.2.1, §6.2.3: 2^14 bytes, and what AES-GCM adds (RFC 5288 §3).</summary>
    public const int LongestFragment = (1 << 14) + DtlsCipher.Overhead;

    private DtlsRecord(ReadOnlySpan<byte> header, ReadOnlySpan<byte> fragment)
    {
        Content = (DtlsContent)header[0];
        Version = BinaryPrimitives.ReadUInt16BigEndian(header[1..]);
        Epoch = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        Sequence = BinaryPrimitives.ReadUInt64BigEndian(header[3..]) & 0xFFFF_FFFF_FFFF;
        Fragment = fragment;
    }

    public DtlsContent Content { get; }

    public ushort Version { get; }

    public ushort Epoch { get; }

    public ulong Sequence { get; }

    public ReadOnlySpan<byte> Fragment { get; }

    /// <summary>Reads the first record of what is left of a datagram; false: the rest is none (RFC 6347 §4.1.2.7: it is dropped).</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out DtlsRecord record)
    {
        record = default;
        if (rest.Length < HeaderLength)
            return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest[11..]);
        if (rest[1] != 0xFE || length > LongestFragment || length > rest.Length - HeaderLength)
            return false;
        record = new DtlsRecord(rest, rest.Slice(HeaderLength, length));
        rest = rest[(HeaderLength + length)..];
        return true;
    }

    public static void WriteHeader(Span<byte> destination, DtlsContent content, ushort version, ushort epoch, ulong sequence, int length)
    {
        destination[0] = (byte)content;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], version);
        BinaryPrimitives.WriteUInt64BigEndian(destination[3..], ((ulong)epoch << 48) | sequence);
        BinaryPrimitives.WriteUInt16BigEndian(destination[11..], (ushort)length);
    }
}
