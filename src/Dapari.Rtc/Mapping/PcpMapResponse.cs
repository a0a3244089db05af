using System.Buffers.Binary;

namespace Dapari.Rtc.Mapping;

/// <summary>
/// An answer of PCP for a port. RFC 6887 §7.2, §11.1:
/// <code>
/// |  version 2 (8)  |  1, opcode 1: MAP (8)  |  reserved (8)  |  result (8)  |  lifetime, s (32)  |  epoch, s (32)  |  reserved (96)  |
/// |  nonce (96)  |  protocol (8)  |  reserved (24)  |  internal port (16)  |  external port (16)  |  external address (128)  |
/// </code>
/// Options behind it are passed over.
/// </summary>
/// <param name="Fault">Whether it was done.</param>
/// <param name="EpochSeconds">How long the router's table is there.</param>
/// <param name="LifetimeSeconds">How long it holds; of a fault: how long the fault will.</param>
/// <param name="Nonce">Of the request.</param>
/// <param name="Transport">Of the request.</param>
/// <param name="Internal">This end's port.</param>
/// <param name="External">Where it is reached from outside.</param>
public readonly record struct PcpMapResponse(
    MappingFault Fault, uint EpochSeconds, uint LifetimeSeconds, PcpNonce Nonce, MappingTransport Transport, ushort Internal, Endpoint External)
{
    private const byte AnnounceOpcode = 0;
    private const byte ResponseBit = 0x80;

    // RFC 6887 §7: no message is longer.
    private const int Longest = 1_100;

    /// <summary>Reads it; false: it is none. One that says "not this version" has nothing but the fault.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out PcpMapResponse response)
    {
        response = default;
        // RFC 6887 §9, RFC 6886 §3.5: a router that knows NAT-PMP alone says so in eight bytes of version 0.
        if (message.Length >= 8 && message[0] != PcpMapRequest.Version && (message[1] & ResponseBit) != 0)
        {
            response = new PcpMapResponse { Fault = MappingFault.NotSpoken, Transport = MappingTransport.Udp };
            return true;
        }

        if (message.Length is < 24 or > Longest || message.Length % 4 != 0 || message[0] != PcpMapRequest.Version || message[1] != (ResponseBit | PcpMapRequest.Opcode))
            return false;
        var fault = FaultOf(message[3]);
        var (lifetime, epoch) = (BinaryPrimitives.ReadUInt32BigEndian(message[4..]), BinaryPrimitives.ReadUInt32BigEndian(message[8..]));
        if (message.Length < PcpMapRequest.Length)
        {
            response = new PcpMapResponse { Fault = fault, EpochSeconds = epoch, LifetimeSeconds = lifetime };
            return fault == MappingFault.NotSpoken;
        }

        if (message[36] is not ((byte)MappingTransport.Tcp or (byte)MappingTransport.Udp))
            return false;
        response = new PcpMapResponse(
            fault, epoch, lifetime, PcpNonce.Read(message[24..]), (MappingTransport)message[36], BinaryPrimitives.ReadUInt16BigEndian(message[40..]),
            PcpMapRequest.ReadAddress(message[44..], BinaryPrimitives.ReadUInt16BigEndian(message[42..])));
        return true;
    }

    /// <summary>Reads a router's word to everybody that it is there (RFC 6887 §14.1): its epoch tells whether it begins anew.</summary>
    public static bool TryReadAnnouncement(ReadOnlySpan<byte> message, out uint epochSeconds)
    {
        epochSeconds = 0;
        if (message.Length is < 24 or > Longest || message[0] != PcpMapRequest.Version || message[1] != (ResponseBit | AnnounceOpcode) || message[3] != 0)
            return false;
        epochSeconds = BinaryPrimitives.ReadUInt32BigEndian(message[8..]);
        return true;
    }

    /// <summary>Writes it, as a router does, and returns its length.</summary>
    /// <param name="destination">At least 60 bytes.</param>
    public int Write(Span<byte> destination)
    {
        destination[..PcpMapRequest.Length].Clear();
        destination[0] = PcpMapRequest.Version;
        destination[1] = ResponseBit | PcpMapRequest.Opcode;
        destination[3] = CodeOf(Fault);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], LifetimeSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], EpochSeconds);
        Nonce.Write(destination[24..]);
        destination[36] = (byte)Transport;
        BinaryPrimitives.WriteUInt16BigEndian(destination[40..], Internal);
        BinaryPrimitives.WriteUInt16BigEndian(destination[42..], External.Port);
        PcpMapRequest.WriteAddress(destination[44..], External);
        return PcpMapRequest.Length;
    }

    // RFC 6887 §7.4: version, opcode, network, resources, quota, external port.
    private static MappingFault FaultOf(byte code) => code switch
    {
        0 => MappingFault.None,
        1 or 4 => MappingFault.NotSpoken,
        7 or 8 or 10 => MappingFault.Busy,
        11 => MappingFault.PortTaken,
        _ => MappingFault.Refused,
    };

    private static byte CodeOf(MappingFault fault) => fault switch
    {
        MappingFault.None => 0,
        MappingFault.NotSpoken => 1,
        MappingFault.Busy => 8,
        MappingFault.PortTaken => 11,
        _ => 2,
    };
}
