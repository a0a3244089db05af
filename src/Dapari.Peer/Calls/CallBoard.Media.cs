using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Calls;

/// <summary>The connections that carry the media: begun, followed, helped and watched.</summary>
internal sealed partial class CallBoard
{
    private const long TellFactsEvery = 3_000;

    public void LegSignalMade(ICallHost host, ulong leg, Signal signal)
    {
        if (!_legs.TryGetValue(leg, out var call) || ContentCodec.CheckPart(signal) != ContentFault.None
            || CandidateRules.Outgoing(signal, call.Leg.Way) is not { } sent)
            return;
        if (!call.Leg.Steps.TryAdd(sent))
            LegFailed(host, call);
    }

    public void LegFactsChanged(ICallHost host, ulong leg, LegFacts facts)
    {
        if (!_legs.TryGetValue(leg, out var call))
            return;
        var media = call.Leg;
        if (facts.Fingerprint.Length > 0 && !facts.Fingerprint.Span.SequenceEqual(media.Sealed))
        {
            // Somebody else's certificate: whoever it is, it is not whom the sealed words named.
            End(host, call, CallEnding.NotOurs);
            return;
        }

        if (facts.Speaks && !media.Facts.Speaks)
            call.SpokeAt = host.Now.MonotonicMs;
        if (facts.Speaks != media.Facts.Speaks && facts.State == media.Facts.State && facts.Path == media.Facts.Path && facts.Fingerprint.Span.SequenceEqual(media.Facts.Fingerprint.Span))
        {
            // Who speaks is shown and neither kept nor told.
            media.Facts = facts;
            host.Shown();
            return;
        }

        Count(host, call);
        media.Facts = facts;
        var connected = facts.State == LegState.Connected && facts.Fingerprint.Length > 0;
        if (connected && !media.IsConnected)
            Connected(host, call);
        else if (!connected && media.IsConnected)
            Interrupted(host, call);
        NoteWay(call);
        TellFacts(host, call);
        host.Changed(call);
    }

    public void LegClosed(ICallHost host, ulong leg)
    {
        if (_legs.TryGetValue(leg, out var call))
            LegFailed(host, call);
    }

    public void NetworkChanged(ICallHost host)
    {
        foreach (var call in _legs.Values.Where(call => !IsAdrift(call)).ToList())
            Restart(host, call);
    }

    /// <summary>The way that both ends allow the driver.</summary>
    private static Policy DriverWay(ICallHost host, Call call)
    {
        var own = ReachOf(host, call).Way;
        return call.Theirs?.Way == CallWay.DirectOnly ? Policy.DirectOnly : own;
    }

    /// <summary>A choice, a verification or the other's choice changed the way: the driver looks for a pair of the new kind, and media goes on meanwhile.</summary>
    private static void KeepWay(ICallHost host, Call call)
    {
        if (!call.Leg.IsOpen || DriverWay(host, call) == call.Leg.Way)
            return;
        Restart(host, call);
        host.Changed(call);
    }

    private static void Restart(ICallHost host, Call call)
    {
        var way = DriverWay(host, call);
        call.Leg.Way = way;
        host.Do(new PeerEffect.RestartLeg(call.Leg.Id, way == Policy.ServerOnly, CallWays.Servers(host.Servers, way)));
    }

    /// <summary>Begins a connection (anew) from here.</summary>
    private void BeginLeg(ICallHost host, Call call)
    {
        // A connection without the relays that it may need finds no way, and one that cannot be told of finds nobody.
        if (!IsReady(host, call))
        {
            call.Leg.HelpAt = host.Now.MonotonicMs + CallTimes.ReadyEvery;
            return;
        }

        var id = host.RandomLeg();
        if (id == 0 || _legs.ContainsKey(id))
            return;
        var epoch = unchecked(Math.Max(call.Leg.Epoch, call.Theirs?.Leg?.Epoch ?? 0) + 1);
        if (epoch == 0)
        {
            // They counted to the end of all numbers.
            End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
            return;
        }

        OpenLeg(host, call, epoch, id, own: true);
    }

