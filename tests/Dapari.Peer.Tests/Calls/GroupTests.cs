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
}
