using Dapari.Peer.Calls;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Contacts who say of calls what is not so. They may spoil their own calls, and nothing else.</summary>
public sealed class LyingTests
{
    private readonly World _world = new();
    private readonly Person _alice;
    private readonly Person _mallory;
    private ulong _revision;

    public LyingTests()
    {
        (_alice, _mallory) = _world.Acquainted();
        _alice.Verify(_mallory);
        _mallory.Verify(_alice);
    }

    private void Say(CallSignal signal) =>
        _world.Act(_mallory, (parts, step) => parts.Live.TrySend(step, parts.State.Contacts[_alice.Id], new Content { Call = signal }));

    private CallSignal Signal(ByteString id, CallPhase phase, bool caller = true, ulong? revision = null) => new()
    {
        CallId = id, Revision = revision ?? ++_revision, State = new CallState { Phase = phase, Caller = caller, Clock = 1_000 + _revision },
    };

    private ByteString NewId() => ByteString.CopyFrom(_mallory.Random.Bytes(16));

    /// <summary>A call of Alice's that Mallory plays by hand.</summary>
    private ByteString Answered(out CallLeg leg)
    {
        var id = ByteString.Empty;
        _world.Act(_mallory, (_, _) => { });
        _mallory.Stop();
        id = _alice.Call(_mallory);
        _mallory.Restart();
        leg = new CallLeg { Epoch = 1, Id = 77, Own = true };
        return id;
    }

    private CallSignal Joined(ByteString id, CallLeg leg, params string[] sdps)
    {
        var signal = Signal(id, CallPhase.Joined, caller: false, revision: 1_000 + ++_revision);
        signal.State.Leg = leg;
        for (var i = 0; i < sdps.Length; i++)
            signal.Steps.Add(new CallStep { Number = (uint)i + 1, Signal = new Signal { OfferSdp = sdps[i] } });
        return signal;
    }

    [Fact]
    public void Acceptance_of_a_call_that_never_rang_opens_nothing()
    {
        var signal = Signal(NewId(), CallPhase.Joined, caller: false);
        signal.State.Leg = new CallLeg { Epoch = 1, Id = 5, Own = true };
        signal.Steps.Add(new CallStep { Number = 1, Signal = new Signal { OfferSdp = FakeMedia.Sdp("Bob") } });
        Say(signal);
        signal.State.Caller = true;
        Say(signal);
        Assert.Empty(_alice.Snapshot.Calls);
        Assert.Empty(_world.Media.LegsOf(_alice));
        Assert.Empty(_alice.Entries(_mallory));
    }

    [Fact]
    public void A_ring_with_media_in_it_opens_nothing_before_it_is_answered()
    {
        var id = NewId();
        var signal = Signal(id, CallPhase.Ring);
        signal.State.Leg = new CallLeg { Epoch = 1, Id = 5, Own = true };
        signal.Steps.Add(new CallStep { Number = 1, Signal = new Signal { OfferSdp = FakeMedia.Sdp("Bob") } });
        Say(signal);
        Assert.Equal(CallStage.Ringing, _alice.OnlyCall().Stage);
        signal = Signal(id, CallPhase.Joined);
        signal.State.Leg = new CallLeg { Epoch = 1, Id = 5, Own = true };
        Say(signal);
        Assert.Equal(CallStage.Ringing, _alice.OnlyCall().Stage);
        Assert.Empty(_world.Media.LegsOf(_alice));
        Assert.DoesNotContain(_alice.Effects, effect => effect is PeerEffect.OpenLeg or PeerEffect.AcceptLegSignal);
    }

    [Fact]
    public void Anothers_call_is_neither_ended_nor_joined()
    {
        var bob = _world.Join("Carol");
        World.Acquaint(_alice, bob);
        _alice.Verify(bob);
        bob.Verify(_alice);
        var id = _alice.Call(bob);
        Say(Signal(id, CallPhase.Ended, caller: false, revision: ulong.MaxValue));
        Say(Signal(id, CallPhase.Ended, caller: true, revision: ulong.MaxValue));
        var joined = Signal(id, CallPhase.Joined, caller: false, revision: ulong.MaxValue);
        joined.State.Leg = new CallLeg { Epoch = 9, Id = 5, Own = true };
        Say(joined);
        Assert.Equal(CallStage.Ringing, _alice.OnlyCall().Stage);
        bob.Answer(id);
        Assert.Equal(CallStage.Connected, _alice.OnlyCall().Stage);
        Say(Signal(id, CallPhase.Ended, caller: false, revision: ulong.MaxValue));
        Assert.Equal(CallStage.Connected, _alice.OnlyCall().Stage);
        Assert.Empty(_alice.Entries(_mallory));
    }

