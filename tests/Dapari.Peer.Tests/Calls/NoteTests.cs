using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Ends of calls that are told later, by notes.</summary>
public sealed class NoteTests
{
    private readonly World _world = new();

    /// <summary>Seed 53266.</summary>
    [Fact]
    public void A_caller_who_was_gone_learns_that_the_line_was_busy()
    {
        var alice = _world.Join("Alice");
        var bob = _world.Join("Bob");
        var carol = _world.Join("Carol");
        World.Acquaint(bob, alice);
        World.Acquaint(bob, carol);
        foreach (var (one, other) in new[] { (alice, bob), (bob, alice), (bob, carol), (carol, bob) })
            one.Verify(other);
        bob.Answer(carol.Call(bob));
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);

        // The call leaves, and nothing that follows is heard.
        alice.CrashAfterCommits = 2;
        alice.Say(new Command { StartCall = new StartCall { ContactIds = { bob.Id.ToByteString() } } });
        _world.Settle();
        Assert.True(alice.IsDown);
        Assert.Equal(CallOutcome.Busy, bob.Entry(alice).Call.Outcome);
        bob.Stop();
        alice.Restart();
        _world.Pass(20 * 60_000);
        Assert.NotEqual(CallOutcome.Busy, alice.Entry(bob).Call.Outcome);
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("call/", StringComparison.Ordinal));
        bob.Restart();
        _world.Pass(120_000);
        Assert.Equal(CallOutcome.Busy, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.Busy, bob.Entry(alice).Call.Outcome);
    }

    /// <summary>Seed 61108: of a call in a conversation that was removed here, and in a contact that began anew since.</summary>
    [Fact]
    public void What_is_written_after_a_call_that_only_a_note_tells_of_comes_after_it()
    {
        var (alice, bob) = _world.Acquainted();
        var note = new CallNote
        {
            CallId = ByteString.CopyFrom(alice.Random.Bytes(16)),
            State = new CallState { Phase = CallPhase.Ended, Caller = true, Clock = 50, End = new CallEnd { Ending = CallEnding.Answered, TalkedMs = 5_000 } },
        };
        _world.Act(alice, (parts, step) => parts.Outbox.SendNote(step, parts.State.Contacts.Values.Single(), note));
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
        bob.Write(alice, "dopo");
        Assert.Equal("dopo", bob.Store.Messages(alice.Id).MaxBy(message => message.Clock)!.Text);
    }
}
