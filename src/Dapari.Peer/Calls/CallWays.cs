using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>How this end lets itself be reached in a call, and why.</summary>
/// <param name="Way">Never unspecified.</param>
/// <param name="Reason">CONTACT_NOT_VERIFIED where the rule and not the person says so; else unspecified.</param>
internal readonly record struct CallReach(Policy Way, Reason Reason);

/// <summary>Which way the media may go, and why it went so: pure functions of what both ends say.</summary>
internal static class CallWays
{
    /// <summary>The way in effect: the call's own choice, the contact's, the default, and else the rule: who is not verified gets no address.</summary>
    public static CallReach Reach(Policy forCall, Policy forContact, Policy byDefault, bool verified)
    {
        foreach (var chosen in (ReadOnlySpan<Policy>)[forCall, forContact, byDefault])
        {
            if (chosen is Policy.Automatic or Policy.DirectOnly or Policy.ServerOnly)
                return new CallReach(chosen, Reason.Unspecified);
        }

        return verified ? new CallReach(Policy.Automatic, Reason.Unspecified) : new CallReach(Policy.ServerOnly, Reason.ContactNotVerified);
    }

    /// <summary>Between two who are no contacts of each other, whatever they chose: no address to a stranger.</summary>
    public static CallReach BroughtIn => new(Policy.ServerOnly, Reason.ContactNotVerified);

    public static CallWay OnWire(Policy way) => way switch
    {
        Policy.DirectOnly => CallWay.DirectOnly,
        Policy.ServerOnly => CallWay.ServerOnly,
        _ => CallWay.Automatic,
    };

    /// <summary>One end takes only a direct way and the other only a relay.</summary>
    public static bool Exclude(CallWay one, CallWay other) =>
        (one == CallWay.DirectOnly && other == CallWay.ServerOnly) || (one == CallWay.ServerOnly && other == CallWay.DirectOnly);

    /// <summary>The servers that a driver is given: no relay where the way is direct only.</summary>
    public static IReadOnlyList<IceServer> Servers(IReadOnlyList<IceServer> all, Policy way)
    {
        if (way != Policy.DirectOnly)
            return all;
        var direct = new List<IceServer>();
        foreach (var server in all)
        {
            var stun = server.Urls.Where(url => !IsRelay(url)).ToList();
            if (stun.Count > 0)
                direct.Add(new IceServer { Urls = { stun } });
        }

        return direct;
    }

    /// <summary>Whether there is a relay among them.</summary>
    public static bool HasRelay(IReadOnlyList<IceServer> servers) => servers.Any(server => server.Urls.Any(IsRelay));

    /// <summary>The farther of what the two ends see; nothing is stated before both said it.</summary>
    public static Network Farther(Network ours, Network theirs) =>
        ours == Network.Unspecified || theirs == Network.Unspecified || !Enum.IsDefined(theirs)
            ? Network.Unspecified
            : (Network)Math.Max((int)ours, (int)theirs);

    public static Route RouteOf(Network network) => network switch
    {
        Network.Same or Network.Internet => Route.Direct,
        Network.Relayed => Route.Relay,
        _ => Route.Unspecified,
    };

    /// <summary>Why it goes so, from the view of the end named first.</summary>
    public static Reason Why(Route route, CallState ours, CallState theirs) => route switch
    {
        Route.Relay when ours.Way == CallWay.ServerOnly && ours.WayReason != Reason.ContactNotVerified => Reason.YouChoseServer,
        Route.Relay when theirs.Way == CallWay.ServerOnly && theirs.WayReason != Reason.ContactNotVerified => Reason.TheyChoseServer,
        Route.Relay when ours.Way == CallWay.ServerOnly || theirs.Way == CallWay.ServerOnly => Reason.ContactNotVerified,
        Route.Relay => Reason.NoDirectWay,
        Route.Direct when ours.Way == CallWay.DirectOnly => Reason.YouChoseDirect,
        Route.Direct => Reason.DirectPathOpen,
        _ => Reason.Unspecified,
    };

    private static bool IsRelay(string url) =>
        url.StartsWith("turn:", StringComparison.OrdinalIgnoreCase) || url.StartsWith("turns:", StringComparison.OrdinalIgnoreCase);
}
