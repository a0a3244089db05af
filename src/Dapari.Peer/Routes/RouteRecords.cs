using Dapari.Wire.V1;

namespace Dapari.Peer.Routes;

/// <summary>
/// The record of the way a message went. The recipient makes it from what the sender meant and how the first copy came; the sender adopts it
/// with the receipt, so both ends agree by construction. Until then the sender shows the same function of what it knows.
/// </summary>
internal static class RouteRecords
{
    /// <summary>The longest lying time that is believed: a year, in milliseconds.</summary>
    private const ulong LongestLayMs = 365UL * 24 * 60 * 60 * 1000;

    /// <summary>The longest round trip that is believed, in milliseconds.</summary>
    private const uint LongestRoundTripMs = 60_000;

    public static RouteRecord Arrived(Route intended, Reason reason, Route actual, Network network, uint roundTripMs, ulong layMs)
    {
        var record = new RouteRecord { Route = actual, Reason = Why(Known(intended), Known(reason), actual) };
        if (actual == Route.Mailbox)
        {
            record.LayMs = Math.Min(layMs, LongestLayMs);
        }
        else
        {
            record.Network = network;
            record.RoundTripMs = Math.Min(roundTripMs, LongestRoundTripMs);
        }

        return record;
    }

    /// <summary>A record from outside, with what it may not say left out; null: it says no way.</summary>
    public static RouteRecord? Adopt(RouteRecord? said)
    {
        if (said is null || said.Route is not (Route.Direct or Route.Relay or Route.Mailbox))
            return null;
        var record = new RouteRecord { Route = said.Route, Reason = Known(said.Reason) };
        if (said.Route == Route.Mailbox)
        {
            record.LayMs = Math.Min(said.LayMs, LongestLayMs);
        }
        else
        {
            record.Network = Enum.IsDefined(said.Network) ? said.Network : Network.Unspecified;
            record.RoundTripMs = Math.Min(said.RoundTripMs, LongestRoundTripMs);
        }

        return record;
    }

    private static Reason Why(Route intended, Reason reason, Route actual)
    {
        if (intended == actual)
            return reason;
        if (actual == Route.Mailbox)
        {
            return intended switch
            {
                Route.Direct or Route.Relay => Reason.DirectPathLost,
                _ => reason switch
                {
                    Reason.ServerUnreachable => Reason.ServerBack,
                    // The choice of direct was taken back while it waited.
                    Reason.YouChoseDirect => Reason.DirectPathNotYet,
                    _ => reason,
                },
            };
        }

        if (actual == Route.Relay)
            return Reason.RelayPathOpen;
        return reason == Reason.YouChoseDirect ? reason : intended == Route.Relay ? Reason.DirectPathOpen : Reason.DirectPathOpened;
    }

    // Only files are left at a server as a drop-off.
    private static Route Known(Route route) => Enum.IsDefined(route) && route != Route.DropOff ? route : Route.Unspecified;

    private static Reason Known(Reason reason) => Enum.IsDefined(reason) ? reason : Reason.Unspecified;
}
