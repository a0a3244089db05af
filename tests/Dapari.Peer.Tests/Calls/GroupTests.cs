using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Calls of several: one call for each pair, shown as one.</summary>
public sealed class GroupTests
{
    private readonly World _world = new();
    private readonly List<Person> _people = [];

    private void Gather(int count)
    {
        for (var i = 0; i < count; i++)
            _people.Add(_world.Join(((char)('A' + i)) + "nna"));
        foreach (var one in _people)
        {
            foreach (var other in _people.TakeWhile(other => other != one))
            {
                World.Acquaint(one, other);
                one.Verify(other);
                other.Verify(one);
            }
        }
    }

    private ByteString Call(params Person[] invited)
    {
        var result = _people[0].Do(new Command { StartCall = new StartCall { ContactIds = { invited.Select(person => person.Id.ToByteString()) } } });
        Assert.Equal(CommandRefusal.Unspecified, result.Refusal);
        return result.CallId;
    }

    private static IEnumerable<LegStage> Legs(Person person) => person.OnlyCall().Legs.Where(leg => leg.Stage != LegStage.Gone).Select(leg => leg.Stage);

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Everybody_is_connected_with_everybody(int count)
    {
        Gather(count);
        var id = Call([.. _people.Skip(1)]);
        foreach (var person in _people.Skip(1))
        {
            Assert.True(person.OnlyCall().Group);
            Assert.Equal(id, person.OnlyCall().CallId);
            Assert.Equal(CommandRefusal.Unspecified, person.Answer(id));
        }

        _world.Pass(3_000);
        foreach (var person in _people)
        {
            Assert.Equal(CallStage.Connected, person.OnlyCall().Stage);
            Assert.Equal(Enumerable.Repeat(LegStage.Connected, count - 1), Legs(person));
            Assert.Equal(count - 1, _world.Media.LegsOf(person).Count());
        }

        _people[1].HangUp(id);
        _world.Pass(1_000);
        Assert.Equal(count - 2, Legs(_people[0]).Count());
        // Who began leaves, and the others go on.
        _people[0].HangUp(id);
        _world.Pass(1_000);
        if (count > 3)
            Assert.Equal(Enumerable.Repeat(LegStage.Connected, count - 3), Legs(_people[^1]));
        foreach (var person in _people.Skip(2))
            person.HangUp(id);
        _world.Pass(10_000);
        foreach (var person in _people)
        {
            Assert.Empty(person.Snapshot.Calls);
            Assert.Empty(_world.Media.LegsOf(person));
        }

        Assert.Equal(CallOutcome.Answered, _people[0].Entry(_people[1]).Call.Outcome);
        Assert.Empty(_people[1].Entries(_people[2]));
    }

    [Fact]
    public void One_who_declines_or_is_away_is_left_out()
    {
        Gather(4);
        _people[3].Stop();
        var id = Call(_people[1], _people[2], _people[3]);
        _people[1].HangUp(id);
        _people[2].Answer(id);
        _world.Pass(1_000);
        Assert.Equal(CallStage.Connected, _people[0].OnlyCall().Stage);
        Assert.DoesNotContain(_people[1].Snapshot.Calls, call => call.Stage != CallStage.Ended);
        _world.Pass(61_000);
        Assert.Equal([LegStage.Connected], Legs(_people[0]));
        Assert.Equal(CallOutcome.Declined, _people[0].Entry(_people[1]).Call.Outcome);
        Assert.Equal(CallOutcome.Unreachable, _people[0].Entry(_people[3]).Call.Outcome);
    }

    [Fact]
    public void A_call_of_two_grows()
    {
        Gather(3);
        var id = _people[0].Call(_people[1]);
        _people[1].Answer(id);
        Assert.Equal(CommandRefusal.Unspecified, _people[0].Do(new Command { AddToCall = new AddToCall { CallId = id, ContactId = _people[2].Id.ToByteString() } }).Refusal);
        var group = _people[2].OnlyCall().CallId;
        _people[2].Answer(group);
        _world.Pass(2_000);
        foreach (var person in _people)
            Assert.Equal([LegStage.Connected, LegStage.Connected], Legs(person));
    }

