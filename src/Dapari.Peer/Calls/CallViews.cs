using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>Calls as they are shown.</summary>
internal static class CallViews
{
    /// <summary>What is under way, or ended within the last seconds; oldest first.</summary>
    public static IEnumerable<CallView> Of(PeerState state, IEnumerable<Call> calls) =>
        calls.Where(call => call is { Hidden: false, Left: false } && call.Ending != CallEnding.Absorbed)
            .OrderBy(call => call.Fellow).ThenBy(call => call.StartedAt).ThenBy(call => call.Id)
            .GroupBy(call => call.Group ?? call.Id)
            .Select(several => View(state, several.Key, [.. several]));

    /// <summary>A call of several is shown as one, with a leg for each of the others.</summary>
    private static CallView View(PeerState state, MessageId id, IReadOnlyList<Call> calls)
    {
        var view = View(state, calls.FirstOrDefault(call => !call.IsEnded) ?? calls[0]);
        if (calls[0].Group is null)
            return view;
        view.CallId = id.ToByteString();
        view.Group = true;
        view.ContactId = calls[0].With.ToByteString();
        view.Outgoing = calls[0] is { Outgoing: true, Fellow: false };
        view.Legs.Clear();
        foreach (var call in calls)
        {
            view.Legs.Add(Leg(state, call, state.Contacts.GetValueOrDefault(call.With)));
            var stage = Stage(call);
            if (stage != CallStage.Ended && (view.Stage == CallStage.Ended || stage > view.Stage))
                view.Stage = stage;
            if (call.ConnectedWallMs != 0 && (view.ConnectedAtMs == 0 || call.ConnectedWallMs < view.ConnectedAtMs))
                view.ConnectedAtMs = call.ConnectedWallMs;
            if (view.Stage == CallStage.Ended && Shown(call) == CallOutcome.Answered)
                view.Outcome = CallOutcome.Answered;
        }

        return view;
    }

    private static CallView View(PeerState state, Call call)
    {
        var contact = state.Contacts.GetValueOrDefault(call.With);
        var view = new CallView
        {
            CallId = call.Id.ToByteString(),
            Outgoing = call.Outgoing,
            Video = call.Video,
            Stage = Stage(call),
            StartedAtMs = call.StartedWallMs,
            ConnectedAtMs = call.ConnectedWallMs,
            EndedAtMs = call.EndedWallMs,
            Way = contact is null ? Policy.ServerOnly : state.ReachOf(contact, call.Chosen).Way,
            Media = call.Media.Clone(),
            ContactId = call.With.ToByteString(),
        };
        if (call.IsEnded)
            view.Outcome = Shown(call);
        view.Legs.Add(Leg(state, call, contact));
        return view;
    }

    private static LegView Leg(PeerState state, Call call, Contact? contact)
    {
        var leg = new LegView
        {
            Leg = call.Leg.IsOpen ? call.Leg.Id : 0,
            ContactId = call.With.ToByteString(),
            IdentityKey = contact?.Record.IdentityKey ?? Google.Protobuf.ByteString.Empty,
            Name = contact is null ? "" : ViewBuilder.Shown(contact.Record),
            Stage = call.IsEnded ? LegStage.Gone : LegStageOf(call),
            Media = call.Theirs?.Media?.Clone(),
        };
        if (call.IsEnded)
        {
            leg.Outcome = Shown(call);
            return leg;
        }

        var reach = contact is null ? default : state.ReachOf(contact, call.Chosen);
        if (call.Theirs is not { } theirs || call.Leg.Told is null)
            return leg;
        var ours = new CallState { Way = CallWays.OnWire(reach.Way), WayReason = reach.Reason };
        leg.Network = CallBoard.NetworkOf(call);
        leg.Route = CallBoard.RouteOf(call);
        leg.Reason = CallWays.Why(leg.Route, ours, theirs);
        leg.RoundTripMs = call.Leg.Facts.Path.RoundTripMs;
        return leg;
    }

    private static CallStage Stage(Call call) => call.Phase switch
    {
        CallPhase.Ring => call.RangThere ? CallStage.Ringing : CallStage.Calling,
        CallPhase.Ringing => CallStage.Ringing,
        CallPhase.Joined => call.HasTalked ? CallStage.Connected : CallStage.Connecting,
        _ => CallStage.Ended,
    };

    private static LegStage LegStageOf(Call call) => call.Phase switch
    {
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
