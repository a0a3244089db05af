using Dapari.Crypto;
using Dapari.Peer.Calls;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Whoever carries what others say to each other, and lies: it can withhold, and nothing else. And others who abuse a carrier.</summary>
public sealed class CarrierTests
{
    private readonly Gathering _all;
    private readonly ByteString _call;

    public CarrierTests()
    {
        _all = new Gathering(4);
        _call = _all.Call(Bnna, Cnna);
        Bnna.Answer(_call);
        Cnna.Answer(_call);
        _all.World.Pass(5_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(Bnna, Cnna).Stage);
    }

    private Person Anna => _all[0];

    // The one with the smaller key, who begins.
    private Person Bnna => _all[1].Identity.CompareTo(_all[2].Identity) < 0 ? _all[1] : _all[2];

    private Person Cnna => Bnna == _all[1] ? _all[2] : _all[1];

    private Person Dnna => _all[3];

    [Fact]
    public void What_it_alters_is_not_believed()
    {
        var calls = Calls(Cnna);
        foreach (var changed in Altered(Sign(Bnna, Next(Bnna, Cnna))))
            Give(Cnna, changed);
        Assert.Equal(calls, Calls(Cnna));
        // Unaltered, it is.
        Give(Cnna, Sign(Bnna, Next(Bnna, Cnna)));
        Assert.NotEqual(calls, Calls(Cnna));
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Bnna).Stage);
    }

    [Fact]
    public void What_it_says_again_changes_nothing()
    {
        var leg = Gathering.Leg(Cnna, Bnna).Leg;
        foreach (var again in new[] { Ring(Bnna, Cnna), Said(Bnna, Cnna), Ring(Bnna, Cnna) })
        {
            Give(Cnna, Sign(Bnna, again));
            Give(Bnna, Sign(Bnna, again));
        }

        Give(Bnna, Sign(Cnna, Said(Cnna, Bnna)));
        _all.World.Pass(10_000);
        Assert.Equal((leg, LegStage.Connected), (Gathering.Leg(Cnna, Bnna).Leg, Gathering.Leg(Cnna, Bnna).Stage));
        Assert.Equal((leg, LegStage.Connected), (Gathering.Leg(Bnna, Cnna).Leg, Gathering.Leg(Bnna, Cnna).Stage));
    }

    [Fact]
    public void A_ring_of_before_cuts_no_call_of_now()
    {
        // The pair was begun anew, and who carries says the first beginning again, when nobody remembers it any more.
        var ring = Sign(Bnna, Ring(Bnna, Cnna));
        _all.World.Media.Blocked = true;
        _all.World.Media.Fail(Bnna, Gathering.Leg(Bnna, Cnna).Leg);
        _all.World.Pass(40_000);
        _all.World.Media.Blocked = false;
        _all.World.Pass(300_000);
        var leg = Gathering.Leg(Cnna, Bnna);
        Assert.Equal(LegStage.Connected, leg.Stage);
        Assert.NotEqual(Read(ring).Signal.CallId, Said(Bnna, Cnna).Signal.CallId);
        Give(Cnna, ring);
        _all.World.Pass(5_000);
        Assert.Equal((leg.Leg, LegStage.Connected), (Gathering.Leg(Cnna, Bnna).Leg, Gathering.Leg(Cnna, Bnna).Stage));
    }

    [Fact]
    public void It_cannot_bring_what_was_said_in_one_call_into_another()
    {
        var former = new[] { Sign(Bnna, Ring(Bnna, Cnna)), Sign(Bnna, Next(Bnna, Cnna)) };
        foreach (var person in new[] { Anna, Bnna, Cnna })
            person.HangUp(_call);
        _all.World.Pass(200_000);
        var call = _all.Call(Bnna, Cnna);
        Cnna.Answer(call);
        _all.World.Pass(2_000);
        var (calls, media) = (Calls(Cnna), _all.World.Media.LegsOf(Cnna).Count());
        foreach (var forward in former)
            Give(Cnna, forward);
        Assert.Equal(calls, Calls(Cnna));
        Assert.Equal(media, _all.World.Media.LegsOf(Cnna).Count());
    }

    [Fact]
    public void It_speaks_for_nobody_whose_key_it_has_not()
    {
        var calls = Calls(Cnna);
        // Named as Bnna, signed by her own device, and then with Bnna's certificate.
        var said = Next(Bnna, Cnna);
        said.Signal.State = new CallState { Phase = CallPhase.Ended, Caller = true, Fellow = true, Group = said.Group, End = new CallEnd { Ending = CallEnding.Answered } };
        var forged = Sign(Anna, said);
        Give(Cnna, forged);
        forged.Device = Bnna.Engine.Parts.State.Device!.Certificate;
        Give(Cnna, forged);
        Assert.Equal(calls, Calls(Cnna));
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Bnna).Stage);
    }

    [Fact]
    public void A_flood_of_it_is_not_looked_at()
    {
        // Every one is genuine, and news, and asks for an answer.
        var said = Said(Bnna, Cnna);
        Cnna.Effects.Clear();
        for (var i = 1; i <= 300; i++)
        {
            said.Signal.Revision++;
            said.Signal.AnswerWanted = true;
            Give(Cnna, Sign(Bnna, said));
        }

        Assert.InRange(Cnna.Effects.OfType<PeerEffect.SendToServer>().Count(), 1, ForwardDesk.Burst + 5);
        _all.World.Pass(60_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Bnna).Stage);
    }

    [Fact]
    public void Nobody_who_was_not_named_is_heard()
    {
        var said = Ring(Bnna, Cnna);
        said.From = Key(Dnna);
        said.Signal.CallId = ByteString.CopyFrom(Dnna.Random.Bytes(16));
        said.Signal.State.Clock = 99;
        Give(Cnna, Sign(Dnna, said));
        Assert.Equal(2, _all.World.Media.LegsOf(Cnna).Count());
        Assert.DoesNotContain(Cnna.OnlyCall().Legs, leg => leg.IdentityKey == Key(Dnna));
    }

    [Fact]
    public void She_carries_for_those_whom_she_called_and_nobody_else()
    {
        var genuine = Said(Bnna, Cnna);
        Assert.Equal(1, CarriedOf(Bnna, genuine));
        foreach (var (from, to) in new[] { (Bnna, Dnna), (Bnna, Bnna), (Cnna, Bnna), (Dnna, Cnna) })
        {
            var said = genuine.Clone();
            (said.From, said.To) = (Key(from), Key(to));
            Assert.Equal(0, CarriedOf(Bnna, said));
        }

        var elsewhere = genuine.Clone();
        elsewhere.Group = elsewhere.Signal.State.Group = ByteString.CopyFrom(new byte[16]);
        Assert.Equal(0, CarriedOf(Bnna, elsewhere));
        Cnna.HangUp(_call);
        _all.World.Pass(1_000);
        Assert.Equal(0, CarriedOf(Bnna, genuine));
    }

    [Fact]
    public void She_carries_no_flood()
    {
        var genuine = Said(Bnna, Cnna);
        var carried = 0;
        for (var i = 0; i < 300; i++)
            carried += CarriedOf(Bnna, genuine);
        Assert.InRange(carried, 1, ForwardDesk.Burst);
        _all.World.Pass(10_000);
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Bnna).Stage);
    }

    [Fact]
    public void Whom_she_invents_is_somebody_whom_she_brought_in()
    {
        // She vouches for whoever she names: a made-up person is shown as hers, gets a relay's address, and is no contact.
        var invented = Identity("Zoe");
        var begun = Anna.Engine.Parts.Calls.Board.Calls.Single(call => call.With == Cnna.Id);
        _all.World.Act(Anna, (parts, step) => parts.Live.TrySend(step, parts.State.Contacts[Cnna.Id], new Content
        {
            Call = new CallSignal
            {
                CallId = begun.Id.ToByteString(), Revision = begun.Exchange.Revision + 50,
                State = With(begun.Exchange.Ours!, new CallPerson { IdentityKey = invented.PublicKey.ToByteString(), Name = "Zoe\u202e", Joined = true }),
            },
        }));
        _all.World.Pass(2_000);
        var leg = Cnna.OnlyCall().Legs.Single(leg => leg.IdentityKey == invented.PublicKey.ToByteString());
        Assert.Equal(("Zoe", "Anna", 0ul), (leg.Name, leg.BroughtInBy, leg.Leg));
        Assert.True(leg.ContactId.IsEmpty);
        Assert.Single(Cnna.Snapshot.Contacts);
        // And nobody is tried for ever.
        _all.World.Pass(400_000);
        Assert.InRange(Cnna.Store.State.Count(row => row.Key.StartsWith("call/", StringComparison.Ordinal)), 0, 8);
    }

    [Fact]
    public void Ever_new_people_are_not_followed_without_end()
    {
        var begun = Anna.Engine.Parts.Calls.Board.Calls.Single(call => call.With == Cnna.Id);
        for (var i = 0; i < 200; i++)
        {
            var state = begun.Exchange.Ours!.Clone();
            state.People.Clear();
            for (var j = 0; j < WireLimits.CallPeople; j++)
                state.People.Add(new CallPerson { IdentityKey = ByteString.CopyFrom(Anna.Random.Bytes(32)), Name = "x", Joined = true });
            var revision = begun.Exchange.Revision + 100 + (ulong)i;
            _all.World.Act(Anna, (parts, step) => parts.Live.TrySend(step, parts.State.Contacts[Cnna.Id], new Content
            {
                Call = new CallSignal { CallId = begun.Id.ToByteString(), Revision = revision, State = state },
            }));
        }

        _all.World.Pass(1_000);
        Assert.InRange(Cnna.OnlyCall().Legs.Count, 1, (2 * WireLimits.CallPeople) + 1);
        Assert.InRange(Cnna.Engine.Parts.Calls.Board.Calls.Count, 1, WireLimits.CallPeople + 2);
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Bnna).Stage);
    }

    [Fact]
    public void A_direct_way_and_an_address_are_given_to_no_stranger_who_asks_for_them()
    {
        var genuine = Next(Bnna, Cnna);
        genuine.Signal.State.Way = CallWay.DirectOnly;
        Cnna.Effects.Clear();
        Say(Anna, Cnna, Sign(Bnna, genuine));
        _all.World.Pass(2_000);
        Assert.DoesNotContain(Cnna.Effects, effect => effect is PeerEffect.RestartLeg { RelayOnly: false } or PeerEffect.OpenLeg { RelayOnly: false });
        // Two ways that exclude each other: the pair is over, the call is not.
        Assert.Equal(LegStage.Connected, Gathering.Leg(Cnna, Anna).Stage);
    }

    private static CallState With(CallState state, CallPerson person)
    {
        var changed = state.Clone();
        changed.People.Add(person);
        return changed;
    }

    private static IdentityPrivateKey Identity(string name) => IdentityPrivateKey.Generate(new Dapari.Testing.SeededRandom((ulong)name.Length));

    private static ByteString Key(Person person) => person.Snapshot.Self.IdentityKey;

    private static CallForwardStatement Read(CallForward forward) => CallForwardStatement.Parser.ParseFrom(forward.Statement);

    private static CallForward Sign(Person by, CallForwardStatement said) => CallForwards.Sign(by.Engine.Parts.State.Device!, said);

    private static string Calls(Person person) => string.Join('\n', person.Engine.Parts.Calls.Board.Calls.OrderBy(call => call.Id)
        .Select(call => $"{call.Id} {call.Phase} {call.Ending} {call.Exchange.TheirRevision} {call.Leg.Id} {call.Leg.Epoch} {call.Leg.Steps.Taken} {call.Exchange.TheyHaveSeen}"));

    /// <summary>One who carries, or says that she does, says this to another.</summary>
    private void Give(Person to, CallForward forward) => Say(Anna, to, forward);

    private void Say(Person from, Person to, CallForward forward) =>
        _all.World.Act(from, (parts, step) => Assert.True(parts.Live.TrySend(step, parts.State.Contacts[to.Id], new Content { CallForward = forward.Clone() })));

    /// <summary>Every way to change what another signed.</summary>
    private static IEnumerable<CallForward> Altered(CallForward genuine)
    {
        var said = Read(genuine);
        foreach (var change in new Action<CallForwardStatement>[]
        {
            one => one.Signal.Revision += 1_000,
            one => one.Signal.State.Phase = CallPhase.Ended,
            one => one.Signal.Steps.Add(new CallStep { Number = 1, Signal = new Signal { OfferSdp = FakeMedia.Sdp("Mallory") } }),
            one => one.Signal.CallId = ByteString.CopyFrom(new byte[16]),
            one => (one.From, one.To) = (one.To, one.From),
            one => one.Signal.Seen += 7,
        })
        {
            var changed = said.Clone();
            changed.Signal.State.Leg ??= new CallLeg { Epoch = 1, Id = 9 };
            change(changed);
            var forward = genuine.Clone();
            forward.Statement = changed.ToByteString();
            yield return forward;
        }

        var signature = genuine.Clone();
        signature.Signature = ByteString.CopyFrom([.. genuine.Signature.Select(value => (byte)(value ^ 1))]);
        yield return signature;
        var device = genuine.Clone();
        device.Device.Statement = ByteString.CopyFrom([.. genuine.Device.Statement.Select(value => (byte)(value ^ 1))]);
        yield return device;
    }

    private static Call Between(Person from, Person to) => from.Engine.Parts.Calls.Board.Calls.Single(call => call is { Fellow: true, IsEnded: false } && call.With == to.Id);

    /// <summary>What one said last to another, as it was carried.</summary>
    private static CallForwardStatement Said(Person from, Person to)
    {
        var call = Between(from, to);
        return new CallForwardStatement
        {
            Group = call.Group!.Value.ToByteString(), From = Key(from), To = Key(to),
            Signal = new CallSignal { CallId = call.Id.ToByteString(), Revision = call.Exchange.Revision, Seen = call.Exchange.TheirRevision, State = call.Exchange.Ours!.Clone() },
        };
    }

    /// <summary>What one might say next.</summary>
    private static CallForwardStatement Next(Person from, Person to)
    {
        var said = Said(from, to);
        said.Signal.Revision += 1_000;
        return said;
    }

    /// <summary>What one said first.</summary>
    private static CallForwardStatement Ring(Person from, Person to)
    {
        var said = Said(from, to);
        said.Signal = new CallSignal
        {
            CallId = said.Signal.CallId, Revision = 1,
            State = new CallState { Phase = CallPhase.Ring, Caller = true, Clock = said.Signal.State.Clock, Fellow = true, Group = said.Group, Way = CallWay.ServerOnly },
        };
        return said;
    }

    /// <summary>How often Anna carries what somebody gives her.</summary>
    private int CarriedOf(Person from, CallForwardStatement said)
    {
        var before = Anna.Effects.OfType<PeerEffect.SendToServer>().Count();
        Say(from, Anna, Sign(from, said));
        return Anna.Effects.OfType<PeerEffect.SendToServer>().Count() - before;
    }
}
