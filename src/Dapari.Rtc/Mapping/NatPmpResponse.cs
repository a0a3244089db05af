using System.Buffers.Binary;

namespace Dapari.Rtc.Mapping;

/// <summary>
/// An answer of NAT-PMP. RFC 6886 §3.2, §3.3:
/// <code>
/// |  version 0 (8)  |  opcode + 128 (8)  |  result (16)  |  epoch, s (32)  |  external address (32)
///                                                                        or  internal port (16)  |  external port (16)  |  lifetime, s (32)  |
/// </code>
/// Of an error only the first eight bytes need be there.
/// </summary>
/// <param name="Transport">Null: it tells the external address.</param>
/// <param name="Fault">Whether it was done.</param>
/// <param name="EpochSeconds">How long the router's table is there.</param>
/// <param name="Address">The external address with port 0.</param>
/// <param name="Internal">This end's port.</param>
/// <param name="External">The port from outside.</param>
/// <param name="LifetimeSeconds">How long it holds.</param>
public readonly record struct NatPmpResponse(MappingTransport? Transport, MappingFault Fault, uint EpochSeconds, Endpoint Address, ushort Internal, ushort External, uint LifetimeSeconds)
{
    /// <summary>The longest.</summary>
    public const int Longest = 16;

    /// <summary>Reads it; false: it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out NatPmpResponse response)
    {
        response = default;
        if (message.Length < 8 || message[0] != 0 || message[1] is < 128 or > 130)
            return false;
        var transport = message[1] switch { 128 => (MappingTransport?)null, 129 => MappingTransport.Udp, _ => MappingTransport.Tcp };
        var fault = FaultOf(BinaryPrimitives.ReadUInt16BigEndian(message[2..]));
        var epoch = BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        if (fault != MappingFault.None)
        {
            var port = transport is not null && message.Length >= 10 ? BinaryPrimitives.ReadUInt16BigEndian(message[8..]) : (ushort)0;
            response = new NatPmpResponse(transport, fault, epoch, default, port, 0, 0);
            return true;
        }

        if (message.Length < (transport is null ? 12 : Longest))
            return false;
        response = transport is null
            ? new NatPmpResponse(null, fault, epoch, Endpoint.FromBytes(message.Slice(8, 4), 0), 0, 0, 0)
            : new NatPmpResponse(
                transport, fault, epoch, default, BinaryPrimitives.ReadUInt16BigEndian(message[8..]), BinaryPrimitives.ReadUInt16BigEndian(message[10..]),
                BinaryPrimitives.ReadUInt32BigEndian(message[12..]));
        return true;
    }

    /// <summary>Writes it, as a router does, and returns its length.</summary>
    /// <param name="destination">At least 16 bytes.</param>
    public int Write(Span<byte> destination)
    {
        destination[..Longest].Clear();
        destination[1] = (byte)(128 + NatPmpRequest.OpcodeOf(Transport));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], CodeOf(Fault));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], EpochSeconds);
        if (Transport is null)
        {
            Address.WriteAddress(destination[8..]);
            return 12;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], Internal);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], External);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], LifetimeSeconds);
        return Longest;
    }

    // RFC 6886 §3.5.
    private static MappingFault FaultOf(ushort code) => code switch
    {
        0 => MappingFault.None,
        1 or 5 => MappingFault.NotSpoken,
        3 or 4 => MappingFault.Busy,
        _ => MappingFault.Refused,
    };

    private static ushort CodeOf(MappingFault fault) => fault switch
    {
        MappingFault.None => 0,
        MappingFault.NotSpoken => 1,
        MappingFault.Busy => 4,
        _ => 2,
    };
}
