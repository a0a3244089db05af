using Dapari.Crypto;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Testing;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>
/// A contact with a working session says anything: the input is a content's bytes, sealed as it should be, on both lanes. Nothing of it may throw, touch
/// anybody else, or keep the next honest message from being shown.
/// </summary>
internal static class ContactTarget
{
    private const string Server = "https://example.org";

    private static readonly Moment Now = new(100_000, 1_800_000_000_000);
    private static readonly Lazy<(IReadOnlyList<StateRow> Rows, Crypto.State.SessionState Session, MailboxAddress Address, ByteString Contact)> Made = new(Acquaint);

    public static Target Target { get; } = new("contact-content", Samples.Contents, Run);

    private static string Run(byte[] input)
    {
        if (input.Length > WireLimits.ContentBytes)
            return "too long to seal";
        var (rows, state, address, contact) = Made.Value;
        Require(Session.TryLoad(state, out var session), "the session loads");
        var random = new SeededRandom(9);
        var victim = new Peer(PeerEngine.Load(rows, random, true, Now, callsSupported: true), new MemoryPeerStore());
        victim.Handle(new PeerInput.Start());
        victim.Handle(new PeerInput.ServerConnected(Server));
        victim.Handle(new PeerInput.ServerSent(Server, FrameCodec.Write(new ServerFrame
        {
            Request = 1,
            Welcome = new Welcome { Version = 1, Challenge = ByteString.CopyFrom(new byte[32]), Limits = new Limits { EnvelopeBytes = WireLimits.EnvelopeBytes, MailboxesPerConnection = 100 } },
        })));
        ulong sequence = 0;
        var outcome = Say(Lane.Durable, input) + "/" + Say(Lane.Durable, input) + "/" + Say(Lane.Live, input);
        // What rings is answered, so that what belongs into a call is heard in one.
        foreach (var call in victim.Engine.Snapshot.Calls.Where(call => call.Stage == CallStage.Ringing).ToList())
        {
            victim.Handle(new PeerInput.Said(9, new Command { AnswerCall = new AnswerCall { CallId = call.CallId, Way = Policy.Automatic } }));
            outcome += "/" + Say(Lane.Live, input);
        }

        var id = MessageId.Random(random).ToByteString();
        var honest = new Content { Chat = new ChatMessage { MessageId = id, Clock = 3, Text = "honest" } };
        Say(Lane.Durable, Padding.Pad(honest));
        Require(victim.Messages.Any(message => message.Id == id && message is { Text: "honest", Outgoing: false }), "the next honest message is shown");
        Require(victim.Messages.All(message => message.ContactId == contact), "a contact writes in its own conversation only");
        return outcome;

        string Say(Lane lane, byte[] content)
        {
            Require(WrapKey.TryRead(address.WrapKey.Span, out var wrap), "the wrap key reads");
            var envelope = EnvelopeId.Random(random);
            var bytes = ByteString.CopyFrom(EnvelopeSeal.Wrap(wrap!, envelope, session!.Seal(lane, envelope, content, random)));
            return victim.Handle(new PeerInput.ServerSent(Server, FrameCodec.Write(lane == Lane.Live
                ? new ServerFrame { LiveDeliver = new LiveDeliver { MailboxId = address.MailboxId, Envelope = bytes } }
                : new ServerFrame { Deliver = new Deliver { MailboxId = address.MailboxId, Sequence = ++sequence, Envelope = bytes } })));
        }
    }

    /// <summary>Two people become contacts through a server; what is left is the victim's rows and the other's session.</summary>
    private static (IReadOnlyList<StateRow> Rows, Crypto.State.SessionState Session, MailboxAddress Address, ByteString Contact) Acquaint()
    {
        var server = new ModelServer(Server, () => Now.WallMs);
        var victim = new Peer(PeerEngine.Load([], new SeededRandom(41), true, Now), new MemoryPeerStore(), server, 1);
        var mallory = new Peer(PeerEngine.Load([], new SeededRandom(42), true, Now), new MemoryPeerStore(), server, 2);
        foreach (var (peer, name) in new[] { (victim, "Alice"), (mallory, "Mallory") })
        {
            peer.Handle(new PeerInput.Start());
            peer.Handle(new PeerInput.Said(1, new Command { CreateIdentity = new CreateIdentity { Name = name, HomeServer = Server } }));
            Settle();
        }

        victim.Handle(new PeerInput.Said(2, new Command { MakeInvite = new MakeInvite { Reusable = true } }));
        Settle();
        var link = victim.Results[2].Invite.Link;
        mallory.Handle(new PeerInput.Said(2, new Command { OpenInvite = new OpenInvite { Link = link } }));
        Settle();
        var contact = victim.Engine.Parts.State.Contacts.Values.Single();
        victim.Handle(new PeerInput.Said(3, new Command { AnswerRequest = new AnswerRequest { ContactId = contact.Record.Id, Answer = RequestAnswer.Accept } }));
        Settle();
        var back = mallory.Engine.Parts.State.Contacts.Values.Single();
        Require(contact.IsAccepted && back.IsAccepted, "the two are contacts");
        return (victim.Store.State, mallory.Engine.Parts.Seals.Sealing(back)!.Session.Save(), contact.Box!.ToAddress(), contact.Record.Id);

        void Settle()
        {
            while (server.Outgoing.TryDequeue(out var said))
                (said.Connection == 1 ? victim : mallory).Handle(new PeerInput.ServerSent(Server, said.Frame));
        }
    }

    /// <summary>An engine and a store; effects on a server happen at once, if there is one.</summary>
    private sealed class Peer(PeerEngine engine, MemoryPeerStore store, ModelServer? server = null, int connection = 0)
    {
        public PeerEngine Engine { get; } = engine;

        public MemoryPeerStore Store { get; } = store;

        public Dictionary<long, CommandResult> Results { get; } = [];

        public List<MessageRecord> Messages { get; } = [];

        /// <summary>One input and all that follows at once; says which effects there were.</summary>
        public string Handle(PeerInput first)
        {
            var kinds = new SortedSet<string>(StringComparer.Ordinal);
            var inputs = new Queue<PeerInput>([first, new PeerInput.Drained()]);
            for (var handled = 0; inputs.TryDequeue(out var input); handled++)
            {
                Require(handled < 1_000, "an input has an end");
                var step = Engine.Handle(input, Now);
                Require(Store.Commit(step.Batch) == StoreFault.None, "the store keeps it");
                Messages.AddRange(step.Batch.Messages);
                foreach (var effect in step.Effects)
                {
                    kinds.Add(effect.GetType().Name);
                    switch (effect)
                    {
                        case PeerEffect.ConnectServer when server is not null:
                            server.Connect(connection);
                            inputs.Enqueue(new PeerInput.ServerConnected(Server));
                            break;
                        case PeerEffect.SendToServer send:
                            server?.Receive(connection, send.Frame);
                            break;
                        case PeerEffect.FindMessage find:
                            inputs.Enqueue(new PeerInput.Found(find.Envelope, Store.FindMessage(find.Message)));
                            break;
                        case PeerEffect.FindByEnvelope find:
                            inputs.Enqueue(new PeerInput.Found(find.Envelope, Store.FindByEnvelope(find.Envelope)));
                            break;
                        case PeerEffect.Completed completed:
                            Results[completed.Token] = completed.Result;
                            break;
                    }
                }
            }

            return string.Join('+', kinds);
        }
    }
}
