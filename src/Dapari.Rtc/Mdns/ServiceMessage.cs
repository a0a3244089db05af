using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dapari.Rtc.Mdns;

/// <summary>
/// The messages of DNS-based service discovery over multicast DNS (RFC 6763, RFC 6762) that this end needs: who offers a service, and the whole answer in one message.
/// </summary>
/// <remarks>
/// <code>
/// question   PTR  service              (known answer: PTR service → this end's own instance)
/// answer     PTR  service  → instance.service
///            SRV  instance.service → priority (16), weight (16), port (16), instance.local
///            TXT  instance.service → strings: length (8), bytes
///            A, AAAA  instance.local → address
/// </code>
/// A host's name is its instance's, so that nothing else tells of it.
/// </remarks>
public static class ServiceMessage
{
    private const ushort TypePtr = 12;
    private const ushort TypeTxt = 16;
    private const ushort TypeSrv = 33;
    private const ushort TypeAny = 255;
    private const string Domain = ".local";

    // RFC 6762 §10: 75 minutes for what does not hold addresses.
    private const uint LongTtlSeconds = 4_500;

    /// <summary>Writes a question for everybody who offers a service and returns its length.</summary>
    /// <param name="destination">At least 200 bytes.</param>
    /// <param name="service">As in <c>_name._tcp.local</c>, at most 32 letters.</param>
    /// <param name="known">This end's own instance, which it need not hear of; null: none.</param>
    public static int WriteQuery(Span<byte> destination, string service, string? known)
    {
        ArgumentNullException.ThrowIfNull(service);
        MdnsMessage.WriteHeader(destination, 0, questions: 1, answers: (ushort)(known is null ? 0 : 1));
        var at = MdnsMessage.HeaderLength;
        at += DnsName.Write(destination[at..], service);
        BinaryPrimitives.WriteUInt16BigEndian(destination[at..], TypePtr);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], MdnsMessage.Internet);
        at += 4;
        return known is null ? at : at + WriteNamed(destination[at..], service, TypePtr, LongTtlSeconds, known + "." + service);
    }

    /// <summary>Writes all that there is to say of an instance and returns its length.</summary>
    /// <param name="destination">At least <see cref="MdnsMessage.Longest"/> bytes.</param>
    /// <param name="service">As in <c>_name._tcp.local</c>, at most 32 letters.</param>
    /// <param name="instance">What is told.</param>
    /// <param name="gone">It is no more (RFC 6762 §10.1: a life of no time).</param>
    /// <exception cref="ArgumentException">It is longer than an instance may be.</exception>
    public static int WriteAnswer(Span<byte> destination, string service, ServiceInstance instance, bool gone)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(instance);
        if (!ServiceInstance.IsName(instance.Name) || instance.Text.Length is 0 or > ServiceInstance.LongestText || instance.Addresses.Count > ServiceInstance.MostAddresses)
            throw new ArgumentException("An instance has a name of one label, a text, and few addresses.", nameof(instance));
        // RFC 6762 §18: a response, authoritative.
        MdnsMessage.WriteHeader(destination, 0x8400, questions: 0, answers: (ushort)(3 + instance.Addresses.Count));
        var (full, host) = (instance.Name + "." + service, instance.Name + Domain);
        var (longTtl, shortTtl) = gone ? (0u, 0u) : (LongTtlSeconds, MdnsMessage.TtlSeconds);
        var at = MdnsMessage.HeaderLength;
        at += WriteNamed(destination[at..], service, TypePtr, longTtl, full);
        var data = BeginRecord(destination, ref at, full, TypeSrv, shortTtl);
        // RFC 2782: neither priority nor weight.
        destination.Slice(at, 4).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 4)..], instance.Port);
        at += 6;
        at += DnsName.Write(destination[at..], host);
        EndRecord(destination, data, at);
        data = BeginRecord(destination, ref at, full, TypeTxt, longTtl);
        instance.Text.Span.CopyTo(destination[at..]);
        at += instance.Text.Length;
        EndRecord(destination, data, at);
        foreach (var address in instance.Addresses)
        {
            data = BeginRecord(destination, ref at, host, address.IsV4 ? MdnsMessage.TypeA : MdnsMessage.TypeAaaa, shortTtl);
            at += address.WriteAddress(destination[at..]);
            EndRecord(destination, data, at);
        }

        return at;
    }

    /// <summary>Whether a message asks who offers the service, or for anything of an instance, and does not know it yet (RFC 6762 §7.1).</summary>
    public static bool Asks(ReadOnlySpan<byte> message, string service, string instance)
    {
        if (!MdnsMessage.TryReadHeader(message, isResponse: false, out var questions, out var records))
            return false;
        Span<byte> read = stackalloc byte[DnsName.Longest];
        var (full, host) = (instance + "." + service, instance + Domain);
        var (at, asks) = (MdnsMessage.HeaderLength, false);
        for (var i = 0; i < questions; i++)
        {
            if (!DnsName.TryRead(message, ref at, read, out var length) || message.Length - at < 4)
                return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            at += 4;
            asks |= type is TypePtr or TypeAny && DnsName.Is(read[..length], service);
            asks |= type is TypeSrv or TypeTxt or TypeAny && DnsName.Is(read[..length], full);
            asks |= type is MdnsMessage.TypeA or MdnsMessage.TypeAaaa or TypeAny && DnsName.Is(read[..length], host);
        }

        for (var i = 0; asks && i < records; i++)
        {
            if (!TryReadRecord(message, ref at, read, out var record))
                return false;
            if (record.Type == TypePtr && record.Ttl >= LongTtlSeconds / 2 && DnsName.Is(read[..record.NameLength], service))
            {
                var target = record.Data;
                if (DnsName.TryRead(message, ref target, read, out var length) && DnsName.Is(read[..length], full))
                    return false;
            }
        }

        return asks;
    }

    /// <summary>Reads the instance of a service that a message tells of; of several, the first.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="service">As in <c>_name._tcp.local</c>, at most 32 letters.</param>
    /// <param name="instance">All of it, or of one that is gone its name alone.</param>
    /// <param name="gone">It is no more.</param>
    /// <returns>False: it tells of none, not all of one, or is malformed.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, string service, [NotNullWhen(true)] out ServiceInstance? instance, out bool gone)
    {
        (instance, gone) = (null, false);
        if (!MdnsMessage.TryReadHeader(message, isResponse: true, out var questions, out var records))
            return false;
        Span<byte> name = stackalloc byte[DnsName.Longest];
        var begin = MdnsMessage.HeaderLength;
        for (var i = 0; i < questions; i++)
        {
            if (!DnsName.TryRead(message, ref begin, name, out _) || message.Length - begin < 4)
                return false;
            begin += 4;
        }

        if (FindInstance(message, begin, records, service, out gone) is not { } found)
            return false;
        if (gone)
        {
            instance = new ServiceInstance(found, 0, default, []);
            return true;
        }

        if (!TryReadService(message, begin, records, found + "." + service, out var port, out var host, out var text))
            return false;
        instance = new ServiceInstance(found, port, text, ReadAddresses(message, begin, records, host));
        return true;
    }

    private static string? FindInstance(ReadOnlySpan<byte> message, int at, int records, string service, out bool gone)
    {
        gone = false;
        Span<byte> name = stackalloc byte[DnsName.Longest];
        for (var i = 0; i < records && TryReadRecord(message, ref at, name, out var record); i++)
        {
            if (record.Type != TypePtr || !DnsName.Is(name[..record.NameLength], service))
                continue;
            var target = record.Data;
            if (!DnsName.TryRead(message, ref target, name, out var length) || length <= service.Length + 1)
                continue;
            var label = length - service.Length - 1;
            if (name[label] != (byte)'.' || !DnsName.Is(name[(label + 1)..length], service))
                continue;
            var found = Encoding.Latin1.GetString(name[..label]);
            if (!ServiceInstance.IsName(found))
                continue;
            gone = record.Ttl == 0;
            return found;
        }

        return null;
    }

    private static bool TryReadService(ReadOnlySpan<byte> message, int at, int records, string full, out ushort port, out string host, out byte[] text)
    {
        (port, host, text) = (0, "", []);
        Span<byte> name = stackalloc byte[DnsName.Longest];
        for (var i = 0; i < records && TryReadRecord(message, ref at, name, out var record); i++)
        {
            if (record.Ttl == 0 || !DnsName.Is(name[..record.NameLength], full))
                continue;
            if (record.Type == TypeTxt && record.Length is > 0 and <= ServiceInstance.LongestText)
                text = message.Slice(record.Data, record.Length).ToArray();
            if (record.Type != TypeSrv || record.Length < 7)
                continue;
            var target = record.Data + 6;
            if (!DnsName.TryRead(message, ref target, name, out var length) || !Ascii.IsValid(name[..length]))
                return false;
            (port, host) = (BinaryPrimitives.ReadUInt16BigEndian(message[(record.Data + 4)..]), Encoding.ASCII.GetString(name[..length]));
        }

        return port != 0 && host.Length > 0 && text.Length > 0;
    }

    private static List<Endpoint> ReadAddresses(ReadOnlySpan<byte> message, int at, int records, string host)
    {
        var addresses = new List<Endpoint>();
        Span<byte> name = stackalloc byte[DnsName.Longest];
        for (var i = 0; i < records && addresses.Count < ServiceInstance.MostAddresses && TryReadRecord(message, ref at, name, out var record); i++)
        {
            if (record.Ttl > 0 && (record.Type, record.Length) is (MdnsMessage.TypeA, 4) or (MdnsMessage.TypeAaaa, 16) && DnsName.Is(name[..record.NameLength], host))
                addresses.Add(Endpoint.FromBytes(message.Slice(record.Data, record.Length), 0));
        }

        return addresses;
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, Span<byte> name, out Record record)
    {
        record = default;
        if (!DnsName.TryRead(message, ref at, name, out var nameLength) || message.Length - at < 10)
            return false;
        var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        // Of another class: read over.
        if ((BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) & ~MdnsMessage.TopBit) != MdnsMessage.Internet)
            type = 0;
        var (ttl, length) = (BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]), (int)BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]));
        at += 10;
        if (length > message.Length - at)
            return false;
        record = new Record(nameLength, type, ttl, at, length);
        at += length;
        return true;
    }

    private static int WriteNamed(Span<byte> destination, string name, ushort type, uint ttl, string target)
    {
        var at = 0;
        var data = BeginRecord(destination, ref at, name, type, ttl);
        at += DnsName.Write(destination[at..], target);
        EndRecord(destination, data, at);
        return at;
    }

    private static int BeginRecord(Span<byte> destination, ref int at, string name, ushort type, uint ttl)
    {
        at += DnsName.Write(destination[at..], name);
        BinaryPrimitives.WriteUInt16BigEndian(destination[at..], type);
        // RFC 6762 §10.2: a shared record, as the pointer is, flushes nothing.
        BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], (ushort)(type == TypePtr ? MdnsMessage.Internet : MdnsMessage.TopBit | MdnsMessage.Internet));
        BinaryPrimitives.WriteUInt32BigEndian(destination[(at + 4)..], ttl);
        at += 10;
        return at;
    }

    private static void EndRecord(Span<byte> destination, int data, int at) =>
        BinaryPrimitives.WriteUInt16BigEndian(destination[(data - 2)..], (ushort)(at - data));

    private readonly record struct Record(int NameLength, ushort Type, uint Ttl, int Data, int Length);
}
