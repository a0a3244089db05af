using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>What a call lives through, and what not.</summary>
public sealed class LastingTests
{
    private readonly World _world = new();

    private (Person Alice, Person Bob, ByteString Id) Connected(bool paths = false)
    {
        var (alice, bob) = _world.Verified(paths);
        var id = alice.Call(bob);
        bob.Answer(id);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        _world.Pass(5_000);
        return (alice, bob, id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reload_of_either_side_rejoins(bool caller)
    {
        var (alice, bob, id) = Connected();
        var (gone, other) = caller ? (alice, bob) : (bob, alice);
        var leg = _world.Media.LegsOf(other).Single();
        gone.Stop();
        _world.Settle();
        Assert.Equal(LegStage.Lost, other.OnlyCall().Legs.Single().Stage);
        _world.Pass(10_000);
        gone.Restart();
        _world.Pass(3_000);
        foreach (var person in new[] { alice, bob })
        {
            Assert.Equal(id, person.OnlyCall().CallId);
            Assert.Equal(LegStage.Connected, person.OnlyCall().Legs.Single().Stage);
            Assert.NotEqual(leg, person.OnlyCall().Legs.Single().Leg);
            Assert.Single(_world.Media.LegsOf(person));
        }

        alice.HangUp(id);
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
        Assert.Equal(alice.Entry(bob).Call, bob.Entry(alice).Call);
    }

    [Fact]
    public void Both_reload_at_once_and_meet_again()
    {
        var (alice, bob, _) = Connected();
        alice.Stop();
        bob.Stop();
        _world.Pass(2_000);
        alice.Restart();
        bob.Restart();
        _world.Pass(4_000);
        Assert.Equal(LegStage.Connected, alice.OnlyCall().Legs.Single().Stage);
        Assert.Equal(LegStage.Connected, bob.OnlyCall().Legs.Single().Stage);
        Assert.Equal(alice.OnlyCall().Legs.Single().Leg, bob.OnlyCall().Legs.Single().Leg);
    }

    [Fact]
    public void Who_vanishes_is_noticed_and_the_call_ended_within_half_a_minute()
    {
        var (alice, bob, _) = Connected();
        bob.Stop();
        _world.Settle();
        Assert.Equal(LegStage.Lost, alice.OnlyCall().Legs.Single().Stage);
        _world.Pass(29_000);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        _world.Pass(2_000);
        Assert.Equal(CallOutcome.Lost, alice.Entry(bob).Call.Outcome);
        Assert.Equal(5_000u, alice.Entry(bob).Call.TalkedMs);
        bob.Restart();
        _world.Pass(15_000);
        Assert.Empty(bob.Snapshot.Calls);
        Assert.Equal(CallOutcome.Lost, bob.Entry(alice).Call.Outcome);
        Assert.Empty(_world.Media.LegsOf(bob));
    }

    /// <summary>Seed 81301: who had answered, and was gone before any connection began, still hears how it ended.</summary>
    [Fact]
    public void A_reload_before_any_connection_hears_how_the_call_ended()
    {
        _world.Server.RelayAccess = new RelayAccess { Urls = { "turn:home.example:3478" }, Username = "u", Password = "p", LifetimeSeconds = 3_600 };
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        _world.Server.PutsRelayOff = true;
        bob.Restart();
        Assert.Equal(CommandRefusal.Unspecified, bob.Answer(id));
        _world.Pass(2_000);
        bob.Stop();
        alice.HangUp(id);
        _world.Server.PutsRelayOff = false;
        _world.Pass(40_000);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(CallOutcome.Answered, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void A_reload_after_half_a_minute_finds_the_call_ended()
    {
        var (alice, bob, _) = Connected();
        alice.Stop();
        bob.Stop();
        _world.Pass(31_000);
        alice.Restart();
        bob.Restart();
        _world.Pass(15_000);
        Assert.Equal(CallOutcome.Lost, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.Lost, bob.Entry(alice).Call.Outcome);
        Assert.Empty(_world.Media.LegsOf(alice));
    }

    [Fact]
    public void The_server_dies_and_the_call_goes_on_and_ends_in_agreement()
    {
        var (alice, bob, id) = Connected();
        _world.StopServer();
        _world.Pass(120_000);
        Assert.Equal(LegStage.Connected, alice.OnlyCall().Legs.Single().Stage);
        alice.HangUp(id);
        // Bob hears nothing, but media ends.
        _world.Pass(35_000);
        Assert.Equal(CallOutcome.Lost, bob.Entry(alice).Call.Outcome);
        _world.StartServer();
        _world.Pass(90_000);
        Assert.Equal(CallOutcome.Answered, alice.Entry(bob).Call.Outcome);
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void With_a_direct_path_even_signals_need_no_server()
    {
        var (alice, bob, id) = Connected(paths: true);
        Assert.Equal(Local.PathState.Open, alice.See(bob).Path.State);
        _world.StopServer();
        alice.Do(new Command { SetCallMedia = new SetCallMedia { CallId = id, Media = new CallMedia { Microphone = false, Camera = true } } });
        Assert.True(bob.OnlyCall().Legs.Single().Media.Camera);
        Assert.False(bob.OnlyCall().Legs.Single().Media.Microphone);
        alice.HangUp(id);
        Assert.Equal(CallOutcome.Answered, bob.Entry(alice).Call.Outcome);
    }

    [Fact]
    public void A_change_of_network_restarts_every_leg()
    {
        var (alice, _, _) = Connected();
        alice.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.Settle();
        Assert.Equal(1, _world.Media.Only(alice).Restarts);
    }

    [Fact]
    public void An_interrupted_leg_is_helped_by_its_maker()
    {
        var (alice, bob, _) = Connected();
        _world.Media.Blocked = true;
        _world.Media.Interrupt(_world.Media.LegsOf(alice).Single());
        _world.Settle();
        Assert.Equal(LegStage.Lost, alice.OnlyCall().Legs.Single().Stage);
        _world.Pass(1_900);
        Assert.Equal(0, _world.Media.Only(bob).Restarts);
        _world.Media.Blocked = false;
        _world.Pass(200);
        Assert.Equal(1, _world.Media.Only(bob).Restarts);
        Assert.Equal(LegStage.Connected, alice.OnlyCall().Legs.Single().Stage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_leg_that_failed_is_begun_anew(bool atMaker)
    {
        var (alice, bob, _) = Connected();
        var person = atMaker ? bob : alice;
        var leg = _world.Media.LegsOf(person).Single();
        _world.Media.Fail(person, leg);
        _world.Pass(8_000);
        Assert.NotEqual(leg, alice.OnlyCall().Legs.Single().Leg);
        Assert.Equal(LegStage.Connected, alice.OnlyCall().Legs.Single().Stage);
        Assert.Equal(LegStage.Connected, bob.OnlyCall().Legs.Single().Stage);
    }

    [Fact]
    public void A_caller_who_reloads_while_it_rings_rings_on()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        alice.Restart();
        _world.Pass(3_000);
        Assert.Equal(CallStage.Ringing, bob.OnlyCall().Stage);
        bob.Answer(id);
        _world.Pass(1_000);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
    }

    [Fact]
    public void A_callee_who_reloads_while_it_rings_can_answer_still()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        bob.Restart();
        _world.Pass(3_000);
        bob.Answer(id);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
    }

    [Fact]
    public void A_long_call_stays_small()
    {
        var (alice, bob, id) = Connected();
        var effects = alice.Effects.Count;
        _world.Pass(600_000);
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);
        Assert.True(alice.Effects.Count - effects < 600 * 2, $"{alice.Effects.Count - effects} effects");
        Assert.Single(alice.Store.State, row => row.Key.StartsWith("call/", StringComparison.Ordinal));
        bob.HangUp(id);
        Assert.Equal(605_000u, alice.Entry(bob).Call.TalkedMs);
    }
}
