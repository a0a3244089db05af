using Dapari.Rtc;

namespace Dapari.Relay.Driving;

/// <summary>What is to be done with the buffer that was handed in.</summary>
public enum RelayAction
{
    /// <summary>Nothing is sent.</summary>
    Drop = 0,

    /// <summary>Send the bytes to <see cref="RelayPacket.Client"/> by the local side that the key names.</summary>
    ToClient = 1,

    /// <summary>Send the bytes to <see cref="RelayPacket.Peer"/> out of the relayed socket <see cref="RelayPacket.Port"/>.</summary>
    ToPeer = 2,
}

/// <summary>The bytes to send: a slice of the buffer that was handed in, and where they go. Which fields hold is said by the <see cref="RelayAction"/>.</summary>
public struct RelayPacket : IEquatable<RelayPacket>
{
    /// <summary>Where the bytes begin in the buffer.</summary>
    public int Offset { get; internal set; }

    /// <summary>How many they are.</summary>
    public int Length { get; internal set; }

    /// <summary>The relayed socket to send from (<see cref="RelayAction.ToPeer"/>).</summary>
    public int Port { get; internal set; }

    /// <summary>Where to (<see cref="RelayAction.ToPeer"/>).</summary>
    public Endpoint Peer { readonly get => _peer; internal set => _peer = value; }

    /// <summary>Whom to (<see cref="RelayAction.ToClient"/>).</summary>
    public ClientKey Client { readonly get => _client; internal set => _client = value; }

    private Endpoint _peer;
    private ClientKey _client;

    /// <inheritdoc/>
    public readonly bool Equals(RelayPacket other) =>
        Offset == other.Offset && Length == other.Length && Port == other.Port && _peer == other._peer && _client == other._client;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is RelayPacket other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Offset, Length, Port, _peer, _client);

    /// <summary>Whether all parts are equal.</summary>
    public static bool operator ==(in RelayPacket left, in RelayPacket right) => left.Equals(right);

    /// <summary>Whether any part differs.</summary>
    public static bool operator !=(in RelayPacket left, in RelayPacket right) => !left.Equals(right);
}
