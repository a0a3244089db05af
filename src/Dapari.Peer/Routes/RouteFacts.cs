using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Routes;

/// <summary>How a direct path to a contact stands.</summary>
internal enum PathStanding
{
    /// <summary>None.</summary>
    Closed,

    /// <summary>Being negotiated.</summary>
    Opening,

    /// <summary>Carrying.</summary>
    Open,

    /// <summary>Did not answer lately.</summary>
    Suspect,
}

/// <summary>What is known of the other being there.</summary>
internal enum PeerPresence
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>There.</summary>
    Present,

    /// <summary>Not there.</summary>
    Absent,
}

/// <summary>How the recipient's server stands.</summary>
internal enum DoorStanding
{
    /// <summary>Online, and takes envelopes for this mailbox.</summary>
    Open,

    /// <summary>No connection.</summary>
    Unreachable,

    /// <summary>The mailbox is full.</summary>
    Full,

    /// <summary>The server does not know the mailbox.</summary>
    Gone,
}

/// <summary>All that the choice of a route depends on.</summary>
/// <param name="Policy">The sender's, in effect: never unspecified.</param>
/// <param name="TheyHideAddress">The recipient's policy towards the sender is server only.</param>
/// <param name="Accepted">Both are contacts.</param>
/// <param name="SessionReady">A session seals.</param>
/// <param name="Path">How the direct path stands.</param>
/// <param name="Relayed">The open path goes through a relay.</param>
/// <param name="NoPath">The networks forbid a path, or a device has none.</param>
/// <param name="Door">How the recipient's server stands.</param>
/// <param name="Peer">Whether the other is there.</param>
internal readonly record struct RouteFacts(
    Policy Policy, bool TheyHideAddress, bool Accepted, bool SessionReady, PathStanding Path, bool Relayed, bool NoPath, DoorStanding Door, PeerPresence Peer);

/// <summary>A route and why.</summary>
internal readonly record struct RouteChoice(Route Route, Reason Reason);
