using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Scenarios;

/// <summary>
/// A contact with a working session who says what no honest one would, sealed as it should be. What it does may spoil its own conversations; everybody
/// else's, and the devices of those it writes to, must stand.
/// </summary>
internal static class Hostility
{
    public static void Act(World world, SimPeer mallory, SimRandom random)
    {
        if (!mallory.Running || mallory.View.Contacts.Count == 0)
            return;
        var victim = world.PeerOf(random.Pick(mallory.View.Contacts.Values.ToArray()).IdentityKey);
        if (victim is null || mallory.View.ContactOf(victim.Identity) is not { } record || !ContactId.TryRead(record.Id, out var id))
            return;
        world.Ledger.Disturb(mallory, victim);
        world.Ledger.Attacked(mallory, victim);
        world.Figures.Hostilities++;
        var kind = random.Below(9);
        world.Note(mallory.Name, $"is hostile to {victim.Name}, kind {kind}");
        mallory.Misbehave((parts, step) =>
        {
            if (!parts.State.Contacts.TryGetValue(id, out var contact) || !contact.HasSealingSession)
                return;
            foreach (var (content, live) in Contents(world, victim, parts, contact, random, kind))
            {
                if (live)
                    parts.Live.TrySend(step, contact, content);
                else
                    parts.Outbox.SendSetUp(step, contact, content);
            }
        });
    }

    private static IEnumerable<(Content Content, bool Live)> Contents(World world, SimPeer victim, Parts parts, Contact contact, SimRandom random, int kind)
    {
        var source = new SeededRandomSource(random);
        // Ids are random and travel sealed: nobody but its author knows one before it arrived, and hardly anybody but the two then.
        var texts = world.Ledger.Texts.Values.Where(text => (text.Sender == victim || text.Recipient == victim) && world.Ledger.EverArrived(text.Recipient, text.Id)).ToArray();
        ByteString AnyId() => texts.Length > 0 && random.Chance(0.8) ? random.Pick(texts).Id.ToByteString() : MessageId.Random(source).ToByteString();
        Content Chat(ByteString id, ulong clock, string text) => new()
        {
            Chat = new ChatMessage
            {
                MessageId = id, Clock = clock, Text = text, ComposedAtMs = random.PickAny(0UL, 1UL, ulong.MaxValue),
                IntendedRoute = (Route)random.Below(9), IntendedReason = (Reason)random.Below(40),
            },
        };
        switch (kind)
        {
            case 0: // Clocks from nowhere.
                foreach (var clock in new[] { 0UL, 1UL, 1UL << 19, 1UL << 21, 1UL << 62, ulong.MaxValue })
                    yield return (Chat(MessageId.Random(source).ToByteString(), clock, $"hostile {clock}"), false);
                break;
            case 1: // One id, many texts.
                var own = MessageId.Random(source).ToByteString();
                for (var i = 0; i < 6; i++)
                    yield return (Chat(own, contact.Record.Clock + (ulong)random.Below(4), $"hostile again {i}"), false);
                break;
            case 2: // Ids of other conversations.
                for (var i = 0; i < 6; i++)
                    yield return (Chat(AnyId(), contact.Record.Clock + (ulong)random.Below(8), "hostile theft"), false);
                break;
            case 3: // Receipts for what it never had.
                var receipts = new Receipts { ReadThroughClock = random.PickAny(0UL, 7UL, ulong.MaxValue) };
                for (var i = 0; i < 60; i++)
                    receipts.Delivered.Add(new Delivered { MessageId = AnyId(), Record = new RouteRecord { Route = (Route)random.Below(6), LayMs = ulong.MaxValue } });
                yield return (new Content { Receipts = receipts }, false);
                break;
            case 4: // Reports without end.
                for (var i = 0; i < 5; i++)
                {
                    var report = new CannotOpen();
                    for (var j = 0; j < 200; j++)
                    {
                        report.EnvelopeIds.Add(texts.Length > 0 && random.Pick(texts).Envelopes.FirstOrDefault() is var known && random.Chance(0.8)
                            ? known.ToByteString() : EnvelopeId.Random(source).ToByteString());
                    }

                    yield return (new Content { CannotOpen = report }, false);
                }

                break;
            case 5: // Too much, nothing, and what nobody knows.
                yield return (Chat(MessageId.Random(source).ToByteString(), contact.Record.Clock + 1, new string('x', 20_000)), false);
                yield return (Chat(MessageId.Random(source).ToByteString(), contact.Record.Clock + 1, ""), false);
                yield return (Content.Parser.ParseFrom([0xF2, 0x03, 0x03, 1, 2, 3]), false);
                yield return (new Content(), true);
                break;
            case 6: // Signs of life without end, and on the wrong lane.
                for (var i = 0; i < 40; i++)
                {
                    yield return (new Content { Presence = new Presence { AnswerWanted = true } }, true);
                    yield return (new Content { Typing = new Typing { Active = i % 2 == 0 } }, true);
                }

                yield return (new Content { Typing = new Typing { Active = true } }, false);
                yield return (new Content { Presence = new Presence { AnswerWanted = true } }, false);
                yield return (Chat(MessageId.Random(source).ToByteString(), contact.Record.Clock + 1, "hostile live"), true);
                break;
            case 7: // Signals for attempts that nobody began.
                for (var i = 0; i < 20; i++)
                {
                    var signal = new Signal { AttemptId = ByteString.CopyFrom(source.Bytes(random.PickAny(0, 8, 16))) };
                    if (random.Chance(0.5))
                        signal.OfferSdp = "v=0 \0 hostile";
                    else
                        signal.AnswerSdp = new string('a', 2_000);
                    yield return (new Content { Signal = signal }, true);
                }

                break;
            default: // What belongs to other moments of a contact's life.
                yield return (new Content { ContactDecline = new ContactDecline { InviteClosed = true } }, false);
                if (contact.Box is { } box && parts.State.Self is { } self)
                {
                    yield return (new Content
                    {
                        ContactAccept = new ContactAccept
                        {
                            Name = "\u202e\u0000hostile", ReplyTo = box.ToAddress(), Prekeys = new PrekeyAddress { Server = self.HomeServer, StoreId = self.PrekeyStoreId },
                        },
                    }, false);
                }

                yield return (new Content { Profile = new ProfileUpdate { Name = new string('\u202e', 60) } }, false);
                break;
        }
    }
}
