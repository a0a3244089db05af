using CsCheck;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>
/// Random schedules of two parties with loss, repeats and reordering: what opens is what was sealed, in the right direction, once;
/// and a party that saves and loads at random goes on as if it had not.
/// </summary>
public sealed class ScheduleProperties
{
    private enum Act
    {
        SealByInitiator,
        SealByResponder,
        DeliverOldest,
        DeliverNewest,
        DeliverAny,
        Repeat,
        Lose,
        SaveAndLoad,
    }

    private static readonly Gen<(Act Act, int Choice, bool Live)[]> Schedules =
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 1000], Gen.Bool).Select(step => ((Act)step.Item1, step.Item2, step.Item3)).Array[0, 120];

    [Fact]
    public void What_opens_is_what_was_sealed_once() => Schedules.Sample(schedule => Run(schedule), iter: 600);

    private static void Run((Act Act, int Choice, bool Live)[] schedule)
    {
        var random = new SeededRandom(21);
        var (initiator, responder) = (Begin.Initiator.Clone(), Begin.Responder.Clone());
        var underway = new List<Letter>();
        var opened = new List<Letter>();
        var number = 0;
        foreach (var (act, choice, live) in schedule)
        {
            switch (act)
            {
                case Act.SealByInitiator or Act.SealByResponder:
                    var byInitiator = act == Act.SealByInitiator;
                    var id = EnvelopeId.Random(random);
                    var text = BitConverter.GetBytes(number++);
                    var envelope = (byInitiator ? initiator : responder).Seal(live ? Lane.Live : Lane.Durable, id, text, random);
                    underway.Add(new Letter(envelope, id, text, byInitiator));
                    break;
                case Act.Lose when underway.Count > 0:
                    underway.RemoveAt(choice % underway.Count);
                    break;
                case Act.Repeat when opened.Count > 0:
                    var again = opened[choice % opened.Count];
                    Assert.Equal(OpenFault.OpenedBefore, Receiver(again).TryOpen(again.Envelope, again.Id, out _));
                    break;
                case Act.SaveAndLoad:
                    Assert.True(Session.TryLoad(initiator.Save(), out var loaded));
                    initiator = loaded;
                    Assert.True(Session.TryLoad(responder.Save(), out loaded));
                    responder = loaded;
                    break;
                case Act.DeliverOldest or Act.DeliverNewest or Act.DeliverAny when underway.Count > 0:
                    var at = act == Act.DeliverOldest ? 0 : act == Act.DeliverNewest ? underway.Count - 1 : choice % underway.Count;
                    var letter = underway[at];
                    underway.RemoveAt(at);
                    Assert.Equal(OpenFault.None, Receiver(letter).TryOpen(letter.Envelope, letter.Id, out var plaintext));
                    Assert.Equal(letter.Text, plaintext);
                    opened.Add(letter);
                    break;
            }
        }

        foreach (var letter in underway)
        {
            Assert.Equal(OpenFault.None, Receiver(letter).TryOpen(letter.Envelope, letter.Id, out var plaintext));
            Assert.Equal(letter.Text, plaintext);
        }

        foreach (var letter in opened.Concat(underway))
            Assert.Equal(OpenFault.OpenedBefore, Receiver(letter).TryOpen(letter.Envelope, letter.Id, out _));

        Session Receiver(Letter letter) => letter.ByInitiator ? responder : initiator;
    }

    private static (Session Initiator, Session Responder) Begin { get; } = Party.Pair(20);

    private sealed record Letter(SealedEnvelope Envelope, EnvelopeId Id, byte[] Text, bool ByInitiator);
}