    /// <summary>Their connection, where it is later than ours and to be taken over.</summary>
    private CallLeg? Later(Call call)
    {
        if (call.Theirs is not { Phase: CallPhase.Joined, Leg: { Own: true } theirs } || _legs.ContainsKey(theirs.Id))
            return null;
        var leg = call.Leg;
        return theirs.Epoch > leg.Epoch || (theirs.Epoch == leg.Epoch && theirs.Id > leg.Id) ? theirs : null;
    }

    // Who begins anew all the time is not followed all the time.
    private long FollowDue(Call call) =>
        Later(call) is null ? long.MaxValue : Math.Max(call.Leg.FollowAt, call.Leg.Id == 0 ? long.MinValue : call.Leg.OpenedAt + CallTimes.LegEvery);

    private void FollowLeg(ICallHost host, Call call)
    {
        if (Later(call) is not { } later || host.Now.MonotonicMs < FollowDue(call))
            return;
        if (IsReady(host, call))
            OpenLeg(host, call, later.Epoch, later.Id, own: false);
        else
            call.Leg.FollowAt = host.Now.MonotonicMs + CallTimes.ReadyEvery;
    }

    private void OpenLeg(ICallHost host, Call call, uint epoch, ulong id, bool own)
    {
        CloseLeg(host, call);
        var leg = call.Leg;
        leg.Epoch = epoch;
        leg.Id = id;
        leg.Own = own;
        leg.IsOpen = true;
        leg.OpenedAt = host.Now.MonotonicMs;
        leg.Steps = new StepStream();
        leg.Facts = default;
        leg.Told = null;
        leg.Sealed = [];
        leg.HelpAt = long.MaxValue;
        leg.Way = DriverWay(host, call);
        _legs.Add(id, call);
        host.Do(new PeerEffect.OpenLeg(id, own, call.Fellow ? call.Outgoing : host.IsPolite(call.With), leg.Way == Policy.ServerOnly, CallWays.Servers(host.Servers, leg.Way)));
        host.Changed(call);
    }

    private void CloseLeg(ICallHost host, Call call)
    {
        var leg = call.Leg;
        if (!leg.IsOpen)
            return;
        Count(host, call);
        Down(host, call);
        leg.IsOpen = false;
        _legs.Remove(leg.Id);
        host.Do(new PeerEffect.CloseLeg(leg.Id));
    }

    /// <summary>The driver gave it up, or was given up: another is begun after a while, by whom this was first.</summary>
    private void LegFailed(ICallHost host, Call call)
    {
        CloseLeg(host, call);
        if (IsAdrift(call))
        {
            End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
            return;
        }

        call.Leg.Told = null;
        var wait = call.Leg.Own ? CallTimes.FirstAgain : CallTimes.HeartbeatEvery;
        call.Leg.HelpAt = host.Now.MonotonicMs + (wait << Math.Min(call.Leg.Helped++, 2));
        host.Changed(call);
    }

    private static void Connected(ICallHost host, Call call)
    {
        var leg = call.Leg;
        leg.IsConnected = true;
        leg.CountedAt = host.Now.MonotonicMs;
        leg.HelpAt = long.MaxValue;
        leg.Helped = 0;
        if (!call.HasTalked)
            call.ConnectedWallMs = Math.Max(1, Wall(host));
    }

    private static void Interrupted(ICallHost host, Call call)
    {
        Down(host, call);
        call.Leg.HelpAt = host.Now.MonotonicMs + (call.Leg.Own ? CallTimes.RestartAfter : CallTimes.RestartByOther);
    }

    private static void Down(ICallHost host, Call call)
    {
        if (!call.Leg.IsConnected)
            return;
        call.Leg.IsConnected = false;
        call.Leg.DownSince = host.Now.MonotonicMs;
    }

    private void Help(ICallHost host, Call call)
    {
        var leg = call.Leg;
        if (leg.IsConnected || host.Now.MonotonicMs < leg.HelpAt)
            return;
        if (IsAdrift(call))
        {
            leg.HelpAt = long.MaxValue;
            return;
        }

        if (leg.IsOpen)
        {
            Restart(host, call);
            leg.HelpAt = host.Now.MonotonicMs + (CallTimes.RestartAfter << Math.Min(leg.Helped++, 2));
            return;
        }

        BeginLeg(host, call);
    }

