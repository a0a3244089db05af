using Dapari.Peer.Contacts;
using Dapari.Peer.Servers;

namespace Dapari.Peer.Conversations;

/// <summary>By which door an envelope came in.</summary>
internal enum ArrivalDoor
{
    /// <summary>Stored at a server, then fetched.</summary>
    Mailbox,

    /// <summary>Passed on by a server at once.</summary>
    Live,

    /// <summary>Straight from the other device.</summary>
    Path,
}

/// <summary>An envelope's arrival.</summary>
/// <param name="Door">By which door.</param>
/// <param name="Box">The mailbox whose address it is sealed to.</param>
/// <param name="LayMs">How long it lay at the server.</param>
/// <param name="IsNear">It came from the same network, not by a server.</param>
internal readonly record struct Arrival(ArrivalDoor Door, OwnBox Box, ulong LayMs, bool IsNear = false)
{
    public static Arrival FromMailbox(OwnBox box, ulong layMs) => new(ArrivalDoor.Mailbox, box, layMs);

    public static Arrival Live(OwnBox box) => new(ArrivalDoor.Live, box, 0);

    public static Arrival Nearby(OwnBox box) => new(ArrivalDoor.Live, box, 0, IsNear: true);

    public static Arrival OnPath(Contact contact) => new(ArrivalDoor.Path, contact.Box!, 0);
}
