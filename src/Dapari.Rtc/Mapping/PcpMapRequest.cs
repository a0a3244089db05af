using System.Buffers.Binary;

namespace Dapari.Rtc.Mapping;

/// <summary>
/// A request of PCP for a port. RFC 6887 §7.1, §11.1:
/// <code>
/// |  version 2 (8)  |  0, opcode 1: MAP (8)  |  reserved (16)  |  lifetime, s (32)  |  this end's address (128)  |
/// |  nonce (96)  |  protocol (8)  |  reserved (24)  |  internal port (16)  |  wanted external port (16)  |  wanted external address (128)  |
/// </code>
/// IPv4 addresses are mapped ones (§5). No options.
/// </summary>
/// <param name="Transport">What the port belongs to.</param>
/// <param name="Internal">This end's address and port: the one that the request comes from.</param>
/// <param name="External">The wished one; none: any.</param>
/// <param name="LifetimeSeconds">0 removes it.</param>
/// <param name="Nonce">Known to whoever made the mapping: nobody else changes it.</param>
public readonly record struct PcpMapRequest(MappingTransport Transport, Endpoint Internal, Endpoint External, uint LifetimeSeconds, PcpNonce Nonce)
{
    /// <summary>Its length.</summary>
    public const int Length = 60;

    internal const byte Version = 2;
    internal const byte Opcode = 1;

    /// <summary>Writes it and returns its length.</summary>
    public int Write(Span<byte> destination)
    {
        destination[..Length].Clear();
        destination[0] = Version;
        destination[1] = Opcode;
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], LifetimeSeconds);
        WriteAddress(destination[8..], Internal);
        Nonce.Write(destination[24..]);
        destination[36] = (byte)Transport;
        BinaryPrimitives.WriteUInt16BigEndian(destination[40..], Internal.Port);
        BinaryPrimitives.WriteUInt16BigEndian(destination[42..], External.Port);
        // §11.1: all zero of the family when any will do.
        WriteAddress(destination[44..], External.IsNone ? Internal.IsV4 ? Endpoint.V4(0, 0) : Endpoint.V6(0, 0, 0) : External);
        return Length;
    }

    /// <summary>Reads it, as a router does.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out PcpMapRequest request)
    {
        request = default;
        if (message.Length < Length || message.Length % 4 != 0 || message[0] != Version || message[1] != Opcode || message[36] is not ((byte)MappingTransport.Tcp or (byte)MappingTransport.Udp))
            return false;
        request = new PcpMapRequest(
            (MappingTransport)message[36],
            ReadAddress(message[8..], BinaryPrimitives.ReadUInt16BigEndian(message[40..])), ReadAddress(message[44..], BinaryPrimitives.ReadUInt16BigEndian(message[42..])),
            BinaryPrimitives.ReadUInt32BigEndian(message[4..]), PcpNonce.Read(message[24..]));
        return true;
    }

    internal static void WriteAddress(Span<byte> destination, in Endpoint address)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], address.Low);
    }

    internal static Endpoint ReadAddress(ReadOnlySpan<byte> source, ushort port) => Endpoint.FromBytes(source[..16], port).Unmap();
}
