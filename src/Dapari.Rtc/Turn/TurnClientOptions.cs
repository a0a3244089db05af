using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Turn;

/// <summary>What a client is made of.</summary>
public sealed record TurnClientOptions
{
    /// <summary>The long-term credential's name.</summary>
    public required string Username { get; init; }

    /// <summary>The long-term credential's password.</summary>
    public required string Password { get; init; }

    /// <summary>Over TCP or TLS: nothing is lost, so that nothing is sent twice.</summary>
    public bool IsReliable { get; init; }

    /// <summary>IPv6 must be asked for (RFC 8656 §7.1); IPv4 is what a server lends by itself.</summary>
    public bool WantsV6 { get; init; }

    internal byte Family => (byte)(WantsV6 ? RequestedFamily.V6 : RequestedFamily.V4);
}

/// <summary>How a client stands.</summary>
public enum TurnState
{
    /// <summary>Not begun.</summary>
    Idle = 0,

    /// <summary>An address was asked for.</summary>
    Asking,

    /// <summary>An address is lent: datagrams may go.</summary>
    Lent,

    /// <summary>Refused, or the server does not answer: <see cref="TurnClient.Code"/> tells.</summary>
    Failed,

    /// <summary>Given back.</summary>
    Closed,
}

/// <summary>What became of bytes from the server.</summary>
public enum TurnReceipt
{
    /// <summary>Neither an answer that was waited for nor data: dropped.</summary>
    Refused = 0,

    /// <summary>An answer.</summary>
    Taken,

    /// <summary>A peer's datagram.</summary>
    Data,
}
