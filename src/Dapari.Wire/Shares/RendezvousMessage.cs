namespace Dapari.Wire;

/// <summary>What a message at the rendezvous is: its first byte (docs/protocol/shares.md).</summary>
public enum RendezvousKind : byte
{
    /// <summary>A sender: id, owner token. As an answer: you are heard; to a visitor: the sender is there.</summary>
    Serve = 1,

    /// <summary>A visitor: id.</summary>
    Visit = 2,

    /// <summary>To the sender: a visitor came; its number.</summary>
    Came = 3,

    /// <summary>Sealed bytes to be carried; towards and from the sender behind the visitor's number.</summary>
    Message = 4,

    /// <summary>A visitor left, or is to be sent away; its number.</summary>
    Gone = 5,

    /// <summary>STUN and TURN servers, as JSON.</summary>
    Servers = 6,

    /// <summary>To a visitor: the sender is not there.</summary>
    Away = 7,

    /// <summary>A sign of life.</summary>
    Beat = 8,

    /// <summary>The link is over; a <see cref="ShareEnd"/>.</summary>
    Over = 9,
}

/// <summary>Why a link is over.</summary>
public enum ShareEnd : byte
{
    /// <summary>It is not.</summary>
    None = 0,

    /// <summary>Its time is over.</summary>
    Time = 1,

    /// <summary>It was used as often as it may be.</summary>
    UsedUp = 2,

    /// <summary>Its sender ended it.</summary>
    Stopped = 3,
}

/// <summary>Lengths at the rendezvous, in bytes.</summary>
public static class RendezvousLimits
{
    /// <summary>A message.</summary>
    public const int MessageBytes = 16 * 1024;

    /// <summary>A share's id.</summary>
    public const int IdBytes = 16;

    /// <summary>What proves the sender to the server.</summary>
    public const int TokenBytes = 32;

    /// <summary>Seconds between two signs of life of a client.</summary>
    public const int BeatSeconds = 20;
}
