using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// All calls of this device, and what becomes of them: what the person says, what the others tell, what the media driver reports and what the clock
/// brings. Opens nothing, keeps nothing, sends nothing itself: that is its host's. docs/protocol/calls.md tells the same in words.
/// </summary>
/// <remarks>
/// Step 1: an input changes a call. Step 2: <see cref="Flush"/>, when the inputs are drained, composes the whole of our side anew; what differs from
/// what was told last is a new revision, and goes. Step 3: <see cref="Tick"/> says again what was not seen, and ends what lasted too long.
/// </remarks>
internal sealed partial class CallBoard
{
    /// <summary>Ended calls of one contact that are remembered to answer for.</summary>
    public const int MaxRemembered = 16;

    private readonly Dictionary<MessageId, Call> _calls = [];
    private readonly Dictionary<ulong, Call> _legs = [];

    // Of two calls at once, the one that gave way, and the one that counts: a person's finger may still be on the former.
    private readonly Dictionary<MessageId, MessageId> _instead = [];

    public IReadOnlyCollection<Call> Calls => _calls.Values;

    /// <summary>A person's call, by its id or by that of the call that gave way to it.</summary>
    public Call? Find(MessageId id) =>
        _calls.GetValueOrDefault(_instead.GetValueOrDefault(id, id)) is { Hidden: false, IsEnded: false } call ? call
            : _calls.Values.Where(one => (one.Group == id || one.Face == id) && one is { Hidden: false, IsEnded: false }).OrderBy(one => one.Fellow).FirstOrDefault();

    /// <summary>A call of two that this contact began, and that rings here.</summary>
    public Call? RingsFrom(ContactId contact) => _calls.Values.FirstOrDefault(call => call.With == contact && call is { IsRingingHere: true, Hidden: false, Group: null });

    /// <summary>The call that takes the person at the moment.</summary>
    public Call? Engaged => _calls.Values.FirstOrDefault(call => call.IsEngaging);

    /// <summary>Rings somebody. Nothing of media is made before they accept.</summary>
    public Call Start(ICallHost host, ContactId with, bool video, Policy way, MessageId? group = null)
    {
        var call = new Call(host.RandomCall(), with, outgoing: true, video, host.GiveClock(with))
        {
            Phase = CallPhase.Ring, Chosen = way, Media = Begun(video), StartedAt = host.Now.MonotonicMs, StartedWallMs = Wall(host), Group = group,
        };
        _calls.Add(call.Id, call);
        host.Changed(call);
        return call;
    }

    /// <summary>Accepts what rings here: from now on there is media.</summary>
    public CommandRefusal Answer(ICallHost host, Call call, bool video, Policy way)
    {
        if (!call.IsRingingHere)
            return call.Phase == CallPhase.Joined ? CommandRefusal.Unspecified : CommandRefusal.UnknownCall;
        if (_calls.Values.Any(other => other.IsEngaging))
            return CommandRefusal.InCall;
        var reach = host.ReachOf(call.With, way);
        if (call.Theirs is { } theirs && CallWays.Exclude(CallWays.OnWire(reach.Way), theirs.Way))
            return CommandRefusal.NoWay;
        if (reach.Way == Policy.ServerOnly && !CallWays.HasRelay(host.Servers))
            return CommandRefusal.NoRelay;
        Accept(host, call, Begun(video), way);
        return CommandRefusal.Unspecified;
    }

    /// <summary>The person declines, takes back or hangs up: all of a call of several.</summary>
    public void HangUpAll(ICallHost host, Call call)
    {
        foreach (var one in OfGroup(call))
            HangUp(host, one);
    }

    /// <summary>Ends this one.</summary>
    public void HangUp(ICallHost host, Call call)
    {
        var joinedByBoth = call.Phase == CallPhase.Joined && (call.Outgoing || call.Theirs is { Phase: CallPhase.Joined });
        End(host, call, joinedByBoth ? CallEnding.Answered : call.Outgoing ? CallEnding.Cancelled : CallEnding.Declined);
    }

    public void SetMedia(ICallHost host, Call call, CallMedia media)
    {
        foreach (var one in OfGroup(call))
        {
            one.Media = media.Clone();
            host.Changed(one);
        }
    }

    public CommandRefusal SetWay(ICallHost host, Call call, Policy way)
    {
        var pairs = OfGroup(call).Where(one => !one.Via).ToList();
        // In a call of several who cannot be reached so is lost, and the others stay.
        if (pairs.Count > 0 && pairs.TrueForAll(one => one.Theirs is { } theirs && CallWays.Exclude(CallWays.OnWire(host.ReachOf(one.With, way).Way), theirs.Way)))
            return CommandRefusal.NoWay;
        if (pairs.Exists(one => host.ReachOf(one.With, way).Way == Policy.ServerOnly) && !CallWays.HasRelay(host.Servers))
            return CommandRefusal.NoRelay;
        foreach (var one in OfGroup(call))
        {
            one.Chosen = way;
            host.Changed(one);
        }

        return CommandRefusal.Unspecified;
    }

