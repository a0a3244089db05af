using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Calls;

/// <summary>Calls as they are shown.</summary>
internal sealed class CallViews(PeerState state, CallBoard board, bool hasRelay)
{
    /// <summary>What is under way, or ended within the last seconds; oldest first.</summary>
    public IEnumerable<CallView> All() =>
        board.Calls.Where(call => call is { Hidden: false, Left: false } && call.Ending != CallEnding.Absorbed)
            .OrderBy(call => call.Fellow).ThenBy(call => call.StartedAt).ThenBy(call => call.Id)
            .GroupBy(call => call.Group is { } group ? (group, call.Beginner) : (call.Id, null))
            .Select(several => View([.. several]));

    /// <summary>A call of several is shown as one, with a leg for each of the others.</summary>
    private CallView View(IReadOnlyList<Call> calls)
    {
        var first = calls[0];
        var view = View(calls.FirstOrDefault(call => !call.IsEnded) ?? first);
        if (first.Group is not { } group)
        {
            view.Legs.Add(Leg(first));
            view.CanAdd = first is { Outgoing: true, IsEnded: false };
            return view;
        }

        view.CallId = (calls.Select(call => call.Face).FirstOrDefault(face => face is not null) ?? group).ToByteString();
        view.Group = true;
        view.ContactId = (first.BroughtBy ?? first.With).ToByteString();
        view.Outgoing = first is { Outgoing: true, Fellow: false };
        foreach (var call in calls)
        {
            // Of somebody with whom it was begun anew the latest is shown.
            if (!call.IsEnded || !calls.Any(other => other.With == call.With && (!other.IsEnded || other.EndedAt > call.EndedAt)))
                view.Legs.Add(Leg(call));
            var stage = Stage(call);
            if (stage != CallStage.Ended && (view.Stage == CallStage.Ended || stage > view.Stage))
                view.Stage = stage;
            if (call.ConnectedWallMs != 0 && (view.ConnectedAtMs == 0 || call.ConnectedWallMs < view.ConnectedAtMs))
                view.ConnectedAtMs = call.ConnectedWallMs;
            if (view.Stage == CallStage.Ended && Shown(call) == CallOutcome.Answered)
                view.Outcome = CallOutcome.Answered;
        }

        // As who began says what it is: fellows are called by themselves, and ring nobody.
        if (calls.FirstOrDefault(call => call is { Fellow: false, IsEnded: false }) is { IsRingingHere: true } begun)
            view.Stage = Stage(begun);
        foreach (var call in calls.Where(call => call is { Outgoing: false, Fellow: false, IsEnded: false }))
            AddNamed(view, call, calls);
        view.CanAdd = calls.Any(call => call is { Outgoing: true, Fellow: false, IsEnded: false }) && calls.Count(call => !call.IsEnded) < CallDesk.MaxInvited;
        if (calls.Where(call => call.SpokeAt > 0 && !call.IsEnded).MaxBy(call => call.SpokeAt) is { } speaker)
            view.Speaker = KeyOf(speaker);
        return view;
    }

    private CallView View(Call call)
    {
        var view = new CallView
        {
            CallId = call.Id.ToByteString(),
            Outgoing = call.Outgoing,
            Video = call.Video,
            Stage = Stage(call),
            StartedAtMs = call.StartedWallMs,
            ConnectedAtMs = call.ConnectedWallMs,
            EndedAtMs = call.EndedWallMs,
            Way = ReachOf(call).Way,
            Media = call.Media.Clone(),
            ContactId = call.With.ToByteString(),
        };
        if (call.IsEnded)
            view.Outcome = Shown(call);
        if (call.SpokeAt > 0)
            view.Speaker = KeyOf(call);
        return view;
    }

    private LegView Leg(Call call)
    {
        var leg = new LegView
        {
            Leg = call.Leg.IsOpen ? call.Leg.Id : 0,
            Stage = call.IsEnded ? LegStage.Gone : LegStageOf(call),
            Media = call.Theirs?.Media?.Clone(),
            Speaking = call.Leg is { IsConnected: true, Facts.Speaks: true },
            Obstacle = ObstacleOf(call),
        };
        Name(leg, call.With, call.Stranger, call.BroughtBy);
        if (call.IsEnded)
        {
            leg.Outcome = Shown(call);
            return leg;
        }

        if (call.Theirs is not { } theirs || call.Leg.Told is null)
            return leg;
        var reach = ReachOf(call);
        var ours = new CallState { Way = CallWays.OnWire(reach.Way), WayReason = reach.Reason };
        leg.Network = CallBoard.NetworkOf(call);
        leg.Route = CallBoard.RouteOf(call);
        leg.Reason = CallWays.Why(leg.Route, ours, theirs);
        leg.RoundTripMs = call.Leg.Facts.Path.RoundTripMs;
        return leg;
    }