    private void TakeSteps(ICallHost host, Call call, CallSignal signal)
    {
        var leg = call.Leg;
        leg.Steps.Seen(signal.StepsSeen);
        foreach (var step in leg.Steps.Take(signal.Steps))
        {
            var sdp = step.PartCase switch { Part.OfferSdp => step.OfferSdp, Part.AnswerSdp => step.AnswerSdp, _ => null };
            if (sdp is not null)
            {
                if (!SdpCheck.TryRead(sdp, out var fingerprint, out _) || (leg.Sealed.Length > 0 && !leg.Sealed.AsSpan().SequenceEqual(fingerprint)))
                {
                    // No browser is given it, and without it there is no connection.
                    End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
                    return;
                }

                leg.Sealed = fingerprint;
            }

            if (CandidateRules.Incoming(step, leg.Way) is { } taken)
                host.Do(new PeerEffect.AcceptLegSignal(leg.Id, taken));
        }
    }

    /// <summary>Tells what is news: whether media flows, by which network, and a round trip that moved by a quarter.</summary>
    private static void TellFacts(ICallHost host, Call call)
    {
        var leg = call.Leg;
        var now = new CallFacts { Connected = leg.IsConnected, Network = leg.Facts.Path.Network, RoundTripMs = leg.Facts.Path.RoundTripMs };
        if (leg.Told is { } told && told.Connected == now.Connected && told.Network == now.Network)
        {
            var moved = Math.Abs((long)told.RoundTripMs - now.RoundTripMs);
            if (moved < 5 || moved * 4 < told.RoundTripMs || host.Now.MonotonicMs - leg.ToldAt < TellFactsEvery)
                return;
        }

        leg.Told = now;
        leg.ToldAt = host.Now.MonotonicMs;
    }

    /// <summary>Adds the time since the last counting to the route that it was talked by.</summary>
    private static void Count(ICallHost host, Call call)
    {
        var leg = call.Leg;
        if (!leg.IsConnected)
            return;
        var now = host.Now.MonotonicMs;
        var route = RouteOf(call) is var agreed and not Route.Unspecified ? agreed : CallWays.RouteOf(leg.Facts.Path.Network);
        call.Talked[route] = call.Talked.GetValueOrDefault(route) + Math.Max(0, now - leg.CountedAt);
        leg.CountedAt = now;
        NoteWay(call);
    }

    // Whenever either end says something new of the pair: who ends the call says no more of it.
    private static void NoteWay(Call call)
    {
        if (call.Leg.IsConnected)
            call.LastWay = Record(call) ?? call.LastWay;
    }

    /// <summary>The route of the settled pair, as both see it.</summary>
    public static Route RouteOf(Call call) => CallWays.RouteOf(NetworkOf(call));

    public static Network NetworkOf(Call call) =>
        CallWays.Farther(call.Leg.Facts.Path.Network, call.Theirs?.Facts?.Network ?? Network.Unspecified);

    // From the caller's view, so that both ends write the same.
    private static RouteRecord? Record(Call call)
    {
        var route = RouteOf(call);
        if (route == Route.Unspecified || call.Exchange.Ours is not { } ours || call.Theirs is not { } theirs)
            return null;
        return new RouteRecord
        {
            Route = route,
            Network = NetworkOf(call),
            RoundTripMs = call.Leg.Facts.Path.RoundTripMs,
            Reason = call.Outgoing ? CallWays.Why(route, ours, theirs) : CallWays.Why(route, theirs, ours),
        };
    }

    private static CallEnd MeasureOf(Call call)
    {
        var end = new CallEnd { TalkedMs = (ulong)call.Talked.Values.Sum(), Way = call.LastWay, People = PeopleOf(call) };
        foreach (var (route, talked) in call.Talked.Where(share => share.Key != Route.Unspecified).OrderBy(share => share.Key))
            end.Shares.Add(new CallShare { Route = route, TalkedMs = (ulong)talked });
        return end;
    }
}
