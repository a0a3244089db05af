using Dapari.Peer.Routes;
using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests;

/// <summary>The whole table: every combination of facts is judged by rules that are said here once more, the other way round.</summary>
public sealed class RouteChooserTests
{
    private static readonly Policy[] Policies = [Policy.Automatic, Policy.DirectOnly, Policy.ServerOnly];
    private static readonly bool[] Both = [false, true];

    private static IEnumerable<RouteFacts> Every() =>
        from policy in Policies
        from hide in Both
        from accepted in Both
        from session in Both
        from path in Enum.GetValues<PathStanding>()
        from relayed in Both
        from noPath in Both
        from door in Enum.GetValues<DoorStanding>()
        from peer in Enum.GetValues<PeerPresence>()
        select new RouteFacts(policy, hide, accepted, session, path, relayed, noPath, door, peer);

    [Fact]
    public void Nothing_goes_to_who_has_not_accepted() =>
        Assert.All(Every().Where(facts => !facts.Accepted), facts => Assert.Equal(new RouteChoice(Route.Waiting, Reason.NotAcceptedYet), RouteChooser.Choose(facts)));

    [Fact]
    public void A_path_is_taken_exactly_where_it_is_open_and_both_allow_it() => Assert.All(Every().Where(facts => facts.Accepted), facts =>
    {
        var allowed = facts.Path == PathStanding.Open && facts.Policy != Policy.ServerOnly && !facts.TheyHideAddress && facts.SessionReady;
        var route = RouteChooser.Choose(facts).Route;
        Assert.Equal(allowed, route is Route.Direct or Route.Relay);
        Assert.Equal(allowed && facts.Relayed, route == Route.Relay);
    });

    [Fact]
    public void Direct_only_never_goes_by_a_server() =>
        Assert.All(Every().Where(facts => facts.Policy == Policy.DirectOnly), facts => Assert.NotEqual(Route.Mailbox, RouteChooser.Choose(facts).Route));

    [Fact]
    public void A_server_is_taken_exactly_where_its_door_is_open_and_nothing_better_is() =>
        Assert.All(Every().Where(facts => facts.Accepted && facts.Policy != Policy.DirectOnly), facts =>
        {
            var choice = RouteChooser.Choose(facts);
            if (choice.Route is Route.Direct or Route.Relay)
                return;
            Assert.Equal(facts.Door == DoorStanding.Open, choice.Route == Route.Mailbox);
            if (choice.Route == Route.Waiting)
            {
                Assert.Equal(facts.Door switch
                {
                    DoorStanding.Full => Reason.MailboxFull,
                    DoorStanding.Gone => Reason.MailboxGone,
                    _ => Reason.ServerUnreachable,
                }, choice.Reason);
            }
        });

    [Fact]
    public void Every_choice_has_a_reason() =>
        Assert.All(Every(), facts => Assert.NotEqual(Reason.Unspecified, RouteChooser.Choose(facts).Reason));

    [Theory]
    [InlineData(Policy.ServerOnly, true, PathStanding.Open, true, PeerPresence.Absent, Reason.YouChoseServer)]
    [InlineData(Policy.Automatic, true, PathStanding.Open, true, PeerPresence.Absent, Reason.TheyChoseServer)]
    [InlineData(Policy.Automatic, false, PathStanding.Suspect, true, PeerPresence.Absent, Reason.DirectPathLost)]
    [InlineData(Policy.Automatic, false, PathStanding.Closed, true, PeerPresence.Absent, Reason.PeerOffline)]
    [InlineData(Policy.Automatic, false, PathStanding.Closed, true, PeerPresence.Present, Reason.NoPath)]
    [InlineData(Policy.Automatic, false, PathStanding.Opening, false, PeerPresence.Present, Reason.DirectPathNotYet)]
    [InlineData(Policy.Automatic, false, PathStanding.Closed, false, PeerPresence.Unknown, Reason.DirectPathNotYet)]
    internal void The_reason_for_a_server_is_the_strongest(Policy policy, bool hide, PathStanding path, bool noPath, PeerPresence peer, Reason reason)
    {
        var choice = RouteChooser.Choose(new RouteFacts(policy, hide, true, true, path, false, noPath, DoorStanding.Open, peer));
        Assert.Equal(new RouteChoice(Route.Mailbox, reason), choice);
    }

    [Theory]
    [InlineData(Route.Direct, Reason.DirectPathOpen, Route.Direct, Reason.DirectPathOpen)]
    [InlineData(Route.Direct, Reason.DirectPathOpen, Route.Mailbox, Reason.DirectPathLost)]
    [InlineData(Route.Mailbox, Reason.PeerOffline, Route.Mailbox, Reason.PeerOffline)]
    [InlineData(Route.Mailbox, Reason.DirectPathNotYet, Route.Direct, Reason.DirectPathOpened)]
    [InlineData(Route.Waiting, Reason.YouChoseDirect, Route.Direct, Reason.YouChoseDirect)]
    [InlineData(Route.Waiting, Reason.ServerUnreachable, Route.Mailbox, Reason.ServerBack)]
    [InlineData(Route.Waiting, Reason.NotAcceptedYet, Route.Mailbox, Reason.NotAcceptedYet)]
    [InlineData(Route.Waiting, Reason.MailboxFull, Route.Mailbox, Reason.MailboxFull)]
    [InlineData(Route.Mailbox, Reason.PeerOffline, Route.Relay, Reason.RelayPathOpen)]
    public void The_record_is_made_of_what_was_meant_and_what_happened(Route intended, Reason meant, Route actual, Reason reason)
    {
        var record = RouteRecords.Arrived(intended, meant, actual, Network.Internet, 12, 34);
        Assert.Equal(reason, record.Reason);
        Assert.Equal(actual, record.Route);
        Assert.Equal(actual == Route.Mailbox ? 34UL : 0, record.LayMs);
        Assert.Equal(actual == Route.Mailbox ? 0u : 12, record.RoundTripMs);
    }

    [Fact]
    public void A_record_from_outside_keeps_nothing_that_it_may_not_say()
    {
        Assert.Null(RouteRecords.Adopt(null));
        Assert.Null(RouteRecords.Adopt(new RouteRecord { Route = Route.Waiting }));
        Assert.Null(RouteRecords.Adopt(new RouteRecord { Route = (Route)99 }));
        var record = RouteRecords.Adopt(new RouteRecord { Route = Route.Direct, Reason = (Reason)999, Network = (Network)50, RoundTripMs = uint.MaxValue, LayMs = 9 })!;
        Assert.Equal(new RouteRecord { Route = Route.Direct, RoundTripMs = 60_000 }, record);
    }
}