    [Fact]
    public void It_stays_the_same_call_when_it_grows()
    {
        var all = new Gathering(3);
        var id = all[0].Call(all[1]);
        all[1].Answer(id);
        all.World.Pass(1_000);
        Assert.True(all[0].OnlyCall().CanAdd);
        Assert.False(all[1].OnlyCall().CanAdd);
        Assert.Equal(CommandRefusal.Unspecified, Gathering.Add(all[0], id, all[2]));
        // Twice is no mistake.
        Assert.Equal(CommandRefusal.Unspecified, Gathering.Add(all[0], id, all[2]));
        Assert.Equal(LegStage.Ringing, Gathering.Leg(all[1], all[2]).Stage);
        all[2].Answer(all[2].OnlyCall().CallId);
        all.World.Pass(3_000);
        Assert.Equal(id, all[0].OnlyCall().CallId);
        Assert.Equal(id, all[1].OnlyCall().CallId);
        all[0].HangUp(id);
        all.World.Pass(7_000);
        Assert.Equal(id, all[1].OnlyCall().CallId);
        Assert.Equal(CommandRefusal.Unspecified, all[1].HangUp(id));
        all.World.Pass(7_000);
        Assert.All(all.People, person => Assert.Empty(person.Snapshot.Calls));
    }

    [Fact]
    public void Only_who_began_calls_others_into_it_and_eight_are_enough()
    {
        var all = new Gathering(9, (one, _) => one == 1);
        var id = all.Call([.. all.People.Skip(1).Take(6)]);
        all[1].Answer(id);
        Assert.Equal(CommandRefusal.NotTheBeginner, Gathering.Add(all[1], id, all[7]));
        Assert.Equal(CommandRefusal.Unspecified, Gathering.Add(all[0], id, all[7]));
        Assert.False(all[0].OnlyCall().CanAdd);
        Assert.Equal(CommandRefusal.TooMany, Gathering.Add(all[0], id, all[8]));
        Assert.Empty(all[8].Snapshot.Calls);
        // Who declines makes room.
        all[2].HangUp(id);
        Assert.Equal(CommandRefusal.Unspecified, Gathering.Add(all[0], id, all[8]));
        Assert.Single(all[8].Snapshot.Calls);
        Assert.Equal(CommandRefusal.UnknownContact, all[0].Do(new Command { AddToCall = new AddToCall { CallId = id, ContactId = ByteString.CopyFrom(new byte[16]) } }).Refusal);
        Assert.Equal(CommandRefusal.TooMany, all[0].Do(new Command { StartCall = new StartCall { ContactIds = { all.People.Skip(1).Select(person => person.Id.ToByteString()) } } }).Refusal);
    }

    [Fact]
    public void Entries_say_how_many_they_were()
    {
        var all = new Gathering(5);
        var id = all.Call(all[1], all[2], all[3], all[4]);
        all[1].Answer(id);
        all[2].Answer(id);
        all[4].HangUp(id);
        all.World.Pass(5_000);
        all[1].HangUp(id);
        all[3].Answer(id);
        all.World.Pass(5_000);
        all[0].HangUp(id);
        all.World.Pass(15_000);
        foreach (var (who, outcome, people) in new[] { (1, CallOutcome.Answered, 2u), (2, CallOutcome.Answered, 3u), (3, CallOutcome.Answered, 2u), (4, CallOutcome.Declined, 4u) })
        {
            Assert.Equal((outcome, people), (all[0].Entry(all[who]).Call.Outcome, all[0].Entry(all[who]).Call.People));
            Assert.Equal((outcome, people), (all[who].Entry(all[0]).Call.Outcome, all[who].Entry(all[0]).Call.People));
        }
    }