    [Fact]
    public void Revisions_that_jump_and_acknowledge_what_was_never_told_do_no_harm()
    {
        var id = Answered(out var leg);
        var signal = Joined(id, leg, FakeMedia.Sdp("Bob"));
        signal.Revision = ulong.MaxValue;
        signal.Seen = ulong.MaxValue;
        signal.StepsSeen = uint.MaxValue;
        Say(signal);
        Assert.Equal(CallStage.Connecting, _alice.OnlyCall().Stage);
        Assert.Single(_world.Media.LegsOf(_alice));
        _world.Pass(31_000);
        Assert.Equal(CallOutcome.NoWay, _alice.Entry(_mallory).Call.Outcome);
    }

    [Theory]
    [InlineData("no sdp at all")]
    [InlineData("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")]
    [InlineData("v=0\r\nm=message 9 TCP 1\r\na=fingerprint:sha-256 00:11\r\n")]
    public void A_description_that_is_none_ends_the_call_before_a_driver_sees_it(string sdp)
    {
        var id = Answered(out var leg);
        Say(Joined(id, leg, sdp));
        Assert.Equal(CallOutcome.NoWay, _alice.Entry(_mallory).Call.Outcome);
        Assert.DoesNotContain(_alice.Effects, effect => effect is PeerEffect.AcceptLegSignal);
        Assert.Empty(_world.Media.LegsOf(_alice));
    }

    [Fact]
    public void Another_certificate_in_a_later_description_ends_the_call()
    {
        var id = Answered(out var leg);
        Say(Joined(id, leg, FakeMedia.Sdp("Bob"), FakeMedia.Sdp("somebody else")));
        Assert.Equal(CallOutcome.NoWay, _alice.Entry(_mallory).Call.Outcome);
    }

    [Fact]
    public void A_flood_of_steps_is_bounded()
    {
        var id = Answered(out var leg);
        for (uint i = 0; i < 60; i++)
        {
            var signal = Joined(id, leg);
            for (uint step = 0; step < 64; step++)
            {
                signal.Steps.Add(new CallStep
                {
                    Number = (i * 64) + step + 1,
                    Signal = new Signal { Candidate = new Candidate { Candidate_ = "candidate:1 1 udp 1 192.0.2.9 4000 typ host", SdpMid = "0" } },
                });
            }

            Say(signal);
        }

        Assert.Equal(StepStream.MaxTaken, _world.Media.Only(_alice).Accepted.Count);
        Assert.Equal(CallStage.Connecting, _alice.OnlyCall().Stage);
    }

    [Fact]
    public void Legs_begun_anew_all_the_time_are_not_followed_all_the_time()
    {
        var id = Answered(out var leg);
        for (uint epoch = 1; epoch <= 200; epoch++)
            Say(Joined(id, new CallLeg { Epoch = epoch, Id = 1_000 + epoch, Own = true }));
        Assert.Single(_alice.Effects.OfType<PeerEffect.OpenLeg>());
        _world.Pass(600);
        Assert.Equal(2, _alice.Effects.OfType<PeerEffect.OpenLeg>().Count());
        Assert.Equal(1_200UL, _world.Media.LegsOf(_alice).Single());
        Say(Joined(id, new CallLeg { Epoch = uint.MaxValue, Id = 5, Own = true }));
        _world.Pass(600);
        _world.Media.Fail(_alice, 5);
        _world.Pass(60_000);
        Assert.Equal(CallOutcome.NoWay, _alice.Entry(_mallory).Call.Outcome);
        Assert.NotEqual(0UL, leg.Id);
    }

