using System.Buffers.Binary;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary>Between an endpoint and <c>struct sockaddr_in</c> or <c>sockaddr_in6</c>. The family is in the machine's order, the rest in the network's.</summary>
internal static class SocketAddressBytes
{
    /// <summary>Room for either.</summary>
    public const int Longest = 28;

    private const ushort V4Family = 2;
    private const ushort V6Family = 10;

    public static int Write(in Endpoint endpoint, Span<byte> destination)
    {
        if (endpoint.IsV4)
        {
            BitConverter.TryWriteBytes(destination, V4Family);
            BinaryPrimitives.WriteUInt16BigEndian(destination[2..], endpoint.Port);
            BinaryPrimitives.WriteUInt32BigEndian(destination[4..], endpoint.V4Bits);
            destination.Slice(8, 8).Clear();
            return 16;
        }

        BitConverter.TryWriteBytes(destination, V6Family);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], endpoint.Port);
        destination.Slice(4, 4).Clear();
        endpoint.WriteAddress(destination[8..]);
        destination.Slice(24, 4).Clear();
        return Longest;
    }

    public static Endpoint Read(ReadOnlySpan<byte> source) => BitConverter.ToUInt16(source) switch
    {
        V4Family => Endpoint.V4(BinaryPrimitives.ReadUInt32BigEndian(source[4..]), BinaryPrimitives.ReadUInt16BigEndian(source[2..])),
        V6Family => Endpoint.V6(BinaryPrimitives.ReadUInt64BigEndian(source[8..]), BinaryPrimitives.ReadUInt64BigEndian(source[16..]), BinaryPrimitives.ReadUInt16BigEndian(source[2..])).Unmap(),
        _ => default,
    };
}
