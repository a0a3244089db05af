using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>What the others tell, and what is told to them.</summary>
internal sealed partial class CallBoard
{
    /// <summary>A signal of an accepted contact; nobody else's comes here.</summary>
    public void Arrived(ICallHost host, ContactId from, CallSignal signal)
    {
        if (!MessageId.TryRead(signal.CallId, out var id))
            return;
        if (!_calls.TryGetValue(id, out var call))
        {
            if (signal.State.Fellow)
                MeetFellow(host, from, id, signal, null);
            else
                Ring(host, from, id, signal);
            return;
        }

        // Another's call, or one's own part played by the other: lies.
        if (call.With == from && call.Outgoing != signal.State.Caller && call.Fellow == signal.State.Fellow && KeepsTo(call, via: false))
            Hear(host, call, signal);
    }

    // A call begins with its caller's state, and with nothing else; one that ended unheard is missed.
    private void Ring(ICallHost host, ContactId from, MessageId id, CallSignal signal)
    {
        if (!signal.State.Caller || signal.State.Phase is not (CallPhase.Ring or CallPhase.Ended))
            return;
        var call = Meet(host, from, id, signal.State);
        Hear(host, call, signal);
        if (!call.IsEnded)
            Ring(host, call);
    }

    /// <summary>A note of the durable lane; false: the call is not known any more, or never was.</summary>
    public bool NoteArrived(ICallHost host, ContactId from, MessageId id, CallState state)
    {
        if (!_calls.TryGetValue(id, out var call))
            return false;
        if (call.With == from && call.Outgoing != state.Caller)
        {
            call.Exchange.Theirs = state;
            HearEnd(host, call, state);
        }

        return true;
    }

    /// <summary>What changed since it was last told, and what others wait for, goes out.</summary>
    public void Flush(ICallHost host)
    {
        CountPeople(host);
        foreach (var call in _calls.Values.ToList())
        {
            if (call.Phase == CallPhase.Joined && !Excluded(host, call))
                KeepWay(host, call);
            var state = Compose(host, call);
            var steps = call.Phase == CallPhase.Joined && call.Leg.Steps.IsDue;
            if ((!steps && !call.Exchange.AnswerDue && state.Equals(call.Exchange.Ours)) || IsHeld(host, call))
                continue;
            Send(host, call, asks: call.Exchange.Tell(state) || steps);
        }
    }

    // The end as it is known here now was told, and taken in.
    private static bool IsEndSeen(Call call) =>
        call.Exchange is { IsSeen: true, Ours: { Phase: CallPhase.Ended, End: { } end } } && end.Ending == call.Ending;

    private void Tell(ICallHost host, Call call)
    {
        call.Exchange.Tell(Compose(host, call));
        Send(host, call, asks: true);
    }

    private CallState Compose(ICallHost host, Call call)
    {
        var state = new CallState { Phase = call.Phase, Caller = call.Outgoing, Video = call.Video, Clock = call.Clock, Fellow = call.Fellow };
        if (call.Group is { } group)
        {
            state.Group = group.ToByteString();
            state.People.Add(PeopleFor(host, call));
        }

        if (call.IsEnded)
        {
            state.End = (call.Measure ?? new CallEnd()).Clone();
            state.End.Ending = call.Ending;
            return state;
        }

        var reach = ReachOf(host, call);
        state.Way = CallWays.OnWire(reach.Way);
        state.WayReason = reach.Reason;
        if (call.Phase != CallPhase.Joined)
            return state;
        state.Media = call.Media.Clone();
        if (call.Leg.Id != 0)
            state.Leg = new CallLeg { Epoch = call.Leg.Epoch, Id = call.Leg.Id, Own = call.Leg.Own };
        state.Facts = call.Leg.Told?.Clone();
        return state;
    }

    /// <summary>asks: there is something to be taken in. A mere answer asks for nothing, or two would answer each other for ever.</summary>
    private void Send(ICallHost host, Call call, bool asks)
    {
        var exchange = call.Exchange;
        var signal = new CallSignal
        {
            CallId = call.Id.ToByteString(), Revision = exchange.Revision, Seen = exchange.TheirRevision, State = exchange.Ours!.Clone(),
        };
        if (call.Phase == CallPhase.Joined && signal.State.Leg?.Id == call.Leg.Id)
        {
            var steps = asks ? call.Leg.Steps.ToSend() : [];
            signal.Steps.Add(steps);
            signal.StepsSeen = call.Leg.Steps.Taken;
            call.Leg.Steps.Sent(steps);
        }

        signal.AnswerWanted = asks && (!exchange.IsSeen || signal.Steps.Count > 0);
        exchange.AnswerDue = false;
        if (asks)
        {
            exchange.SentAt = host.Now.MonotonicMs;
            exchange.Again++;
        }

        call.AliveWallMs = Wall(host);
        Carry(host, call, signal);
        host.Changed(call);
    }

