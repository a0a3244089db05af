using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// Calls between two whom another brought together in a call of several. The one with the smaller identity key begins, the other accepts by itself, if who
/// began named the first. Contacts speak with each other themselves, and go on without who began; what others say is carried by who began, signed, and
/// their media goes by relays only.
/// </summary>
internal sealed partial class CallBoard
{
    /// <summary>Fruitless calls to one fellow, one after another.</summary>
    public const int MaxTries = 3;

    /// <summary>Another says something through who began a call of several.</summary>
    /// <param name="host">The host.</param>
    /// <param name="by">Who carried it.</param>
    /// <param name="from">Who signed it.</param>
    /// <param name="signal">What they say.</param>
    public void ForwardArrived(ICallHost host, ContactId by, CallPerson from, CallSignal signal)
    {
        if (!MessageId.TryRead(signal.CallId, out var id) || !MessageId.TryRead(signal.State.Group, out var group) || !signal.State.Fellow
            || host.Judge(from, out var with) is not (Standing.Contact or Standing.Stranger))
            return;
        if (!_calls.TryGetValue(id, out var call))
        {
            MeetFellow(host, with, id, signal, by);
            return;
        }

        if (call.Fellow && call.With == with && call.BroughtBy == by && call.Group == group && call.Outgoing != signal.State.Caller && KeepsTo(call, via: true))
            Hear(host, call, signal);
    }

    /// <summary>Our call in the group that this one belongs to, with who began it; null: they or we have left.</summary>
    public Call? BegunOf(Call call) => _calls.Values.FirstOrDefault(one => one.Group == call.Group && one is { Fellow: false, Outgoing: false, Phase: CallPhase.Joined }
        && one.With == call.BroughtBy);

    /// <summary>Whoever carried what the two said is gone: what media does it does, but nothing can be negotiated any more.</summary>
    public bool IsAdrift(Call call) => call.Via && BegunOf(call) is null;

    /// <summary>Nothing more is tried with this person.</summary>
    public static bool IsGivenUp(Call begun, ContactId with) => begun.Tries.GetValueOrDefault(with) >= MaxTries;

    /// <summary>How this end lets itself be reached by the other.</summary>
    public static CallReach ReachOf(ICallHost host, Call call) => call.Via ? CallWays.BroughtIn : host.ReachOf(call.With, call.Chosen);

    private bool IsReady(ICallHost host, Call call)
    {
        if (!call.Via)
            return host.IsReady(call.With, call.Chosen);
        return BegunOf(call) is { } begun && CallWays.HasRelay(host.Servers) && host.IsReady(begun.With, Policy.ServerOnly);
    }

    /// <summary>Says it ourselves, or has it carried.</summary>
    private void Carry(ICallHost host, Call call, CallSignal signal)
    {
        (call.Holds, call.CarriedAt) = (false, host.Now.MonotonicMs);
        if (!call.Via)
            host.TrySend(call.With, signal);
        // That we are not in it any more is still carried when we have left all of it.
        else if (call is { Group: { } group, BroughtBy: { } by } && (call.IsEnded || BegunOf(call) is not null))
            host.Forward(by, group, call.Stranger ?? host.PersonOf(call.With), signal);
    }

    /// <summary>A fellow's first word decides whether they speak with us themselves or through who began; then it stays so.</summary>
    private static bool KeepsTo(Call call, bool via)
    {
        if (call.Via != via && (!call.Fellow || call.Theirs is not null))
            return false;
        call.Via = via;
        return true;
    }

    // What is carried is signed, so news is gathered for a moment.
    private static bool IsHeld(ICallHost host, Call call)
    {
        call.Holds = call.Via && host.Now.MonotonicMs < call.CarriedAt + CallTimes.CarryEvery;
        return call.Holds;
    }

    private static long HoldDue(Call call) => call.Holds ? call.CarriedAt + CallTimes.CarryEvery : long.MaxValue;

    private static long UnheardDue(Call call) =>
        call is { Fellow: true, Outgoing: true, Via: false, Phase: CallPhase.Ring, RangThere: false } ? call.StartedAt + CallTimes.FellowUnheard : long.MaxValue;

    /// <summary>A contact of ours does not hear us. It may be that we are none of theirs.</summary>
    private static void SpeakThrough(ICallHost host, Call call)
    {
        call.Via = true;
        host.Changed(call);
    }

    /// <summary>Who began tells of others: those who have joined are called, or will call.</summary>
    private void MeetFellows(ICallHost host, Call begun)
    {
        begun.MeetAt = long.MaxValue;
        if (begun is not { Outgoing: false, Fellow: false, Phase: CallPhase.Joined, Group: not null } || begun.Theirs is not { } theirs)
            return;
        foreach (var person in theirs.People)
        {
            var standing = host.Judge(person, out var with);
            if (standing is not (Standing.Contact or Standing.Stranger))
                continue;
            var live = FellowOf(begun, with);
            if (!person.Joined)
            {
                begun.Tries.Remove(with);
                if (live is { Outgoing: true, Phase: CallPhase.Ring })
                    End(host, live, CallEnding.Cancelled);
            }
            else if (live is null && host.Begins(person) && !IsGivenUp(begun, with))
            {
                TryFellow(host, begun, person, with, standing);
            }
        }
    }

