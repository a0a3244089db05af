using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Dapari.Server.Limits;

/// <summary>What counts as one address for limits: an IPv4 address, or an IPv6 /64, which is what one subscriber gets.</summary>
internal readonly record struct AddressKey(ulong Value, bool IsIPv6)
{
    public static AddressKey From(IPAddress? address)
    {
        if (address is null)
            return default;
        if (address.IsIPv4MappedToIPv6) // ::ffff:a.b.c.d is the same host as a.b.c.d.
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new AddressKey(BinaryPrimitives.ReadUInt64BigEndian(bytes), true)
            : new AddressKey(BinaryPrimitives.ReadUInt32BigEndian(bytes), false);
    }
}