    [Fact]
    public void A_leg_named_like_anothers_is_not_opened()
    {
        var bob = _world.Join("Carol");
        World.Acquaint(_alice, bob);
        _alice.Verify(bob);
        bob.Verify(_alice);
        bob.Answer(_alice.Call(bob));
        var taken = _world.Media.LegsOf(_alice).Single();
        _alice.HangUp(_alice.OnlyCall().CallId);
        _world.Pass(6_000);
        var id = Answered(out _);
        Say(Joined(id, new CallLeg { Epoch = 1, Id = taken, Own = true }));
        Assert.Equal(taken, _world.Media.LegsOf(_alice).Single());
        Say(Joined(id, new CallLeg { Epoch = 1, Id = taken, Own = false }));
        Assert.Equal(CallStage.Connecting, _alice.OnlyCall().Stage);
    }

    [Fact]
    public void A_talked_call_is_not_made_into_one_that_was_declined()
    {
        var id = _alice.Call(_mallory);
        _mallory.Answer(id);
        _world.Pass(3_000);
        var ended = Signal(id, CallPhase.Ended, caller: false, revision: 1_000);
        ended.State.End = new CallEnd { Ending = CallEnding.Declined, TalkedMs = ulong.MaxValue, Way = new RouteRecord { Route = Route.Mailbox } };
        Say(ended);
        Assert.Equal(CallOutcome.Lost, _alice.Entry(_mallory).Call.Outcome);
        Assert.True(_alice.Entry(_mallory).Call.TalkedMs < 40UL * 24 * 3_600_000);
    }

    [Fact]
    public void Rings_without_end_are_entries_and_not_memory()
    {
        for (var i = 0; i < 100; i++)
            Say(Signal(NewId(), CallPhase.Ring));
        Assert.Single(_alice.Snapshot.Calls, call => call.Stage == CallStage.Ringing);
        Assert.True(_alice.Store.State.Count(row => row.Key.StartsWith("call/", StringComparison.Ordinal)) <= CallBoard.MaxRemembered + 2);
        Assert.True(_alice.Engine.Parts.Calls.Board.Calls.Count <= CallBoard.MaxRemembered + 2);
    }

    [Fact]
    public void A_ring_that_comes_long_after_its_end_does_not_ring()
    {
        var id = _mallory.Call(_alice);
        _mallory.HangUp(id);
        _world.Pass(300_000);
        var entry = _alice.Entry(_mallory);
        var late = Signal(id, CallPhase.Ring);
        late.State.Clock = entry.Clock;
        Say(late);
        Assert.Empty(_alice.Snapshot.Calls);
        Assert.Equal(entry, _alice.Entry(_mallory));
        Assert.Equal(1u, _alice.See(_mallory).Unread);
        var end = Signal(id, CallPhase.Ended);
        end.State.Clock = entry.Clock;
        end.State.End = new CallEnd { Ending = CallEnding.Declined };
        Say(end);
        Assert.Equal(entry, _alice.Entry(_mallory));
    }

    [Fact]
    public void A_note_writes_over_no_message_and_over_no_call_of_ours()
    {
        _alice.Write(_mallory, "mio");
        var message = _alice.Message(_mallory, "mio");
        var id = _alice.Call(_mallory);
        _mallory.HangUp(id);
        _world.Pass(300_000);
        var entry = _alice.Entry(_mallory);
        foreach (var taken in new[] { message.Id, id })
        {
            foreach (var caller in new[] { true, false })
            {
                _world.Act(_mallory, (parts, step) => parts.Outbox.SendNote(step, parts.State.Contacts[_alice.Id], new CallNote
                {
                    CallId = taken,
                    State = new CallState { Phase = CallPhase.Ended, Caller = caller, Clock = 1, End = new CallEnd { Ending = CallEnding.Missed } },
                }));
            }
        }

        _world.Pass(1_000);
        Assert.Equal(message, _alice.Message(_mallory, "mio"));
        Assert.Equal(entry, _alice.Entry(_mallory));
        Assert.Empty(_world.Server.Stored);
    }

    [Fact]
    public void A_clock_from_the_future_neither_orders_nor_throws()
    {
        var ring = Signal(NewId(), CallPhase.Ring);
        ring.State.Clock = ulong.MaxValue;
        Say(ring);
        Assert.Single(_alice.Snapshot.Calls);
        Say(Signal(ring.CallId, CallPhase.Ended));
        Assert.True(_alice.Entry(_mallory).Clock < 100);
    }
}