    /// <summary>The contact is blocked, removed or leaves: what is under way with them ends now, and they are told while they still can be.</summary>
    public void Leave(ICallHost host, ContactId contact)
    {
        foreach (var call in _calls.Values.Where(call => call.With == contact).ToList())
        {
            if (!call.IsEnded)
                HangUp(host, call);
            Tell(host, call);
            call.EndKnown = true;
            host.Changed(call);
        }
    }

    /// <summary>The contact and all of theirs is forgotten.</summary>
    public void Forget(ICallHost host, ContactId contact)
    {
        foreach (var call in _calls.Values.Where(call => call.With == contact).ToList())
            Drop(host, call);
    }

    /// <summary>The device goes: everything under way ends, and the others are told.</summary>
    public void EndAll(ICallHost host)
    {
        foreach (var contact in _calls.Values.Select(call => call.With).Distinct().ToList())
            Leave(host, contact);
    }

    private static CallMedia Begun(bool video) => new() { Microphone = true, Camera = video };

    private static ulong Wall(ICallHost host) => (ulong)Math.Max(0, host.Now.WallMs);

    /// <summary>Joins as the callee, and offers the connection.</summary>
    private void Accept(ICallHost host, Call call, CallMedia media, Policy way)
    {
        call.Chosen = way;
        call.Media = media;
        call.Hidden = false;
        Join(host, call);
        BeginLeg(host, call);
    }

    private static void Join(ICallHost host, Call call)
    {
        call.Phase = CallPhase.Joined;
        call.JoinedAt = call.Leg.DownSince = host.Now.MonotonicMs;
        host.Changed(call);
    }

    /// <summary>Ends a call here; the other is told until it is seen, or by a note.</summary>
    private void End(ICallHost host, Call call, CallEnding ending)
    {
        CloseLeg(host, call);
        call.Phase = CallPhase.Ended;
        call.Ending = ending;
        call.EndedAt = host.Now.MonotonicMs;
        call.EndedWallMs = Wall(host);
        CountPeople(host, call);
        call.Measure = MeasureOf(call);
        host.Enter(call);
        host.Changed(call);
        // Nobody there ever heard of it: the note is how they will.
        if (ending == CallEnding.Unreachable && call.Outgoing)
            LeaveNote(host, call);
        FellowEnded(host, call);
        Reveal(host, call.With);
        ForgetSome(host, call.With);
    }

    /// <summary>What the other says of the end is weighed with what is known here.</summary>
    private void HearEnd(ICallHost host, Call call, CallState theirs)
    {
        var said = Endings.Admit(theirs.End?.Ending ?? CallEnding.Unspecified, !call.Outgoing, joined: call.WasJoined);
        if (call.IsEnded)
        {
            call.Ending = Endings.Merge(call.Ending, said, call.HasTalked);
            host.Enter(call);
        }
        else
        {
            // An ending of a newer version is one all the same.
            var least = call.Phase == CallPhase.Joined ? call.HasTalked ? CallEnding.Lost : CallEnding.NoWay
                : said == CallEnding.Unspecified ? CallEnding.Missed : CallEnding.Absorbed;
            End(host, call, Endings.Merge(least, said, call.HasTalked));
        }

        // Nothing more to tell: they said it.
        call.EndKnown |= call.Ending == CallEnding.Absorbed && said == CallEnding.Absorbed;
        host.Changed(call);
    }

    private static void LeaveNote(ICallHost host, Call call)
    {
        if (call.EndKnown || call.Ending == CallEnding.Absorbed)
            return;
        call.EndKnown = true;
        host.Note(call);
        host.Changed(call);
    }

    private void ForgetSome(ICallHost host, ContactId contact)
    {
        var ended = _calls.Values.Where(call => call.IsEnded && call.With == contact).OrderBy(call => call.EndedAt).ToList();
        foreach (var call in ended.Take(Math.Max(0, ended.Count - MaxRemembered)))
        {
            LeaveNote(host, call);
            Drop(host, call);
        }
    }

    private void Drop(ICallHost host, Call call)
    {
        CloseLeg(host, call);
        _calls.Remove(call.Id);
        foreach (var gone in _instead.Where(pair => pair.Key == call.Id || pair.Value == call.Id).Select(pair => pair.Key).ToList())
            _instead.Remove(gone);
        host.Forget(call);
    }
}