    private Call Meet(ICallHost host, ContactId from, MessageId id, CallState theirs)
    {
        var call = new Call(id, from, outgoing: false, theirs.Video, host.AcceptClock(from, theirs.Clock))
        {
            Phase = CallPhase.Ringing, StartedAt = host.Now.MonotonicMs, StartedWallMs = Wall(host),
            Group = MessageId.TryRead(theirs.Group, out var group) ? group : null,
        };
        _calls.Add(id, call);
        return call;
    }

    /// <summary>A ring that was not heard before: it rings, unless the person is engaged, or called them too.</summary>
    private void Ring(ICallHost host, Call call)
    {
        // Who rings anew has ended what they began before.
        foreach (var other in _calls.Values.Where(other => other.With == call.With && other != call && other is { IsEnded: false, Outgoing: false }).ToList())
            End(host, other, other.Phase == CallPhase.Joined ? other.HasTalked ? CallEnding.Lost : CallEnding.NoWay : CallEnding.Missed);
        if (_calls.Values.FirstOrDefault(other => other.With == call.With && other is { IsEnded: false, Outgoing: true, Fellow: false }) is { } ours)
            Collide(host, ours, call);
        AnswerBusy(host, call);
        host.Changed(call);
    }

    /// <summary>A call of ours, and one of theirs.</summary>
    private void Collide(ICallHost host, Call ours, Call theirs)
    {
        // Who called several is not led into another call, and nobody gets several by calling one: ours is answered first.
        if (ours.Group is not null)
            return;
        if (theirs.Group is not null)
        {
            theirs.Hidden = true;
            return;
        }

        // Where they accepted ours, the ring may be one of before, come late; if it is not, it rings when ours has ended.
        if (ours.Id.CompareTo(theirs.Id) < 0)
            theirs.Hidden = true;
        else if (ours.Phase == CallPhase.Ring)
            Yield(host, ours, theirs);
        else
            End(host, ours, ours.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
    }

    private void AnswerBusy(ICallHost host, Call call)
    {
        if (call is { Hidden: false, IsRingingHere: true } && _calls.Values.Any(other => other.IsEngaging))
            End(host, call, CallEnding.Busy);
    }

    /// <summary>Both called each other: that is both one's consent. The smaller id counts, and is theirs.</summary>
    private void Yield(ICallHost host, Call ours, Call theirs)
    {
        _instead[ours.Id] = theirs.Id;
        End(host, ours, CallEnding.Absorbed);
        Accept(host, theirs, ours.Media, ours.Chosen);
    }

    /// <summary>Their ring was held back for ours; ours is over, and theirs is not.</summary>
    private void Reveal(ICallHost host, ContactId contact)
    {
        foreach (var call in _calls.Values.Where(call => call is { Hidden: true, IsEnded: false } && call.With == contact).ToList())
        {
            call.Hidden = false;
            AnswerBusy(host, call);
            host.Changed(call);
        }
    }

    private void Hear(ICallHost host, Call call, CallSignal signal)
    {
        call.Exchange.HeardAt = host.Now.MonotonicMs;
        call.AliveWallMs = Wall(host);
        var ended = call.IsEnded;
        // Their end says nothing of the pair any more: what was talked until now is counted by what both saw of it.
        if (signal.State.Phase == CallPhase.Ended)
            Count(host, call);
        if (call.Exchange.Hear(signal))
        {
            JoinGroup(call);
            React(host, call, signal.State);
            host.Changed(call);
        }

        if (call.IsEnded)
        {
            // Who goes on as if it had not ended hears again that it did.
            if (signal.State.Phase != CallPhase.Ended)
                call.Exchange.AnswerDue = true;
            else if (ended && !call.EndKnown && IsEndSeen(call))
            {
                call.EndKnown = true;
                host.Changed(call);
            }

            return;
        }

        NoteWay(call);
        if (signal.State.Leg?.Id == call.Leg.Id && call.Leg.IsOpen)
            TakeSteps(host, call, signal);
    }

    private void React(ICallHost host, Call call, CallState theirs)
    {
        if (theirs.Phase == CallPhase.Ended)
        {
            HearEnd(host, call, theirs);
            return;
        }

        if (call.IsEnded)
            return;
        if (call is { Outgoing: true, Phase: CallPhase.Ring } && theirs.Phase == CallPhase.Joined)
        {
            Join(host, call);
            // They accepted ours, so theirs, if they called too, is none any more.
            foreach (var other in _calls.Values.Where(other => other.Hidden && other.With == call.With && !other.IsEnded && other.Id.CompareTo(call.Id) > 0).ToList())
                End(host, other, CallEnding.Absorbed);
        }

        if (call.Phase != CallPhase.Joined)
            return;
        if (!Excluded(host, call))
            FollowLeg(host, call);
        MeetFellows(host, call);
    }

    /// <summary>The two ends' ways leave none in common: it has ended.</summary>
    private bool Excluded(ICallHost host, Call call)
    {
        if (call.Theirs is not { } theirs || !CallWays.Exclude(CallWays.OnWire(ReachOf(host, call).Way), theirs.Way))
            return false;
        End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
        return true;
    }
}
