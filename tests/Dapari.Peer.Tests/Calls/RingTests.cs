using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Rings, and how they end: both ends keep one entry each, and these agree.</summary>
public sealed class RingTests
{
    private readonly World _world = new();

    private static void Ended(Person caller, Person callee, CallOutcome atCaller, CallOutcome atCallee, uint unread = 0)
    {
        Assert.Equal(atCaller, caller.Entry(callee).Call.Outcome);
        Assert.Equal(atCallee, callee.Entry(caller).Call.Outcome);
        Assert.True(caller.Entry(callee).Outgoing);
        Assert.False(callee.Entry(caller).Outgoing);
        Assert.Equal(caller.Entry(callee).OrderKey, callee.Entry(caller).OrderKey);
        Assert.Equal(unread, callee.See(caller).Unread);
        Assert.Equal(callee.Entry(caller).Id, callee.See(caller).LastMessage.Id);
    }

    [Fact]
    public void Declined()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        bob.HangUp(id);
        Ended(alice, bob, CallOutcome.Declined, CallOutcome.Declined);
        Assert.Equal(CallOutcome.Declined, alice.OnlyCall().Outcome);
        Assert.Equal(CallStage.Ended, alice.OnlyCall().Stage);
    }

    [Fact]
    public void Taken_back()
    {
        var (alice, bob) = _world.Verified();
        alice.HangUp(alice.Call(bob, video: true));
        Ended(alice, bob, CallOutcome.Cancelled, CallOutcome.Missed, unread: 1);
        Assert.True(bob.Entry(alice).Call.Video);
    }

    [Fact]
    public void Not_answered_within_a_minute()
    {
        var (alice, bob) = _world.Verified();
        alice.Call(bob);
        _world.Pass(59_900);
        Assert.Equal(CallStage.Ringing, bob.OnlyCall().Stage);
        _world.Pass(200);
        Ended(alice, bob, CallOutcome.Missed, CallOutcome.Missed, unread: 1);
    }

    [Fact]
    public void A_callee_who_was_away_sees_the_missed_call_when_back()
    {
        var (alice, bob) = _world.Verified();
        bob.Stop();
        var id = alice.Call(bob);
        _world.Pass(30_000);
        Assert.Equal(CallStage.Calling, alice.OnlyCall().Stage);
        _world.Pass(31_000);
        Assert.Equal(CallOutcome.Unreachable, alice.Entry(bob).Call.Outcome);
        bob.Restart();
        _world.Pass(1_000);
        Ended(alice, bob, CallOutcome.Unreachable, CallOutcome.Missed, unread: 1);
        Assert.Equal(id, bob.Entry(alice).Id);
        bob.Restart();
        _world.Pass(200_000);
        Ended(alice, bob, CallOutcome.Unreachable, CallOutcome.Missed, unread: 1);
        Assert.Empty(_world.Server.Stored);
    }

    [Fact]
    public void A_callee_who_comes_while_it_rings_can_answer()
    {
        var (alice, bob) = _world.Verified();
        bob.Stop();
        var id = alice.Call(bob);
        _world.Pass(20_000);
        bob.Restart();
        _world.Pass(3_000);
        Assert.Equal(CallStage.Ringing, alice.OnlyCall().Stage);
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(id));
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
    }

    [Fact]
    public void A_ring_that_ends_while_the_callee_is_gone_is_missed_once()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        bob.Stop();
        alice.HangUp(id);
        _world.Pass(12_000);
        bob.Restart();
        _world.Pass(5_000);
        Ended(alice, bob, CallOutcome.Cancelled, CallOutcome.Missed, unread: 1);
        Assert.Empty(bob.Snapshot.Calls);
    }

    [Fact]
    public void A_decline_that_the_caller_never_hears_is_told_by_a_note()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        alice.Stop();
        bob.HangUp(id);
        _world.Pass(70_000);
        alice.Restart();
        _world.Pass(20_000);
        Ended(alice, bob, CallOutcome.Declined, CallOutcome.Declined);
        Assert.Single(bob.Entries(alice));
    }

    [Fact]
    public void Busy_in_another_call()
    {
        var (alice, bob) = _world.Verified();
        var carol = _world.Join("Carol");
        World.Acquaint(bob, carol);
        bob.Verify(carol);
        carol.Verify(bob);
        bob.Answer(alice.Call(bob));
        carol.Call(bob);
        Ended(carol, bob, CallOutcome.Busy, CallOutcome.Busy, unread: 1);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        Assert.Equal(CommandRefusal.InCall, bob.TryCall(carol).Refusal);
    }

    [Fact]
    public void Two_may_ring_and_one_is_answered_at_a_time()
    {
        var (alice, bob) = _world.Verified();
        var carol = _world.Join("Carol");
        World.Acquaint(bob, carol);
        bob.Verify(carol);
        carol.Verify(bob);
        var first = alice.Call(bob);
        var second = carol.Call(bob);
        Assert.Equal(2, bob.Snapshot.Calls.Count);
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(first));
        Assert.Equal(CommandRefusal.InCall, bob.Answer(second));
        bob.HangUp(first);
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(second));
        Assert.Equal(CallStage.Connected, carol.OnlyCall().Stage);
    }

    [Fact]
    public void Who_call_each_other_at_once_have_one_call()
    {
        var (alice, bob) = _world.Verified();
        var command = (Person other) => new Command { StartCall = new StartCall { ContactIds = { other.Id.ToByteString() } } };
        var one = alice.Say(command(bob));
        var other = bob.Say(command(alice));
        _world.Settle();
        _world.Pass(2_000);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);
        Assert.Equal(alice.OnlyCall().CallId, bob.OnlyCall().CallId);
        Assert.NotEqual(alice.OnlyCall().Outgoing, bob.OnlyCall().Outgoing);
        // The finger is on the call that gave way.
        Assert.Equal(CommandRefusal.Unspecified, alice.HangUp(alice.Result(one).CallId));
        Assert.True(bob.IsCompleted(other));
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
        Assert.Equal(CallOutcome.Answered, alice.Entry(bob).Call.Outcome);
        _world.Pass(200_000);
        Assert.Single(bob.Entries(alice));
        Assert.Single(alice.Entries(bob));
    }

    [Fact]
    public void Commands_that_cannot_be()
    {
        var (alice, bob) = _world.Verified();
        var carol = _world.Join("Carol");
        Assert.Equal(CommandRefusal.UnknownContact, alice.TryCall(carol).Refusal);
        World.Ask(alice, carol);
        Assert.Equal(CommandRefusal.NotAccepted, alice.TryCall(carol).Refusal);
        Assert.Equal(CommandRefusal.UnknownCall, alice.Answer(ByteString.CopyFrom(new byte[16])));
        Assert.Equal(CommandRefusal.UnknownCall, alice.HangUp(ByteString.Empty));
        Assert.Equal(CommandRefusal.TooMany, alice.Do(new Command { StartCall = new StartCall { ContactIds = { Enumerable.Repeat(bob.Id.ToByteString(), 8) } } }).Refusal);
        Assert.Equal(CommandRefusal.Empty, alice.Do(new Command { StartCall = new StartCall() }).Refusal);
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        Assert.Equal(CommandRefusal.Blocked, alice.TryCall(bob).Refusal);
    }

    [Fact]
    public void Nobody_rings_who_is_blocked_and_they_are_not_answered()
    {
        var (alice, bob) = _world.Verified();
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        bob.Call(alice);
        _world.Pass(61_000);
        Assert.Empty(alice.Snapshot.Calls);
        Assert.Empty(alice.Entries(bob));
        Assert.Equal(CallOutcome.Unreachable, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void Blocking_in_a_call_ends_it()
    {
        var (alice, bob) = _world.Verified();
        bob.Answer(alice.Call(bob));
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
        Assert.Empty(_world.Media.LegsOf(alice));
        Assert.Empty(_world.Media.LegsOf(bob));
    }

    [Fact]
    public void Removing_a_contact_in_a_call_leaves_no_row()
    {
        var (alice, bob) = _world.Verified();
        bob.Answer(alice.Call(bob));
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        Assert.Empty(_world.Media.LegsOf(alice));
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("call/", StringComparison.Ordinal));
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void An_ended_call_leaves_no_row_after_a_while()
    {
        var (alice, bob) = _world.Verified();
        alice.HangUp(alice.Call(bob));
        _world.Pass(130_000);
        foreach (var person in new[] { alice, bob })
            Assert.DoesNotContain(person.Store.State, row => row.Key.StartsWith("call/", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stopped_server_takes_no_ring_and_the_call_is_unreachable_and_noted_later()
    {
        var (alice, bob) = _world.Verified();
        _world.StopServer();
        alice.Call(bob);
        _world.Pass(61_000);
        Assert.Equal(CallOutcome.Unreachable, alice.Entry(bob).Call.Outcome);
        _world.StartServer();
        _world.Pass(60_000);
        Ended(alice, bob, CallOutcome.Unreachable, CallOutcome.Missed, unread: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whoever_calls_the_one_whose_call_rings_here_has_answered(bool video)
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        Assert.Equal(CallStage.Ringing, bob.OnlyCall().Stage);
        var result = bob.TryCall(alice, video);
        Assert.Equal(CommandRefusal.Unspecified, result.Refusal);
        Assert.Equal(id, result.CallId);
        _world.Pass(1_000);
        foreach (var person in new[] { alice, bob })
            Assert.Equal((id, CallStage.Connected), (person.OnlyCall().CallId, person.OnlyCall().Stage));
        Assert.Equal(video, bob.OnlyCall().Media.Camera);
        bob.HangUp(id);
        _world.Pass(10_000);
        Assert.Equal(CallOutcome.Answered, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void Whoever_calls_one_while_another_rings_lets_that_ring()
    {
        var (alice, bob) = _world.Verified();
        var carol = _world.Join("Carol");
        World.Acquaint(bob, carol);
        bob.Verify(carol);
        carol.Verify(bob);
        var first = alice.Call(bob);
        var second = bob.TryCall(carol).CallId;
        Assert.NotEqual(first, second);
        Assert.Contains(bob.Snapshot.Calls, call => call.CallId == first && call.Stage == CallStage.Ringing);
    }
}
