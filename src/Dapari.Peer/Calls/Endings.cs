using Dapari.Peer.Routes;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// How a call ended, agreed by construction: each end says what it knows, and both take the weightier (the numbers of <see cref="CallEnding"/> are the
/// weights). The order of hearing does not matter, nor how often. What was measured is the callee's, if it measured anything.
/// </summary>
internal static class Endings
{
    private const ulong LongestTalkMs = 30UL * 24 * 60 * 60 * 1000;

    /// <summary>The weightier of two endings.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">Another.</param>
    /// <param name="talked">Media flowed here: the other cannot say that it was never answered.</param>
    public static CallEnding Merge(CallEnding one, CallEnding other, bool talked)
    {
        if (!Enum.IsDefined(other) || (talked && !IsTalk(other)))
            return one;
        return (CallEnding)Math.Max((int)one, (int)other);
    }

    /// <summary>What one end may say of the end at all: nobody declines, takes back or answers in the other's place. What may not be said says nothing.</summary>
    /// <param name="said">As said.</param>
    /// <param name="byCaller">The caller says it.</param>
    /// <param name="joined">The one who hears it was in the call.</param>
    public static CallEnding Admit(CallEnding said, bool byCaller, bool joined)
    {
        var may = said switch
        {
            CallEnding.Cancelled or CallEnding.Unreachable => byCaller,
            CallEnding.Missed or CallEnding.Absorbed => byCaller || !joined,
            CallEnding.Declined => !byCaller,
            CallEnding.Busy => !byCaller && !joined,
            CallEnding.NoWay => joined || !byCaller,
            CallEnding.Answered or CallEnding.Lost or CallEnding.NotOurs => joined,
            _ => false,
        };
        return may ? said : CallEnding.Unspecified;
    }

    /// <summary>What is kept of it; unspecified: no entry at all.</summary>
    public static CallOutcome Outcome(CallEnding ending) => ending switch
    {
        CallEnding.NoWay => CallOutcome.NoWay,
        CallEnding.Unreachable => CallOutcome.Unreachable,
        CallEnding.Missed => CallOutcome.Missed,
        CallEnding.Lost => CallOutcome.Lost,
        CallEnding.Answered => CallOutcome.Answered,
        CallEnding.Cancelled => CallOutcome.Cancelled,
        CallEnding.Busy => CallOutcome.Busy,
        CallEnding.Declined => CallOutcome.Declined,
        CallEnding.NotOurs => CallOutcome.NotOurs,
        _ => CallOutcome.Unspecified,
    };

    /// <summary>The ending of a kept outcome.</summary>
    public static CallEnding Ending(CallOutcome outcome) =>
        Enum.GetValues<CallEnding>().FirstOrDefault(ending => ending != CallEnding.Unspecified && Outcome(ending) == outcome && outcome != CallOutcome.Unspecified);

    /// <summary>The record of both ends' measures.</summary>
    public static CallRecord Record(bool video, CallEnding ending, CallEnd? callers, CallEnd? callees)
    {
        var measure = callees is { TalkedMs: > 0 } ? callees : callers is { TalkedMs: > 0 } ? callers : null;
        var record = new CallRecord
        {
            Video = video, Outcome = Outcome(ending), People = Math.Clamp(Math.Max(callers?.People ?? 0, callees?.People ?? 0), 1, WireLimits.CallPeopleCounted),
        };
        if (measure is null || !IsTalk(ending))
            return record;
        record.TalkedMs = Math.Min(measure.TalkedMs, LongestTalkMs);
        record.Way = RouteRecords.Adopt(measure.Way);
        foreach (var share in measure.Shares.Take(WireLimits.CallShares))
        {
            if (share.Route is Route.Direct or Route.Relay)
                record.Shares.Add(new CallWayShare { Route = share.Route, TalkedMs = Math.Min(share.TalkedMs, LongestTalkMs) });
        }

        return record;
    }

    /// <summary>What is kept of a call, and what the other end's note says of it, as one: the same rule as while both were there.</summary>
    /// <param name="kept">Ours.</param>
    /// <param name="outgoing">We called: the other's measure counts, if it has one.</param>
    /// <param name="noted">Theirs.</param>
    public static CallRecord Merge(CallRecord kept, bool outgoing, CallRecord noted)
    {
        var merged = kept.Clone();
        merged.People = Math.Max(kept.People, noted.People);
        merged.Outcome = Outcome(Merge(Ending(kept.Outcome), Ending(noted.Outcome), kept.TalkedMs > 0));
        if (noted.TalkedMs == 0 || (kept.TalkedMs > 0 && !outgoing))
            return merged;
        merged.TalkedMs = noted.TalkedMs;
        merged.Way = noted.Way;
        merged.Shares.Clear();
        merged.Shares.Add(noted.Shares);
        return merged;
    }

    private static bool IsTalk(CallEnding ending) => ending is CallEnding.Answered or CallEnding.Lost or CallEnding.NotOurs or CallEnding.NoWay;
}