    private void TryFellow(ICallHost host, Call begun, CallPerson person, ContactId with, Standing standing)
    {
        var last = _calls.Values.Where(one => one.Fellow && one.IsEnded && one.With == with && one.Group == begun.Group).Select(one => one.EndedAt).DefaultIfEmpty(long.MinValue / 2).Max();
        var due = last + (CallTimes.FellowAgain << begun.Tries.GetValueOrDefault(with));
        // Without a relay there is nothing to say to a stranger yet.
        if (standing == Standing.Stranger && !CallWays.HasRelay(host.Servers))
            due = host.Now.MonotonicMs + CallTimes.FellowAgain;
        if (host.Now.MonotonicMs < due)
        {
            begun.MeetAt = Math.Min(begun.MeetAt, due);
            return;
        }

        if (OfGroup(begun).Count >= WireLimits.CallPeople)
            return;
        var fellow = Fellow(host, begun, host.RandomCall(), with, outgoing: true, ++begun.FellowsBegun);
        (fellow.Phase, fellow.Chosen, fellow.Media) = (CallPhase.Ring, begun.Chosen, begun.Media.Clone());
        if (standing == Standing.Stranger)
            (fellow.Stranger, fellow.Via) = (person.Clone(), true);
        host.Changed(begun);
        host.Changed(fellow);
    }

    /// <summary>Somebody whom who began told us of calls: that is answered by itself. Anybody else is not heard; they say it again until we know of them.</summary>
    private void MeetFellow(ICallHost host, ContactId with, MessageId id, CallSignal signal, ContactId? by)
    {
        var state = signal.State;
        if (state is not { Caller: true, Phase: CallPhase.Ring } || !MessageId.TryRead(state.Group, out var group)
            || _calls.Values.FirstOrDefault(one => one.Group == group && one is { Fellow: false, Outgoing: false, Phase: CallPhase.Joined }) is not { } begun
            || (by is not null && begun.With != by))
            return;
        CallPerson? named = null;
        foreach (var person in begun.Theirs?.People ?? [])
        {
            if (host.Judge(person, out var theirs) is Standing.Contact or Standing.Stranger && theirs == with)
                named = person;
        }

        var former = FellowOf(begun, with);
        if (named is null || host.Begins(named) || OfGroup(begun).Count(one => one != former) >= WireLimits.CallPeople)
            return;
        // A call of before, said again by whoever carries it.
        var heard = begun.FellowsHeard.GetValueOrDefault(with);
        if (state.Clock <= heard || (heard == 0 && begun.FellowsHeard.Count >= WireLimits.CallPeopleCounted))
            return;
        begun.FellowsHeard[with] = state.Clock;
        host.Changed(begun);
        if (former is not null)
            End(host, former, former.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
        var call = Fellow(host, begun, id, with, outgoing: false, state.Clock);
        call.Phase = CallPhase.Ringing;
        call.Via = by is not null;
        if (host.Judge(named, out _) == Standing.Stranger)
            call.Stranger = named.Clone();
        Hear(host, call, signal);
        Accept(host, call, begun.Media.Clone(), begun.Chosen);
        if (call.Via && !CallWays.HasRelay(host.Servers))
            End(host, call, CallEnding.NoWay);
    }

    private Call Fellow(ICallHost host, Call begun, MessageId id, ContactId with, bool outgoing, ulong clock)
    {
        var fellow = new Call(id, with, outgoing, begun.Video, clock)
        {
            Group = begun.Group, Face = begun.Face, Fellow = true, BroughtBy = begun.With, StartedAt = host.Now.MonotonicMs, StartedWallMs = Wall(host),
        };
        _calls.Add(id, fellow);
        return fellow;
    }

    private Call? FellowOf(Call begun, ContactId with) =>
        _calls.Values.FirstOrDefault(one => one is { Fellow: true, IsEnded: false } && one.With == with && one.Group == begun.Group);

    /// <summary>A call to a fellow is over: perhaps another has to be tried. One that had media begins the count anew.</summary>
    private void FellowEnded(ICallHost host, Call call)
    {
        if (!call.Fellow || BegunOf(call) is not { } begun)
            return;
        if (call.HasTalked)
            begun.Tries.Remove(call.With);
        else if (call.Outgoing && (begun.Tries.ContainsKey(call.With) || begun.Tries.Count < WireLimits.CallPeopleCounted))
            begun.Tries[call.With] = begun.Tries.GetValueOrDefault(call.With) + 1;
        begun.MeetAt = Math.Min(begun.MeetAt, host.Now.MonotonicMs);
    }
}
