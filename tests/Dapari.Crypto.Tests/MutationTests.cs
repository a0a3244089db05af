using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>A hundred thousand changed envelopes: nothing opens, and no byte of the session changes.</summary>
public sealed class MutationTests
{
    private const int Outer = 20_000;
    private const int InnerOfEach = 16_000;

    [Fact]
    public void Behind_the_outer_seal_nothing_gets()
    {
        var random = new SeededRandom(11);
        var (alice, bob) = Party.Pair(12);
        using var key = WrapKey.Generate(random);
        var id = EnvelopeId.Random(random);
        var bytes = EnvelopeSeal.Wrap(key, id, alice.Seal(Lane.Durable, id, new byte[128], random));
        var original = Envelope.Parser.ParseFrom(bytes);
        var before = bob.Save().ToByteArray();
        var tried = 0;
        for (var i = 0; i < Outer; i++)
        {
            if (!EnvelopeCodec.TryRead(Mutate(bytes, random), out var envelope, out _) || envelope.Equals(original))
                continue;
            tried++;
            Assert.False(EnvelopeSeal.TryUnwrap(key, envelope, out _), "mutation " + i);
        }

        Assert.True(tried > Outer / 2);
        Assert.Equal(before, bob.Save().ToByteArray());
    }

    /// <summary>As the other end, or whoever has the wrap key, may make them; at five states of the receiver.</summary>
    [Theory]
    [InlineData("first")]
    [InlineData("first, with last resort")]
    [InlineData("same chain")]
    [InlineData("new chain")]
    [InlineData("skipped")]
    public void Behind_the_ratchet_nothing_gets(string state)
    {
        var random = new SeededRandom(13);
        var alice = new Party(random);
        var bob = new Party(random);
        var lastResort = state.EndsWith("resort", StringComparison.Ordinal);
        var initiator = alice.Begin(bob.Bundle(!lastResort, !lastResort), bob, random);
        var responder = bob.Answer(initiator.PendingHandshake!);
        var skipped = Seal(initiator, random);
        if (state is "same chain" or "new chain" or "skipped")
            Open(responder, Seal(initiator, random));
        if (state == "new chain")
            Open(initiator, Seal(responder, random));
        var (envelope, id) = state == "skipped" ? skipped : Seal(initiator, random);

        var bytes = envelope.ToByteArray();
        var before = responder.Save().ToByteArray();
        for (var i = 0; i < InnerOfEach; i++)
        {
            var mutated = Mutate(bytes, random);
            if (!EnvelopeCodec.TryReadSealed(mutated, out var read, out _) || read.Equals(envelope))
                continue;
            Assert.NotEqual(OpenFault.None, responder.TryOpen(read, id, out var plaintext));
            Assert.Null(plaintext);
            if (!responder.Save().ToByteArray().AsSpan().SequenceEqual(before))
                Assert.Fail("mutation " + i + " changed the state");
        }

        Open(responder, (envelope, id));
    }

    private static (SealedEnvelope Envelope, EnvelopeId Id) Seal(Session session, SeededRandom random)
    {
        var id = EnvelopeId.Random(random);
        return (session.Seal(Lane.Durable, id, new byte[128], random), id);
    }

    private static void Open(Session session, (SealedEnvelope Envelope, EnvelopeId Id) letter) =>
        Assert.Equal(OpenFault.None, session.TryOpen(letter.Envelope, letter.Id, out _));

    private static byte[] Mutate(byte[] bytes, SeededRandom random)
    {
        var mutated = bytes.ToArray();
        switch (random.Next(20))
        {
            case 0:
                return mutated[..random.Next(bytes.Length)];
            case 1:
                Array.Reverse(mutated, random.Next(bytes.Length - 16), 16);
                return mutated;
            default:
                // Headers, lengths and ids are at the ends; ciphertexts fill the middle.
                var count = 1 + random.Next(3);
                for (var i = 0; i < count; i++)
                {
                    var at = random.Next(3) switch
                    {
                        0 => random.Next(Math.Min(64, bytes.Length)),
                        1 => bytes.Length - 1 - random.Next(Math.Min(220, bytes.Length)),
                        _ => random.Next(bytes.Length),
                    };
                    mutated[at] ^= (byte)(1 + random.Next(255));
                }

                return mutated;
        }
    }
}
