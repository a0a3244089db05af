using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// Calls of several: one call for each pair, held together by an id. Who began rings everybody and tells each who else is in it; the others become
/// fellows by themselves (CallBoard.Fellows).
/// </summary>
internal sealed partial class CallBoard
{
    /// <summary>Rings several at once.</summary>
    public MessageId StartGroup(ICallHost host, IReadOnlyList<ContactId> people, bool video, Policy way)
    {
        var group = host.RandomCall();
        foreach (var one in people)
            Start(host, one, video, way, group);
        return group;
    }

    /// <summary>Calls somebody into a call that was begun here.</summary>
    public CommandRefusal Add(ICallHost host, Call call, ContactId contact)
    {
        if (!call.Outgoing || call.Fellow)
            return CommandRefusal.NotTheBeginner;
        var all = OfGroup(call);
        if (all.Any(one => one.With == contact))
            return CommandRefusal.Unspecified;
        if (all.Count >= CallDesk.MaxInvited)
            return CommandRefusal.TooMany;
        if (call.Group is null)
            (call.Group, call.Face) = (host.RandomCall(), call.Id);
        var added = Start(host, contact, call.Video, call.Chosen, call.Group);
        (added.Face, added.Media) = (call.Face, call.Media.Clone());
        host.Changed(call);
        return CommandRefusal.Unspecified;
    }

    /// <summary>Whether a call of ours carries what one of those whom we called says to another: while both are in it, and then only that one is not.</summary>
    public bool MayCarry(ContactId from, ContactId to, MessageId group, CallPhase phase)
    {
        var (one, other) = (Called(from, group), Called(to, group));
        return from != to && one is not null && other is not null
            && (phase == CallPhase.Ended || (one.Phase == CallPhase.Joined && other.Phase == CallPhase.Joined));
    }

    /// <summary>Whether this contact began a call of several that we are, or were, in.</summary>
    public bool IsCarriedBy(ContactId by, MessageId group) => _calls.Values.Any(one => one.Group == group && one.With == by && one is { Outgoing: false, Fellow: false, WasJoined: true });

    /// <summary>All that belongs together and has not ended.</summary>
    private List<Call> OfGroup(Call call) =>
        call.Group is null ? [call] : [.. _calls.Values.Where(one => one.IsWith(call) && !one.IsEnded)];

    // The latest, of somebody who was called again.
    private Call? Called(ContactId who, MessageId group) =>
        _calls.Values.Where(one => one.Group == group && one.With == who && one is { Outgoing: true, Fellow: false, WasJoined: true }).MinBy(one => one.IsEnded);

    /// <summary>Whom else we called, for one of them.</summary>
    private IEnumerable<CallPerson> PeopleFor(ICallHost host, Call call) =>
        call is not { Outgoing: true, Fellow: false, IsEnded: false } ? [] : Others(call).OrderBy(one => one.Id).Take(WireLimits.CallPeople).Select(one =>
        {
            var person = host.PersonOf(one.With);
            person.Joined = one.Phase == CallPhase.Joined;
            return person;
        });

    private IEnumerable<Call> Others(Call call) => _calls.Values.Where(one => one != call && one.IsWith(call) && one is { Outgoing: true, Fellow: false, IsEnded: false });

    /// <summary>A call of two became one of several; it goes on being shown under its id.</summary>
    private static void JoinGroup(Call call)
    {
        if (call is { Outgoing: false, Fellow: false, Group: null } && call.Theirs is { } theirs && MessageId.TryRead(theirs.Group, out var group))
            (call.Group, call.Face) = (group, call.Id);
    }

    private void CountPeople(ICallHost host)
    {
        foreach (var call in _calls.Values.Where(call => call.Group is not null && call is { Fellow: false, IsEnded: false }))
            CountPeople(host, call);
    }

    /// <summary>Who was called, and who was in it together with this one.</summary>
    private void CountPeople(ICallHost host, Call call)
    {
        if (call.Group is null || call.Fellow)
            return;
        var (called, met) = (call.Called, call.Met.Count);
        if (call.Outgoing)
        {
            var others = Others(call).ToList();
            call.Called = Math.Max(call.Called, others.Count + 1);
            foreach (var other in others.Where(other => call.WasJoined && other.Phase == CallPhase.Joined))
                Meet(call, other.With);
        }
        else if (call.Theirs is { Phase: not CallPhase.Ended } theirs)
        {
            call.Called = Math.Max(call.Called, theirs.People.Count + 1);
            foreach (var person in theirs.People.Where(person => call.WasJoined && person.Joined))
            {
                if (host.Judge(person, out var id) != Standing.None)
                    Meet(call, id);
            }
        }

        if (called != call.Called || met != call.Met.Count)
            host.Changed(call);
    }

    private static void Meet(Call call, ContactId other)
    {
        if (call.Met.Count < WireLimits.CallPeopleCounted - 1)
            call.Met.Add(other);
    }

    private static uint PeopleOf(Call call) => call.Group is null || call.Fellow ? 0 : (uint)(call.WasJoined ? call.Met.Count + 1 : Math.Max(1, call.Called));
}
