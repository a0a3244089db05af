using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Dapari.Rtc;

/// <summary>An IP address and a port in 24 bytes, compared and hashed by value.</summary>
/// <remarks>
/// What ICE calls a transport address has a transport too (RFC 8445 §4): it is UDP unless <see cref="AsTcp"/> was asked, and one of TCP is a different endpoint.
/// IPv4 is kept in its mapped form with family 4; an IPv6 address that was written as <c>::ffff:a.b.c.d</c> has family 6 and is a different
/// endpoint until <see cref="Unmap"/> was asked.
/// </remarks>
public readonly struct Endpoint : IEquatable<Endpoint>
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;
    private const ulong TcpBit = 1UL << 24;

    /// <summary>From the parts as they are kept; see the properties.</summary>
    internal Endpoint(ulong high, ulong low, ulong tail)
    {
        High = high;
        Low = low;
        Tail = tail;
    }

    /// <summary>The first eight bytes of the address as a number; 0 for IPv4.</summary>
    public ulong High { get; }

    /// <summary>The last eight bytes of the address as a number; for IPv4 <c>0000ffff</c> and the four bytes.</summary>
    public ulong Low { get; }

    /// <summary>The port in bits 0 to 15, the family (4 or 6; 0 for none) in bits 16 to 23, whether it is TCP's in bit 24.</summary>
    internal ulong Tail { get; }

    /// <summary>The port, 0 to 65535.</summary>
    public ushort Port => unchecked((ushort)Tail);

    /// <summary>4, 6, or 0 for the default value, which is no endpoint.</summary>
    public int Family => (int)((Tail >> 16) & 0xFF);

    /// <summary>Whether the family is IPv4.</summary>
    public bool IsV4 => Family == 4;

    /// <summary>Whether it is one of TCP.</summary>
    public bool IsTcp => (Tail & TcpBit) != 0;

    /// <summary>Whether this is no endpoint at all.</summary>
    public bool IsNone => Tail == 0;

    /// <summary>The IPv4 address as a number, the first byte the highest; only for <see cref="IsV4"/>.</summary>
    public uint V4Bits => unchecked((uint)Low);

    /// <summary>An IPv4 endpoint.</summary>
    /// <param name="address">The address, its first byte the highest.</param>
    /// <param name="port">The port.</param>
    public static Endpoint V4(uint address, ushort port) => new(0, MappedPrefix | address, 0x4_0000UL | port);

    /// <summary>An IPv6 endpoint; a mapped address stays one.</summary>
    /// <param name="high">The first eight bytes of the address.</param>
    /// <param name="low">The last eight bytes.</param>
    /// <param name="port">The port.</param>
    public static Endpoint V6(ulong high, ulong low, ushort port) => new(high, low, 0x6_0000UL | port);

    /// <summary>From the address's bytes in network order: 4 or 16 of them.</summary>
    /// <exception cref="ArgumentException">Another number of bytes.</exception>
    public static Endpoint FromBytes(ReadOnlySpan<byte> address, ushort port) => address.Length switch
    {
        4 => V4(BinaryPrimitives.ReadUInt32BigEndian(address), port),
        16 => V6(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port),
        _ => throw new ArgumentException("An address has 4 or 16 bytes.", nameof(address)),
    };

    /// <summary>From the framework's address, whose scope is not kept.</summary>
    public static Endpoint From(IPAddress address, ushort port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var length) ? FromBytes(bytes[..length], port) : throw new ArgumentException("No IP address.", nameof(address));
    }

    /// <summary>The framework's address.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        return new IPAddress(bytes[..WriteAddress(bytes)]);
    }

    /// <summary>Reads <c>1.2.3.4:5</c> or <c>[::1]:5</c>; without a port it is 0.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Endpoint endpoint)
    {
        endpoint = default;
        if (!IPEndPoint.TryParse(text ?? "", out var parsed))
            return false;
        endpoint = From(parsed.Address, (ushort)parsed.Port);
        return true;
    }

    /// <summary>The same endpoint, an IPv4-mapped IPv6 address as IPv4.</summary>
    public Endpoint Unmap() => Family == 6 && High == 0 && Low >> 32 == 0xFFFF ? new(0, Low, (Tail & ~0xFF_0000UL) | 0x4_0000UL) : this;

    /// <summary>The same address and port of TCP.</summary>
    public Endpoint AsTcp() => IsNone ? this : new(High, Low, Tail | TcpBit);

    /// <summary>The same address with another port.</summary>
    public Endpoint WithPort(ushort port) => new(High, Low, (Tail & ~0xFFFFUL) | port);

    /// <summary>Writes the address in network order and returns its length, 4 or 16 (0 for none).</summary>
    public int WriteAddress(Span<byte> destination)
    {
        switch (Family)
        {
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(destination, V4Bits);
                return 4;
            case 6:
                BinaryPrimitives.WriteUInt64BigEndian(destination, High);
                BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
                return 16;
            default:
                return 0;
        }
    }

    /// <summary>Whether both have the same address and family, whatever the ports and transports.</summary>
    public bool HasSameAddress(in Endpoint other) => High == other.High && Low == other.Low && ((Tail ^ other.Tail) & 0xFF_0000UL) == 0;

    /// <inheritdoc/>
    public bool Equals(Endpoint other) => High == other.High && Low == other.Low && Tail == other.Tail;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Endpoint other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(High, Low, Tail);

    /// <summary>Whether all parts are equal.</summary>
    public static bool operator ==(in Endpoint left, in Endpoint right) => left.Equals(right);

    /// <summary>Whether any part differs.</summary>
    public static bool operator !=(in Endpoint left, in Endpoint right) => !left.Equals(right);

    /// <summary><c>1.2.3.4:5</c> or <c>[::1]:5</c>; of TCP with <c>/tcp</c> after it.</summary>
    public override string ToString() => Family switch
    {
        4 => string.Create(CultureInfo.InvariantCulture, $"{ToIPAddress()}:{Port}{(IsTcp ? "/tcp" : "")}"),
        6 => string.Create(CultureInfo.InvariantCulture, $"[{ToIPAddress()}]:{Port}{(IsTcp ? "/tcp" : "")}"),
        _ => "none",
    };
}
