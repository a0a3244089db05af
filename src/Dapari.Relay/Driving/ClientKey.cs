using Dapari.Rtc;

namespace Dapari.Relay.Driving;

/// <summary>
/// A client's 5-tuple in 24 bytes: its address and port, and the number of the local side (<see cref="RelayCore.AddLocal"/>), which stands for
/// our address, our port and the transport.
/// </summary>
public readonly struct ClientKey : IEquatable<ClientKey>
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly ulong _tail;

    /// <summary>The client at <paramref name="remote"/> (already unmapped: IPv4 is IPv4) as seen from local side <paramref name="local"/>.</summary>
    public ClientKey(in Endpoint remote, int local)
    {
        _high = remote.High;
        _low = remote.Low;
        _tail = (ulong)remote.Port | ((ulong)remote.Family << 16) | ((ulong)(uint)local << 32);
    }

    /// <summary>The number of the local side.</summary>
    public int Local => unchecked((int)(_tail >> 32));

    /// <summary>The client's address and port.</summary>
    public Endpoint Remote => unchecked((byte)(_tail >> 16)) == 4
        ? Endpoint.V4(unchecked((uint)_low), unchecked((ushort)_tail))
        : Endpoint.V6(_high, _low, unchecked((ushort)_tail));

    /// <summary>A hash that nobody without <paramref name="seed"/> can aim at one place.</summary>
    internal uint Hash(ulong seed)
    {
        unchecked
        {
            // Two rounds of 64x64->128 folded multiplication; not a cryptographic hash, but seeded for each process.
            var first = Math.BigMul(_high ^ seed, _low ^ 0x9E37_79B9_7F4A_7C15, out var mixed) ^ mixed;
            var second = Math.BigMul(first ^ _tail, seed ^ 0xD1B5_4A32_D192_ED03, out mixed) ^ mixed;
            return (uint)(second ^ (second >> 32));
        }
    }

    /// <inheritdoc/>
    public bool Equals(ClientKey other) => _tail == other._tail && _low == other._low && _high == other._high;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ClientKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_high, _low, _tail);

    /// <summary>Whether all parts are equal.</summary>
    public static bool operator ==(in ClientKey left, in ClientKey right) => left.Equals(right);

    /// <summary>Whether any part differs.</summary>
    public static bool operator !=(in ClientKey left, in ClientKey right) => !left.Equals(right);
}
