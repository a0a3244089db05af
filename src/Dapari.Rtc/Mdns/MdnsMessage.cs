using System.Buffers.Binary;

namespace Dapari.Rtc.Mdns;

/// <summary>The messages of multicast DNS (RFC 6762) that names of candidates need: questions for the addresses of a name, and their answers.</summary>
/// <remarks><code>|  id (16)  |  flags (16)  |  questions, answers, authorities, additionals (16 each)  |  questions: name, type, class  |  records: name, type, class, TTL (32), length (16), data  |</code></remarks>
public static class MdnsMessage
{
    /// <summary>The longest message that is read or written here.</summary>
    public const int Longest = 1_440;

    internal const int HeaderLength = 12;
    internal const int MostRecords = 64;
    internal const ushort TypeA = 1;
    internal const ushort TypeAaaa = 28;
    internal const ushort Internet = 1;

    // RFC 6762 §10.2, §18.12: of records; in questions the same bit asks for an answer to the asker alone.
    internal const ushort TopBit = 0x8000;
    internal const uint TtlSeconds = 120;

    /// <summary>Writes a question for both kinds of addresses and returns its length.</summary>
    /// <param name="destination">At least 300 bytes.</param>
    /// <param name="name">Labels of ASCII with points between, without a point at the end.</param>
    public static int WriteQuery(Span<byte> destination, string name)
    {
        WriteHeader(destination, 0, questions: 2, answers: 0);
        var at = HeaderLength;
        foreach (var type in new[] { TypeA, TypeAaaa })
        {
            at += DnsName.Write(destination[at..], name);
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], type);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], Internet);
            at += 4;
        }

        return at;
    }

    /// <summary>Writes the answer to it and returns its length.</summary>
    /// <param name="destination">At least 300 bytes for each address.</param>
    /// <param name="name">As in the question.</param>
    /// <param name="addresses">What the name stands for; their ports do not count.</param>
    public static int WriteAnswer(Span<byte> destination, string name, ReadOnlySpan<Endpoint> addresses)
    {
        // RFC 6762 §18: a response, authoritative.
        WriteHeader(destination, 0x8400, questions: 0, answers: (ushort)addresses.Length);
        var at = HeaderLength;
        foreach (var address in addresses)
        {
            at += DnsName.Write(destination[at..], name);
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], address.IsV4 ? TypeA : TypeAaaa);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], TopBit | Internet);
            BinaryPrimitives.WriteUInt32BigEndian(destination[(at + 4)..], TtlSeconds);
            var length = address.WriteAddress(destination[(at + 10)..]);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 8)..], (ushort)length);
            at += 10 + length;
        }

        return at;
    }

    /// <summary>Whether a message asks for addresses of the name.</summary>
    public static bool Asks(ReadOnlySpan<byte> message, string name)
    {
        if (!TryReadHeader(message, isResponse: false, out var questions, out _))
            return false;
        Span<byte> read = stackalloc byte[DnsName.Longest];
        var at = HeaderLength;
        for (var i = 0; i < questions; i++)
        {
            if (!DnsName.TryRead(message, ref at, read, out var length) || message.Length - at < 4)
                return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            at += 4;
            // RFC 1035 §3.2.3: 255 asks for everything.
            if (type is TypeA or TypeAaaa or 255 && DnsName.Is(read[..length], name))
                return true;
        }

        return false;
    }

    /// <summary>Reads the addresses that a message tells of the name, with port 0, and returns how many; malformed messages tell none.</summary>
    public static int ReadAddresses(ReadOnlySpan<byte> message, string name, Span<Endpoint> addresses)
    {
        if (!TryReadHeader(message, isResponse: true, out var questions, out var records))
            return 0;
        Span<byte> read = stackalloc byte[DnsName.Longest];
        var (at, count) = (HeaderLength, 0);
        for (var i = 0; i < questions; i++)
        {
            if (!DnsName.TryRead(message, ref at, read, out _) || message.Length - at < 4)
                return 0;
            at += 4;
        }

        for (var i = 0; i < records && count < addresses.Length; i++)
        {
            if (!DnsName.TryRead(message, ref at, read, out var length) || message.Length - at < 10)
                return 0;
            var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var kind = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) & ~TopBit;
            var alive = BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]) > 0;
            int size = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (size > message.Length - at)
                return 0;
            if (alive && kind == Internet && ((type == TypeA && size == 4) || (type == TypeAaaa && size == 16)) && DnsName.Is(read[..length], name))
                addresses[count++] = Endpoint.FromBytes(message.Slice(at, size), 0);
            at += size;
        }

        return count;
    }

    internal static void WriteHeader(Span<byte> destination, ushort flags, ushort questions, ushort answers)
    {
        destination[..HeaderLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], flags);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], questions);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], answers);
    }

    internal static bool TryReadHeader(ReadOnlySpan<byte> message, bool isResponse, out int questions, out int records)
    {
        (questions, records) = (0, 0);
        if (message.Length is < HeaderLength or > Longest)
            return false;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        records = BinaryPrimitives.ReadUInt16BigEndian(message[6..]) + BinaryPrimitives.ReadUInt16BigEndian(message[8..]) + BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        // RFC 6762 §18.2, §18.3, §18.11: response bit; opcode and response code are 0.
        return (flags & 0x8000) != 0 == isResponse && (flags & 0x780F) == 0 && questions <= MostRecords && records <= MostRecords;
    }
}