    /// <summary>Whom who began names, and who has no call with us (yet).</summary>
    private void AddNamed(CallView view, Call begun, IReadOnlyList<Call> calls)
    {
        foreach (var person in begun.Theirs?.People ?? [])
        {
            var standing = CallHost.Judge(state, person, out var with);
            if (standing == Standing.None || calls.Any(call => call.With == with))
                continue;
            var givenUp = CallBoard.IsGivenUp(begun, with);
            var leg = new LegView
            {
                Stage = person.Joined ? LegStage.Connecting : LegStage.Ringing,
                Obstacle = standing == Standing.Blocked ? LegObstacle.Blocked
                    : givenUp ? LegObstacle.NoWay
                    : standing == Standing.Stranger && !hasRelay ? LegObstacle.NoRelay : LegObstacle.Unspecified,
            };
            if (leg.Obstacle != LegObstacle.Unspecified && person.Joined)
                leg.Stage = LegStage.Gone;
            Name(leg, with, person, begun.With);
            view.Legs.Add(leg);
        }
    }

    private void Name(LegView leg, ContactId with, CallPerson? person, ContactId? by)
    {
        // A contact is who we know, whoever names them.
        if (state.Contacts.GetValueOrDefault(with) is { } contact && (person is null || contact.IsAccepted || contact.Record.State == ContactState.Blocked))
        {
            leg.ContactId = with.ToByteString();
            leg.IdentityKey = contact.Record.IdentityKey;
            leg.Name = ViewBuilder.Shown(contact.Record);
            return;
        }

        if (person is null)
            return;
        leg.IdentityKey = person.IdentityKey;
        leg.Name = NameText.Clean(person.Name) is { Length: > 0 } name ? name : Convert.ToHexStringLower(person.IdentityKey.Span[..4]);
        leg.BroughtInBy = by is { } id && state.Contacts.GetValueOrDefault(id) is { } bringer ? ViewBuilder.Shown(bringer.Record) : "…";
    }

    private LegObstacle ObstacleOf(Call call) => call switch
    {
        { Fellow: true, Ending: CallEnding.Unspecified or CallEnding.Lost or CallEnding.NoWay, Leg.IsConnected: false } when board.IsAdrift(call) => LegObstacle.BringerGone,
        { Fellow: true, IsEnded: false, Via: true, HasTalked: false } when !hasRelay => LegObstacle.NoRelay,
        { Fellow: true, Ending: CallEnding.NoWay or CallEnding.Unreachable } => call.Via && !hasRelay ? LegObstacle.NoRelay : LegObstacle.NoWay,
        _ => LegObstacle.Unspecified,
    };

    private CallReach ReachOf(Call call) => call.Via ? CallWays.BroughtIn
        : state.Contacts.GetValueOrDefault(call.With) is { } contact ? state.ReachOf(contact, call.Chosen) : new CallReach(Policy.ServerOnly, Reason.Unspecified);

    private ByteString KeyOf(Call call) =>
        call.Stranger?.IdentityKey ?? state.Contacts.GetValueOrDefault(call.With)?.Record.IdentityKey ?? ByteString.Empty;

    private static CallStage Stage(Call call) => call.Phase switch
    {
        CallPhase.Ring when call.Fellow => CallStage.Connecting,
        CallPhase.Ring => call.RangThere ? CallStage.Ringing : CallStage.Calling,
        CallPhase.Ringing => CallStage.Ringing,
        CallPhase.Joined => call.HasTalked ? CallStage.Connected : CallStage.Connecting,
        _ => CallStage.Ended,
    };

    private static LegStage LegStageOf(Call call) => call.Phase switch
    {
        CallPhase.Ring when call.Fellow => LegStage.Connecting,
        CallPhase.Ring => call.RangThere ? LegStage.Ringing : LegStage.Calling,
        CallPhase.Ringing => LegStage.Ringing,
        _ => call.Leg.IsConnected ? LegStage.Connected : call.HasTalked ? LegStage.Lost : LegStage.Connecting,
    };

    private static CallOutcome Shown(Call call) => Endings.Outcome(call.Ending) switch
    {
        CallOutcome.Cancelled or CallOutcome.Unreachable when !call.Outgoing => CallOutcome.Missed,
        var outcome => outcome,
    };
}
