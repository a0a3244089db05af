using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>What was under way when the device stopped, and how it goes on.</summary>
internal sealed partial class CallBoard
{
    /// <summary>A call as it was kept, before <see cref="Resume"/>.</summary>
    public void Load(Call call) => _calls[call.Id] = call;

    public bool Knows(MessageId id) => _calls.ContainsKey(id);

    /// <summary>
    /// At the start. What rang rings on until its minute is over; who was in a call a short while ago comes back with a connection begun anew; the rest
    /// has ended meanwhile, and is entered now.
    /// </summary>
    public void Resume(ICallHost host, bool supported)
    {
        var now = host.Now.MonotonicMs;
        foreach (var call in _calls.Values.ToList())
        {
            // A clock that was set back says nothing of how long it was.
            var rang = (long)Math.Min(Wall(host) - Math.Min(Wall(host), call.StartedWallMs), (ulong)CallTimes.Ring);
            var away = Wall(host) - Math.Min(Wall(host), call.AliveWallMs);
            call.StartedAt = now - rang;
            call.JoinedAt = call.Leg.DownSince = now;
            switch (call.Phase)
            {
                case CallPhase.Ended:
                    call.EndedAt = now;
                    call.Left = true;
                    break;
                case CallPhase.Joined when !supported || away > (ulong)CallTimes.Rejoin:
                    End(host, call, call.HasTalked ? CallEnding.Lost : CallEnding.NoWay);
                    break;
                case CallPhase.Joined:
                    call.Leg.HelpAt = now;
                    call.MeetAt = call.Fellow ? long.MaxValue : now;
                    break;
                default:
                    if (host.Now.MonotonicMs >= RingDue(call) || !supported)
                        End(host, call, call.Outgoing && !call.RangThere ? CallEnding.Unreachable : CallEnding.Missed);
                    break;
            }
        }
    }

    /// <summary>The contact can be told things again: what waits to be seen is said now.</summary>
    public void Ready(ICallHost host, ContactId contact)
    {
        foreach (var call in _calls.Values.Where(call => (call.Via ? call.BroughtBy : call.With) == contact && call.Exchange.Revision > 0 && !call.EndKnown).ToList())
        {
            call.Exchange.Again = 0;
            Tell(host, call);
        }
    }
}
