using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Scenarios;
using Dapari.Wire;

namespace Dapari.Simulation.Checks;

/// <summary>Once all is healed and hung up, both ends keep the same of every call.</summary>
internal static class CallChecks
{
    public static void Check(World world, SimPeer one, SimPeer other, MessageRecord[] here, MessageRecord[] there)
    {
        // What a lost life knew of a call, or what was forgotten with a contact, nobody can tell.
        if (!Unrest.IsLive(world, one, other) || Unrest.Stuck(one, other) || Unrest.Stuck(other, one)
            // A note that nobody fetched in a month is thrown away like anything else.
            || world.Figures.Expired > 0 || world.Ledger.WasRestored(one) || world.Ledger.WasRestored(other) || world.Ledger.Disturbed(one, other) || world.Ledger.HaveParted(one, other))
            return;
        var theirs = there.Where(message => message.Kind == MessageKind.Call).ToDictionary(message => message.Id);
        foreach (var ours in here.Where(message => message.Kind == MessageKind.Call))
        {
            var id = MessageId.TryRead(ours.Id, out var read) ? StepChecks.Short(read) : "?";
            if (!theirs.Remove(ours.Id, out var back))
            {
                world.Broken($"{one.Name} keeps a call {id} ({ours.Call.Outcome}) that {other.Name} does not");
                continue;
            }

            world.Figures.Calls++;
            if (ours.OrderKey != back.OrderKey || ours.Outgoing == back.Outgoing)
                world.Broken($"call {id} stands at different places at {one.Name} and {other.Name}");
            var (caller, callee) = ours.Outgoing ? (ours.Call, back.Call) : (back.Call, ours.Call);
            var expected = caller.Outcome is CallOutcome.Cancelled or CallOutcome.Unreachable ? CallOutcome.Missed : caller.Outcome;
            if (callee.Outcome != expected)
                world.Broken($"call {id} between {one.Name} and {other.Name} was {caller.Outcome} for its caller and {callee.Outcome} for the callee");
            if (caller.TalkedMs != callee.TalkedMs || !Equals(caller.Way, callee.Way))
                world.Broken($"call {id}: {one.Name} and {other.Name} measured differently: {ours.Call} and {back.Call}");
            if (caller.People != callee.People)
                world.Broken($"call {id}: {one.Name} and {other.Name} counted differently: {ours.Call.People} and {back.Call.People}");
            if (caller.People > 1)
                world.Figures.Gatherings++;
            if (caller.Outcome == CallOutcome.Answered && caller.TalkedMs > 0)
                world.Figures.Talked++;
        }

        foreach (var back in theirs.Values)
            world.Broken($"{other.Name} keeps a call ({back.Call.Outcome}) that {one.Name} does not");
    }
}
