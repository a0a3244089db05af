using Dapari.Relay.Driving;
using Dapari.Relay.Limits;
using Dapari.Rtc;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay.State;

/// <summary>One relayed socket.</summary>
internal sealed class RelayedSocket
{
    /// <summary>The number that the driver knows it by.</summary>
    public required int Port { get; init; }

    /// <summary>What it is bound to.</summary>
    public required Endpoint Local { get; init; }

    /// <summary>What clients and peers are told.</summary>
    public required Endpoint Advertised { get; init; }

    /// <summary>Whose it is.</summary>
    public Allocation? Owner { get; set; }
}

/// <summary>What a client was lent: one relayed socket or two, and whom it may exchange datagrams with (RFC 8656 §3.2).</summary>
internal sealed class Allocation
{
    public required ClientKey Client { get; init; }

    /// <summary>Frames to the client are padded.</summary>
    public required bool IsStream { get; init; }

    public required Account Account { get; init; }

    /// <summary>The user name that made it; others are answered 441.</summary>
    public required byte[] Username { get; init; }

    /// <summary>The key of the algorithm that it was made with.</summary>
    public required byte[] Key { get; init; }

    /// <summary>The algorithm that <see cref="Key"/> was made by.</summary>
    public required PasswordAlgorithmId Algorithm { get; init; }

    /// <summary>The Allocate request's transaction id: a repetition gets the same answer.</summary>
    public required byte[] TransactionId { get; init; }

    public required PeerTable Peers { get; init; }

    public RelayedSocket? V4 { get; set; }

    public RelayedSocket? V6 { get; set; }

    /// <summary>The error instead of the additional address; 0: none.</summary>
    public int AdditionalError { get; set; }

    /// <summary>The token that was given with it, or 0.</summary>
    public ulong Token { get; set; }

    /// <summary>What was answered as its lifetime, for repetitions of the request.</summary>
    public uint LifetimeSeconds { get; set; }

    /// <summary>From then on it is gone.</summary>
    public long ExpiresMs { get; set; }

    /// <summary>Its place among equal deadlines.</summary>
    public required long Serial { get; init; }

#pragma warning disable CA1051 // Mutable structs that are changed in place.
    public Allowance Up;
    public Allowance Down;
#pragma warning restore CA1051

    public int Sockets => (V4 is null ? 0 : 1) + (V6 is null ? 0 : 1);

    public RelayedSocket? For(int family) => family == 4 ? V4 : V6;
}
