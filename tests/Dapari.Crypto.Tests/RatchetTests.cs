using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class RatchetTests
{
    private readonly SeededRandom _random = new(7);
    private Session _alice;
    private Session _bob;

    public RatchetTests() => (_alice, _bob) = Party.Pair(3);

    [Theory]
    [InlineData(Lane.Durable)]
    [InlineData(Lane.Live)]
    public void In_order(Lane lane)
    {
        for (var i = 0; i < 50; i++)
            Opens(_bob, Seal(_alice, lane, i), i);
    }

    [Fact]
    public void Out_of_order_across_turns()
    {
        var sent = new List<(Letter Letter, int Number)>();
        for (var turn = 0; turn < 5; turn++)
        {
            for (var i = 0; i < 4; i++)
                sent.Add((Seal(_alice, Lane.Durable, sent.Count), sent.Count));
            Opens(_bob, sent[^1].Letter, sent[^1].Number);
            Opens(_alice, Seal(_bob, Lane.Durable, 1), 1);
        }

        // The last of each turn opened above; the others come backwards.
        for (var i = sent.Count - 1; i >= 0; i--)
        {
            if (i % 4 != 3)
                Opens(_bob, sent[i].Letter, sent[i].Number);
        }

        Assert.Empty(_bob.Save().Durable.Skipped);
    }

    [Fact]
    public void A_repeated_envelope_is_told_from_a_forged_one()
    {
        var first = Seal(_alice, Lane.Durable, 1);
        Opens(_bob, first, 1);
        Fails(_bob, first, OpenFault.OpenedBefore);

        // Also when its chain has closed since.
        for (var turn = 0; turn < 5; turn++)
        {
            Opens(_alice, Seal(_bob, Lane.Durable, 2), 2);
            Opens(_bob, Seal(_alice, Lane.Durable, 3), 3);
        }

        Fails(_bob, first, OpenFault.OpenedBefore);
        var beyond = first.Envelope.Clone();
        beyond.Header.Number = 1;
        Fails(_bob, first with { Envelope = beyond }, OpenFault.ChainClosed);
        var foreign = first.Envelope.Clone();
        foreign.Header.RatchetKey = ByteString.CopyFrom(Curve.PublicOf(Curve.GeneratePrivate(_random)));
        Fails(_bob, first with { Envelope = foreign }, OpenFault.Forged);
    }

    [Fact]
    public void A_skipped_key_opens_once()
    {
        var first = Seal(_alice, Lane.Durable, 1);
        Opens(_bob, Seal(_alice, Lane.Durable, 2), 2);
        Opens(_bob, first, 1);
        Fails(_bob, first, OpenFault.OpenedBefore);
    }

    [Fact]
    public void A_step_skips_a_thousand_and_no_more()
    {
        var (alice, bob) = Party.Pair(4);
        var within = Skipping(alice, 1000);
        Opens(bob, within, 9);
        Assert.Equal(1000, bob.Save().Durable.Skipped.Count);
        var beyond = Skipping(alice, 1001);
        Fails(bob, beyond, OpenFault.TooFarAhead);
    }

    [Fact]
    public void A_turn_counts_what_the_closing_chain_lacks()
    {
        foreach (var (lost, expected) in new[] { (1000, OpenFault.None), (1001, OpenFault.TooFarAhead) })
        {
            var (alice, bob) = Party.Pair(5);
            Opens(bob, Seal(alice, Lane.Durable, 0), 0);
            for (var i = 0; i < lost; i++)
                Seal(alice, Lane.Durable, i);
            Opens(alice, Seal(bob, Lane.Durable, 1), 1);
            var next = Seal(alice, Lane.Durable, 2);
            Assert.Equal(expected, bob.TryOpen(next.Envelope, next.Id, out _));
        }
    }

    [Fact]
    public void Two_thousand_skipped_keys_are_kept_and_the_oldest_dropped()
    {
        var (alice, bob) = Party.Pair(6);
        var letters = new List<Letter>();
        for (var i = 0; i < 3003; i++)
            letters.Add(Seal(alice, Lane.Durable, i));
        Opens(bob, letters[1000], 1000);
        Opens(bob, letters[2001], 2001);
        Assert.Equal(2000, bob.Save().Durable.Skipped.Count);
        Opens(bob, letters[3002], 3002);
        Assert.Equal(2000, bob.Save().Durable.Skipped.Count);
        Fails(bob, letters[0], OpenFault.OpenedBefore);
        Fails(bob, letters[999], OpenFault.OpenedBefore);
        Opens(bob, letters[1001], 1001);
        Opens(bob, letters[3001], 3001);
        Assert.True(Session.TryLoad(bob.Save(), out bob));
        Opens(bob!, letters[2500], 2500);
        Assert.Equal(1997, bob!.Save().Durable.Skipped.Count);
    }

    [Fact]
    public void The_live_lane_outlives_any_loss()
    {
        Opens(_bob, Seal(_alice, Lane.Live, 1), 1);
        for (var i = 0; i < 5000; i++)
            Seal(_alice, Lane.Live, i);
        Fails(_bob, Seal(_alice, Lane.Live, 2), OpenFault.TooFarAhead);
        Opens(_alice, Seal(_bob, Lane.Live, 3), 3);
        Opens(_bob, Seal(_alice, Lane.Live, 4), 4);
        Assert.True(_bob.Save().Live.Skipped.Count <= 64);
    }

    [Fact]
    public void The_live_lane_keeps_the_newest_keys_only()
    {
        var letters = Enumerable.Range(0, 101).Select(i => Seal(_alice, Lane.Live, i)).ToList();
        Opens(_bob, letters[100], 100);
        Assert.Equal(64, _bob.Save().Live.Skipped.Count);
        Opens(_bob, letters[36], 36);
        Fails(_bob, letters[35], OpenFault.OpenedBefore);
    }

    [Fact]
    public void Lanes_are_independent()
    {
        var before = _bob.Save().Durable;
        for (var i = 0; i < 30; i++)
        {
            Seal(_alice, Lane.Live, i);
            Opens(_bob, Seal(_alice, Lane.Live, i), i);
            Opens(_alice, Seal(_bob, Lane.Live, i), i);
        }

        Assert.Equal(before, _bob.Save().Durable);
        Opens(_bob, Seal(_alice, Lane.Durable, 1), 1);
    }

    [Theory]
    [InlineData(Lane.Durable)]
    [InlineData(Lane.Live)]
    public void The_responder_may_speak_first_on_a_lane(Lane lane)
    {
        var letters = Enumerable.Range(0, 3).Select(i => Seal(_bob, lane, i)).ToList();
        var crossing = Seal(_alice, lane, 10);
        Opens(_alice, letters[2], 2);
        Opens(_alice, letters[0], 0);
        Opens(_bob, crossing, 10);
        Opens(_alice, Seal(_bob, lane, 11), 11);
        Opens(_alice, letters[1], 1);
        Fails(_alice, letters[1], OpenFault.OpenedBefore);
        Opens(_bob, Seal(_alice, lane, 12), 12);
    }

    [Fact]
    public void Both_may_seal_at_once_for_long()
    {
        for (var round = 0; round < 200; round++)
        {
            var fromAlice = Enumerable.Range(0, 3).Select(i => Seal(_alice, Lane.Durable, i)).ToList();
            var fromBob = Enumerable.Range(0, 2).Select(i => Seal(_bob, Lane.Durable, i)).ToList();
            for (var i = 2; i >= 0; i--)
                Opens(_bob, fromAlice[i], i);
            for (var i = 1; i >= 0; i--)
                Opens(_alice, fromBob[i], i);
        }
    }

    [Fact]
    public void Ping_pong_of_thousands_with_saving_and_loading_at_each_step()
    {
        for (var i = 0; i < 2000; i++)
        {
            var letter = Seal(_alice, Lane.Durable, i);
            (_alice, _bob) = (Reloaded(_alice), Reloaded(_bob));
            Opens(_bob, letter, i);
            (_alice, _bob) = (_bob, _alice);
        }

        Assert.True(_alice.Save().CalculateSize() < 8000);
    }

    [Fact]
    public void No_ratchet_key_and_number_is_used_twice_and_each_turn_has_a_new_key()
    {
        var places = new HashSet<(ByteString, uint)>();
        var keys = new HashSet<ByteString>();
        for (var i = 0; i < 100; i++)
        {
            var letter = Seal(_alice, Lane.Durable, i);
            Assert.True(places.Add((letter.Envelope.Header.RatchetKey, letter.Envelope.Header.Number)));
            Opens(_bob, letter, i);
            if (i % 3 == 0)
            {
                Assert.True(keys.Add(letter.Envelope.Header.RatchetKey));
                var answer = Seal(_bob, Lane.Durable, i);
                Assert.True(keys.Add(answer.Envelope.Header.RatchetKey) || i == 0);
                Opens(_alice, answer, i);
            }
        }
    }

    [Fact]
    public void Clones_change_on_their_own()
    {
        var letter = Seal(_alice, Lane.Durable, 1);
        var clone = _bob.Clone();
        var before = _bob.Save();
        Opens(clone, letter, 1);
        clone.Seal(Lane.Durable, EnvelopeId.Random(_random), [1], _random);
        clone.Dispose();
        Assert.Equal(before, _bob.Save());
        Opens(_bob, letter, 1);
    }

    [Fact]
    public void What_is_spliced_is_refused_and_changes_nothing()
    {
        var (otherAlice, otherBob) = Party.Pair(99);
        var letter = Seal(_alice, Lane.Durable, 1);

        Fails(otherBob, letter, OpenFault.UnknownSession);
        var renamed = letter.Envelope.Clone();
        renamed.SessionId = otherBob.Id.ToByteString();
        Fails(otherBob, letter with { Envelope = renamed }, OpenFault.Forged);

        var otherLane = letter.Envelope.Clone();
        otherLane.Lane = Lane.Live;
        Fails(_bob, letter with { Envelope = otherLane }, OpenFault.Forged);

        // Sent back to who sealed it.
        Fails(_alice, letter, OpenFault.Forged);

        var otherEnvelope = letter with { Id = EnvelopeId.Random(_random) };
        Fails(_bob, otherEnvelope, OpenFault.Forged);

        var header = letter.Envelope.Clone();
        header.Header.PreviousCount++;
        Fails(_bob, letter with { Envelope = header }, OpenFault.Forged);

        var body = letter.Envelope.Clone();
        body.Ciphertext = Seal(_alice, Lane.Durable, 2).Envelope.Ciphertext;
        Fails(_bob, letter with { Envelope = body }, OpenFault.Forged);

        Opens(_bob, letter, 1);
        GC.KeepAlive(otherAlice);
    }

    [Fact]
    public void A_ratchet_key_of_small_order_is_refused()
    {
        var letter = Seal(_alice, Lane.Durable, 1);
        letter.Envelope.Header.RatchetKey = ByteString.CopyFrom(new byte[32]);
        Fails(_bob, letter, OpenFault.AllZeroSecret);
        letter.Envelope.Header.RatchetKey = ByteString.CopyFrom([1, .. new byte[31]]);
        Fails(_bob, letter, OpenFault.AllZeroSecret);
    }

    [Fact]
    public void Malformed_envelopes_are_refused()
    {
        var letter = Seal(_alice, Lane.Durable, 1);
        foreach (var change in new Action<SealedEnvelope>[]
        {
            envelope => envelope.Header = null,
            envelope => envelope.Header.RatchetKey = ByteString.CopyFrom(new byte[31]),
            envelope => envelope.Ciphertext = ByteString.CopyFrom(new byte[15]),
            envelope => envelope.Lane = Lane.Unspecified,
            envelope => envelope.Lane = (Lane)9,
            envelope => envelope.SessionId = ByteString.Empty,
            envelope => envelope.Handshake.EphemeralKey = ByteString.Empty,
        })
        {
            var changed = letter.Envelope.Clone();
            change(changed);
            Fails(_bob, letter with { Envelope = changed }, OpenFault.Malformed);
        }

        var extreme = letter.Envelope.Clone();
        extreme.Header.Number = uint.MaxValue;
        extreme.Header.PreviousCount = uint.MaxValue;
        Fails(_bob, letter with { Envelope = extreme }, OpenFault.TooFarAhead);
        Opens(_bob, letter, 1);
        extreme.Header.RatchetKey = letter.Envelope.Header.RatchetKey;
        Fails(_bob, letter with { Envelope = extreme }, OpenFault.TooFarAhead);
    }

    [Fact]
    public void Damaged_or_newer_state_is_not_loaded()
    {
        Assert.False(Session.TryLoad(new State.SessionState(), out _));
        foreach (var change in new Action<State.SessionState>[]
        {
            state => state.Version = 2,
            state => state.SessionId = ByteString.CopyFrom([1]),
            state => state.LocalDeviceId = ByteString.Empty,
            state => state.AssociatedData = ByteString.Empty,
            state => state.PendingHandshake = ByteString.CopyFrom([1, 2, 3]),
            state => state.Durable = null,
            state => state.Live.RootKey = ByteString.Empty,
            state => state.Durable.RemotePublic = ByteString.CopyFrom(new byte[5]),
            state => state.Durable.ReceivingChain = ByteString.Empty,
            state => state.Durable.SendingChain = ByteString.CopyFrom(new byte[32]),
            state => state.Durable.ClosedChains.Add(ByteString.CopyFrom(new byte[32])),
            state => state.Durable.Skipped.Add(new State.SkippedKey()),
            state => state.Live.Skipped.Add(Enumerable.Repeat(
                new State.SkippedKey { RatchetKey = ByteString.CopyFrom(new byte[32]), MessageKey = ByteString.CopyFrom(new byte[32]) }, 65)),
        })
        {
            var state = _alice.Save();
            Assert.True(Session.TryLoad(state, out _));
            change(state);
            Assert.False(Session.TryLoad(state, out _));
        }
    }

    [Fact]
    public void A_content_at_the_cap_fits_an_envelope_with_its_handshake_and_one_byte_more_is_a_bug()
    {
        using var key = WrapKey.Generate(_random);
        var id = EnvelopeId.Random(_random);
        var letter = _alice.Seal(Lane.Durable, id, new byte[WireLimits.ContentBytes], _random);
        Assert.NotNull(letter.Handshake);
        Assert.True(EnvelopeSeal.Wrap(key, id, letter).Length <= WireLimits.EnvelopeBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => _alice.Seal(Lane.Durable, id, new byte[WireLimits.ContentBytes + 1], _random));
    }

    private static void Opens(Session session, Letter letter, int number)
    {
        Assert.Equal(OpenFault.None, session.TryOpen(letter.Envelope, letter.Id, out var plaintext));
        Assert.Equal(BitConverter.GetBytes(number), plaintext);
    }

    private static void Fails(Session session, Letter letter, OpenFault fault)
    {
        var before = session.Save().ToByteArray();
        Assert.Equal(fault, session.TryOpen(letter.Envelope, letter.Id, out var plaintext));
        Assert.Null(plaintext);
        Assert.Equal(before, session.Save().ToByteArray());
    }

    private static Session Reloaded(Session session)
    {
        var bytes = session.Save().ToByteArray();
        Assert.True(Session.TryLoad(State.SessionState.Parser.ParseFrom(bytes), out var loaded));
        Assert.Equal(bytes, loaded.Save().ToByteArray());
        return loaded;
    }

    private Letter Seal(Session session, Lane lane, int number)
    {
        var id = EnvelopeId.Random(_random);
        return new Letter(session.Seal(lane, id, BitConverter.GetBytes(number), _random), id);
    }

    private Letter Skipping(Session session, int count)
    {
        for (var i = 0; i < count; i++)
            Seal(session, Lane.Durable, i);
        return Seal(session, Lane.Durable, 9);
    }

    private sealed record Letter(SealedEnvelope Envelope, EnvelopeId Id);
}
