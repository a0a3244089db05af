using Dapari.Peer.Engine;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>What time brings: what was not seen is said again, and what lasts too long ends.</summary>
internal sealed partial class CallBoard
{
    public long? NextDeadline
    {
        get
        {
            long? next = null;
            foreach (var call in _calls.Values)
            {
                next = Deadline.Earlier(next, call.Phase switch
                {
                    CallPhase.Joined => Math.Min(call.MeetAt, Math.Min(call.Leg.IsConnected ? long.MaxValue : Math.Min(MediaDue(call), call.Leg.HelpAt), FollowDue(call))),
                    CallPhase.Ended => Math.Min(DropDue(call), Math.Min(NoteDue(call), HideDue(call))),
                    _ => Math.Min(RingDue(call), UnheardDue(call)),
                });
                next = Deadline.Earlier(next, Math.Min(AgainDue(call), HoldDue(call)));
            }

            return next;
        }
    }

    public void Tick(ICallHost host)
    {
        foreach (var call in _calls.Values.ToList())
        {
            switch (call.Phase)
            {
                case CallPhase.Joined:
                    TickJoined(host, call);
                    break;
                case CallPhase.Ended:
                    TickEnded(host, call);
                    break;
                default:
                    if (host.Now.MonotonicMs >= UnheardDue(call))
                        SpeakThrough(host, call);
                    if (host.Now.MonotonicMs >= RingDue(call))
                        End(host, call, call.Outgoing && !call.RangThere ? CallEnding.Unreachable : CallEnding.Missed);
                    break;
            }

            if (_calls.ContainsKey(call.Id) && host.Now.MonotonicMs >= Math.Min(AgainDue(call), HoldDue(call)))
                Tell(host, call);
        }
    }

    // Until media flows, or flows again.
    private long MediaDue(Call call) =>
        !call.HasTalked ? call.JoinedAt + CallTimes.Connecting : call.Leg.DownSince + (IsAdrift(call) ? CallTimes.Adrift : CallTimes.Rejoin);

    private static long RingDue(Call call) => call.StartedAt + (call.Fellow ? CallTimes.FellowRing : CallTimes.Ring);

    // One that gave way to another leaves no note: it is remembered until the other knows, who may think that it was a call.
    private static long DropDue(Call call) => call.EndKnown ? call.EndedAt + CallTimes.Remembered : long.MaxValue;

    private static long NoteDue(Call call) => call.EndKnown || call.Ending == CallEnding.Absorbed ? long.MaxValue : call.EndedAt + CallTimes.NoteAfter;

    private static long HideDue(Call call) => call.Left ? long.MaxValue : call.EndedAt + CallTimes.ShownEnded;

    private static long AgainDue(Call call)
    {
        var exchange = call.Exchange;
        if (exchange.Revision == 0)
            return long.MaxValue;
        var again = exchange.SentAt + Math.Min(CallTimes.FirstAgain << Math.Clamp(exchange.Again - 1, 0, 4), CallTimes.HeartbeatEvery);
        return call.Phase switch
        {
            CallPhase.Ring => exchange.SentAt + CallTimes.RingEvery,
            CallPhase.Joined => exchange.IsSeen && !call.Leg.Steps.HasUnseen ? exchange.SentAt + CallTimes.HeartbeatEvery : again,
            CallPhase.Ended when call.EndKnown || exchange.SentAt >= call.EndedAt + CallTimes.NoteAfter => long.MaxValue,
            _ => exchange.IsSeen ? long.MaxValue : again,
        };
    }

    private void TickJoined(ICallHost host, Call call)
    {
        var now = host.Now.MonotonicMs;
        if (!call.Leg.IsConnected && now >= MediaDue(call))
        {
            End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
            return;
        }

        FollowLeg(host, call);
        Help(host, call);
        if (now >= call.MeetAt)
            MeetFellows(host, call);
    }

    private void TickEnded(ICallHost host, Call call)
    {
        var now = host.Now.MonotonicMs;
        if (now >= NoteDue(call))
            LeaveNote(host, call);
        if (now >= HideDue(call))
        {
            call.Left = true;
            host.Changed(call);
        }

        if (now >= DropDue(call))
            Drop(host, call);
    }
}
