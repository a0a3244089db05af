using System.Buffers.Binary;

namespace Dapari.Rtc.Mapping;

/// <summary>
/// A request of NAT-PMP. RFC 6886 §3.2, §3.3:
/// <code>
/// |  version 0 (8)  |  opcode: 0 address, 1 UDP, 2 TCP (8)  |  reserved (16)  |  internal port (16)  |  wanted external port (16)  |  lifetime, s (32)  |
/// </code>
/// The address's ends after the opcode.
/// </summary>
/// <param name="Transport">Null: the external address is asked for.</param>
/// <param name="Internal">This end's port.</param>
/// <param name="External">The wished one; 0: any.</param>
/// <param name="LifetimeSeconds">0 removes it.</param>
public readonly record struct NatPmpRequest(MappingTransport? Transport, ushort Internal, ushort External, uint LifetimeSeconds)
{
    /// <summary>Where routers listen (RFC 6886 §3; RFC 6887 §19.1).</summary>
    public const ushort ServerPort = 5351;

    /// <summary>Where they tell everybody that they have begun anew (RFC 6886 §3.2.1).</summary>
    public const ushort AnnouncementPort = 5350;

    /// <summary>The longest.</summary>
    public const int Longest = 12;

    /// <summary>Asks for the address from outside.</summary>
    public static NatPmpRequest Address => default;

    /// <summary>Writes it and returns its length.</summary>
    public int Write(Span<byte> destination)
    {
        destination[0] = 0;
        destination[1] = OpcodeOf(Transport);
        if (Transport is null)
            return 2;
        destination[2..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], Internal);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], External);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], LifetimeSeconds);
        return Longest;
    }

    /// <summary>Reads it, as a router does.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out NatPmpRequest request)
    {
        request = default;
        if (message.Length < 2 || message[0] != 0)
            return false;
        if (message[1] == 0)
            return message.Length == 2;
        if (message.Length != Longest || message[1] > 2)
            return false;
        request = new NatPmpRequest(
            message[1] == 1 ? MappingTransport.Udp : MappingTransport.Tcp, BinaryPrimitives.ReadUInt16BigEndian(message[4..]), BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
            BinaryPrimitives.ReadUInt32BigEndian(message[8..]));
        return true;
    }

    internal static byte OpcodeOf(MappingTransport? transport) => transport switch
    {
        null => 0,
        MappingTransport.Udp => 1,
        _ => 2,
    };
}
