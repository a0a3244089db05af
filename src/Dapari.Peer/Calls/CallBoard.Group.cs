using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// Calls of several: one call for each pair, held together by an id. Who began rings everybody and tells each who else is in it; those who have joined
/// and are contacts of each other call each other by themselves, and keep on when who began leaves.
/// </summary>
internal sealed partial class CallBoard
{
    /// <summary>Rings several at once.</summary>
    public MessageId StartGroup(ICallHost host, IReadOnlyList<ContactId> people, bool video, Policy way)
    {
        var group = host.RandomCall();
        foreach (var one in people)
            Start(host, one, video, way).Group = group;
        return group;
    }

    /// <summary>Calls somebody into a call that was begun here.</summary>
    public CommandRefusal Add(ICallHost host, Call call, ContactId contact)
    {
        if (!call.Outgoing || call.Fellow)
            return CommandRefusal.UnknownCall;
        var all = OfGroup(call);
        if (all.Any(one => one.With == contact))
            return CommandRefusal.Unspecified;
        if (all.Count >= CallDesk.MaxInvited)
            return CommandRefusal.TooMany;
        call.Group ??= host.RandomCall();
        var added = Start(host, contact, call.Video, call.Chosen);
        added.Group = call.Group;
        added.Media = call.Media.Clone();
        host.Changed(call);
        return CommandRefusal.Unspecified;
    }

    /// <summary>All that belongs together and has not ended.</summary>
    private List<Call> OfGroup(Call call) =>
        call.Group is null ? [call] : [.. _calls.Values.Where(one => one.Group == call.Group && !one.IsEnded)];

    /// <summary>Whom else we called, for one of them.</summary>
    private IEnumerable<CallPerson> PeopleFor(ICallHost host, Call call)
    {
        if (!call.Outgoing || call.Fellow)
            return [];
        return _calls.Values.Where(one => one.Group == call.Group && one != call && one is { Outgoing: true, Fellow: false, IsEnded: false })
            .OrderBy(one => one.Id).Take(WireLimits.CallPeople).Select(one =>
            {
                var person = host.PersonOf(one.With);
                person.Joined = one.Phase == CallPhase.Joined;
                return person;
            });
    }

    /// <summary>Who began tells of others: those who have joined and are contacts of ours are called, or will call.</summary>
    private void MeetFellows(ICallHost host, Call call)
    {
        if (call.Outgoing || call.Fellow || call.Theirs is not { Group.IsEmpty: false } theirs || !MessageId.TryRead(theirs.Group, out var group))
            return;
        // A call of two that became one of several.
        call.Group ??= group;
        if (call.Group != group)
            return;
        foreach (var person in theirs.People.Where(person => person.Joined))
        {
            if (host.ContactOf(person) is not { } contact || !host.Begins(contact) || _calls.Values.Any(one => one.With == contact && one.Group == group && !one.IsEnded)
                || _calls.Values.Count(one => one.Group == group && !one.IsEnded) > WireLimits.CallPeople)
                continue;
            var fellow = Start(host, contact, call.Video, call.Chosen);
            (fellow.Group, fellow.Fellow, fellow.Media) = (group, true, call.Media.Clone());
        }
    }

    /// <summary>The ring of somebody whom who began told us of is answered by itself; one for a call of several that we are not in is none.</summary>
    private bool IsOfOurGroup(ICallHost host, Call call)
    {
        if (call.Group is not { } group || call.Theirs is not { People.Count: 0 } || !call.IsRingingHere)
            return false;
        var begun = _calls.Values.FirstOrDefault(one => one.Group == group && one is { Fellow: false, Outgoing: false, Phase: CallPhase.Joined });
        if (begun?.Theirs is not { } theirs || !theirs.People.Any(person => host.ContactOf(person) == call.With))
            return false;
        call.Fellow = true;
        Accept(host, call, begun.Media, begun.Chosen);
        return true;
    }
}
