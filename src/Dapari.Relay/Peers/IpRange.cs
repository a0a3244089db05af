using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Dapari.Rtc;

namespace Dapari.Relay.Peers;

/// <summary>A range of addresses: a prefix of IPv4 or IPv6.</summary>
public readonly struct IpRange : IEquatable<IpRange>
{
    private readonly Endpoint _first;
    private readonly int _bits;

    private IpRange(in Endpoint first, int bits)
    {
        _first = first;
        _bits = bits;
    }

    /// <summary><c>::ffff:0:0/96</c>.</summary>
    internal static IpRange Mapped => new(Endpoint.V6(0, 0x0000_FFFF_0000_0000, 0), 96);

    /// <summary>Reads <c>10.0.0.0/8</c>, <c>fd00::/8</c>, or one address. Bits behind the prefix must be 0; an IPv4-mapped prefix is refused: write it as IPv4.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out IpRange range)
    {
        range = default;
        if (text is null)
            return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        // The framework's own shorthands ("10.1" is 10.0.0.1 for it) are not taken.
        var addressText = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(addressText, out var address) || (!addressText.Contains(':', StringComparison.Ordinal) && addressText.Split('.').Length != 4))
            return false;
        var first = Endpoint.From(address, 0);
        var most = first.IsV4 ? 32 : 128;
        var bits = most;
        if (first.Unmap().Family != first.Family
            || (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most)))
            return false;
        range = new IpRange(first, bits);
        return range.Contains(first) && Mask(first, bits).HasSameAddress(first);
    }

    /// <summary>Reads what is written in the source.</summary>
    /// <exception cref="FormatException">It is no range.</exception>
    public static IpRange Parse(string text) => TryParse(text, out var range) ? range : throw new FormatException("No range of addresses: " + text);

    /// <summary>Whether an address lies in it; only addresses of the same family do.</summary>
    public bool Contains(in Endpoint endpoint) => endpoint.Family == _first.Family && !endpoint.IsNone && Mask(endpoint, _bits).HasSameAddress(_first);

    /// <inheritdoc/>
    public bool Equals(IpRange other) => _first == other._first && _bits == other._bits;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IpRange other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_first, _bits);

    /// <summary>Whether both are the same range.</summary>
    public static bool operator ==(in IpRange left, in IpRange right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(in IpRange left, in IpRange right) => !left.Equals(right);

    /// <summary><c>10.0.0.0/8</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_first.ToIPAddress()}/{_bits}");

    private static Endpoint Mask(in Endpoint endpoint, int bits)
    {
        if (endpoint.IsV4)
            return Endpoint.V4(bits == 0 ? 0 : endpoint.V4Bits & unchecked(uint.MaxValue << (32 - bits)), endpoint.Port);
        var high = bits >= 64 ? endpoint.High : bits == 0 ? 0 : endpoint.High & unchecked(ulong.MaxValue << (64 - bits));
        var low = bits <= 64 ? 0 : endpoint.Low & unchecked(ulong.MaxValue << (128 - bits));
        return Endpoint.V6(high, low, endpoint.Port);
    }
}
