using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Routes;

/// <summary>Chooses the way of a message: a pure function, told in words in docs/protocol/routes.md.</summary>
internal static class RouteChooser
{
    public static RouteChoice Choose(RouteFacts facts)
    {
        if (!facts.Accepted)
            return Waiting(Reason.NotAcceptedYet);
        var directAllowed = facts.Policy != Policy.ServerOnly && !facts.TheyHideAddress && facts.SessionReady;
        if (directAllowed && facts.Path == PathStanding.Open)
            return OnPath(facts);
        if (facts.Policy == Policy.DirectOnly)
            return Waiting(Reason.YouChoseDirect);
        return facts.Door switch
        {
            DoorStanding.Unreachable => Waiting(Reason.ServerUnreachable),
            DoorStanding.Full => Waiting(Reason.MailboxFull),
            DoorStanding.Gone => Waiting(Reason.MailboxGone),
            _ => new RouteChoice(Route.Mailbox, WhyNotDirect(facts)),
        };
    }

    private static RouteChoice OnPath(RouteFacts facts) => facts switch
    {
        { Relayed: true } => new RouteChoice(Route.Relay, Reason.RelayPathOpen),
        { Policy: Policy.DirectOnly } => new RouteChoice(Route.Direct, Reason.YouChoseDirect),
        _ => new RouteChoice(Route.Direct, Reason.DirectPathOpen),
    };

    private static Reason WhyNotDirect(RouteFacts facts) => facts switch
    {
        { Policy: Policy.ServerOnly } => Reason.YouChoseServer,
        { TheyHideAddress: true } => Reason.TheyChoseServer,
        { SessionReady: false } => Reason.StartingContact,
        { Path: PathStanding.Suspect } => Reason.DirectPathLost,
        { Peer: PeerPresence.Absent } => Reason.PeerOffline,
        { NoPath: true } => Reason.NoPath,
        _ => Reason.DirectPathNotYet,
    };

    private static RouteChoice Waiting(Reason reason) => new(Route.Waiting, reason);
}
