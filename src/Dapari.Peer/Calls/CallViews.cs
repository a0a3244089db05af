using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>Calls as they are shown.</summary>
internal static class CallViews
{
    /// <summary>What is under way, or ended within the last seconds; oldest first.</summary>
    public static IEnumerable<CallView> Of(PeerState state, IEnumerable<Call> calls) =>
        calls.Where(call => call is { Hidden: false, Left: false } && call.Ending != CallEnding.Absorbed)
            .OrderBy(call => call.StartedAt).ThenBy(call => call.Id)
            .Select(call => View(state, call));

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