    [Fact]
    public void Who_left_may_be_called_in_again()
    {
        var all = new Gathering(3);
        var id = all.CallAll();
        all[2].HangUp(id);
        all.World.Pass(1_000);
        Assert.Equal(CommandRefusal.Unspecified, Gathering.Add(all[0], id, all[2]));
        Assert.Equal(CommandRefusal.Unspecified, all[2].Answer(all[2].Snapshot.Calls.Single(call => call.Stage == CallStage.Ringing).CallId));
        all.World.Pass(5_000);
        foreach (var person in all.People)
            Assert.Equal([LegStage.Connected, LegStage.Connected], Legs(person));
        all[0].HangUp(id);
        all.World.Pass(15_000);
        Assert.Equal([CallOutcome.Answered, CallOutcome.Answered], all[2].Entries(all[0]).Select(entry => entry.Call.Outcome));
    }

    [Fact]
    public void Who_is_busy_is_not_led_into_another_call()
    {
        // Both gather people, among them each other.
        var all = new Gathering(4, (_, _) => true);
        var (anna, bnna, cnna, dnna) = (all[0], all[1], all[2], all[3]);
        var tokens = new[]
        {
            anna.Say(new Command { StartCall = new StartCall { ContactIds = { bnna.Id.ToByteString(), cnna.Id.ToByteString() } } }),
            bnna.Say(new Command { StartCall = new StartCall { ContactIds = { anna.Id.ToByteString(), dnna.Id.ToByteString() } } }),
        };
        all.World.Settle();
        var (first, second) = (anna.Result(tokens[0]).CallId, bnna.Result(tokens[1]).CallId);
        Assert.Equal(CommandRefusal.Unspecified, cnna.Answer(first));
        Assert.Equal(CommandRefusal.Unspecified, dnna.Answer(second));
        all.World.Pass(5_000);
        Assert.Equal([LegStage.Connected], Legs(cnna));
        Assert.Equal([LegStage.Connected], Legs(dnna));
        Assert.Equal(CallOutcome.Busy, anna.Entries(bnna)[0].Call.Outcome);
        Assert.Equal(CallOutcome.Busy, anna.Entries(bnna)[1].Call.Outcome);
        Assert.Single(anna.Snapshot.Calls, call => call.Stage == CallStage.Connected);
    }

    [Fact]
    public void Who_calls_one_that_calls_several_is_rung()
    {
        var all = new Gathering(3, (_, _) => true);
        var (anna, bnna, cnna) = (all[0], all[1], all[2]);
        anna.Say(new Command { StartCall = new StartCall { ContactIds = { bnna.Id.ToByteString(), cnna.Id.ToByteString() } } });
        bnna.Say(new Command { StartCall = new StartCall { ContactIds = { anna.Id.ToByteString() } } });
        all.World.Pass(3_000);
        var ringing = Assert.Single(bnna.Snapshot.Calls, call => call.Stage == CallStage.Ringing);
        Assert.True(ringing.Group);
        Assert.Equal(CommandRefusal.Unspecified, bnna.Answer(ringing.CallId));
        all.World.Pass(3_000);
        Assert.Equal([LegStage.Connected], Legs(bnna).Where(stage => stage == LegStage.Connected));
    }

    [Fact]
    public void A_fellow_who_has_left_is_not_rung()
    {
        var all = new Gathering(3, (_, _) => true);
        var id = all.CallAll();
        // Neither of the others hears that she leaves, and she starts anew without it.
        all[2].HangUp(id);
        all.World.Pass(1_000);
        Assert.DoesNotContain(all[2].Snapshot.Calls, call => call.Stage != CallStage.Ended);
        all.World.Act(all[1], (parts, step) => parts.Live.TrySend(step, parts.State.Contacts[all[2].Id], new Dapari.Wire.V1.Content
        {
            Call = new Dapari.Wire.V1.CallSignal
            {
                CallId = ByteString.CopyFrom(all[1].Random.Bytes(16)), Revision = 1,
                State = new Dapari.Wire.V1.CallState { Phase = Dapari.Wire.V1.CallPhase.Ring, Caller = true, Clock = 99, Fellow = true, Group = id },
            },
        }));
        Assert.DoesNotContain(all[2].Snapshot.Calls, call => call.Stage != CallStage.Ended);
        Assert.Single(all.World.Media.LegsOf(all[1]));
    }
}
