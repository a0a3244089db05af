using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>The ratchet key of the next answer may be made before there is anything to answer.</summary>
public sealed class TurnAheadTests
{
    private readonly SeededRandom _random = new(11);

    [Fact]
    public void A_turn_made_ahead_is_made_once_and_survives_saving()
    {
        var (alice, bob) = Party.Pair(5);
        for (var i = 0; i < 200; i++)
        {
            Pass(alice, bob);
            Assert.True(bob.PrepareToSeal(_random));
            Assert.False(bob.PrepareToSeal(_random));
            Assert.True(Session.TryLoad(bob.Save(), out var loaded));
            bob = loaded;

            // What was under way meanwhile still opens, and does not undo the turn.
            if (i % 2 == 0)
                Pass(alice, bob);
            var key = bob.Save().Durable.LocalPublic;
            var header = Pass(bob, alice);
            Assert.Equal(key, header.RatchetKey);
            Assert.Equal(0u, header.Number);
        }
    }

    [Fact]
    public void Without_anything_opened_there_is_no_turn_to_make()
    {
        var (alice, bob) = Party.Pair(6);
        Assert.True(Pass(alice, bob).Number == 0);
        Assert.False(alice.PrepareToSeal(_random));
    }

    private RatchetHeader Pass(Session from, Session to)
    {
        var id = EnvelopeId.Random(_random);
        var envelope = from.Seal(Lane.Durable, id, id.ToArray(), _random);
        Assert.Equal(OpenFault.None, to.TryOpen(envelope, id, out var plaintext));
        Assert.Equal(id.ToArray(), plaintext);
        return envelope.Header;
    }
}
