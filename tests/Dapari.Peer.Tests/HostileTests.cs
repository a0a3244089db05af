using Dapari.Crypto;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests;

/// <summary>Contacts, strangers and servers that do what none should.</summary>
public sealed class HostileTests
{
    private readonly World _world = new();

    private void Send(Person from, Person to, Content content) =>
        _world.Act(from, (parts, step) => parts.Outbox.SendSetUp(step, parts.State.Contacts[to.Id], content));

    private static Content Chat(Person from, ulong clock, string text, ByteString? id = null) => new()
    {
        Chat = new ChatMessage { MessageId = id ?? ByteString.CopyFrom(from.Random.Bytes(16)), Clock = clock, Text = text, ComposedAtMs = ulong.MaxValue },
    };

    [Fact]
    public void A_clock_from_the_future_neither_orders_nor_dates()
    {
        var (alice, mallory) = _world.Acquainted();
        Send(mallory, alice, Chat(mallory, ulong.MaxValue, "fine dei tempi"));
        Send(mallory, alice, Chat(mallory, 1UL << 40, "quasi"));
        alice.Write(mallory, "dopo");
        var messages = alice.Messages(mallory);
        Assert.Equal(["quasi", "dopo"], messages.Select(message => message.Text));
        Assert.True(messages.All(message => message.Clock < 100));
        Assert.True(messages.All(message => message.ShownAtMs < 2_000_000_000_000));
    }

    [Fact]
    public void Contents_out_of_bounds_change_nothing()
    {
        var (alice, mallory) = _world.Acquainted();
        Send(mallory, alice, Chat(mallory, 0, "senza orologio"));
        Send(mallory, alice, Chat(mallory, 9, " "));
        Send(mallory, alice, Chat(mallory, 9, "id corto", ByteString.CopyFromUtf8("x")));
        var many = new Receipts();
        for (var i = 0; i < 300; i++)
            many.Delivered.Add(new Delivered { MessageId = ByteString.CopyFrom(mallory.Random.Bytes(16)), Record = new RouteRecord { Route = Route.Direct } });
        Send(mallory, alice, new Content { Receipts = many });
        Assert.Empty(alice.Messages(mallory));
        Assert.Equal(0, _world.Server.StoredEnvelopes);
    }

    [Fact]
    public void Receipts_for_what_was_never_sent_are_not_believed()
    {
        var (alice, mallory) = _world.Acquainted();
        var bob = _world.Join("Carol");
        World.Acquaint(alice, bob);
        bob.Stop();
        var id = ByteString.CopyFrom(alice.Random.Bytes(16));
        alice.Write(bob, "per Carol", id);
        Send(mallory, alice, new Content
        {
            Receipts = new Receipts
            {
                Delivered = { new Delivered { MessageId = id, Record = new RouteRecord { Route = Route.Direct } } }, ReadThroughClock = ulong.MaxValue,
            },
        });
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "per Carol").State);
        Assert.Equal(0UL, alice.See(bob).TheyReadThrough);
        Assert.True(alice.See(mallory).TheyReadThrough < 100);
    }

    [Fact]
    public void Nobody_writes_over_a_message_that_is_not_theirs()
    {
        var (alice, mallory) = _world.Acquainted();
        var id = ByteString.CopyFrom(alice.Random.Bytes(16));
        alice.Write(mallory, "l'ho detto io", id);
        foreach (var clock in new ulong[] { 1, 2, 3, 50 })
            Send(mallory, alice, Chat(mallory, clock, "l'hai detto tu", id));
        alice.Restart();
        Send(mallory, alice, Chat(mallory, 60, "l'hai detto tu", id));
        Assert.Equal("l'ho detto io", alice.Messages(mallory).Single().Text);
        Assert.True(alice.Messages(mallory).Single().Outgoing);
    }

    [Fact]
    public void The_same_message_in_a_second_envelope_is_shown_once_and_its_record_stays()
    {
        var (alice, mallory) = _world.Acquainted();
        var id = ByteString.CopyFrom(mallory.Random.Bytes(16));
        Send(mallory, alice, Chat(mallory, 5, "uno", id));
        var before = alice.Message(mallory, "uno");
        alice.Restart();
        Send(mallory, alice, Chat(mallory, 5, "uno", id));
        Assert.Equal(before, alice.Message(mallory, "uno"));
        Assert.Equal(1u, alice.See(mallory).Unread);
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("inbox/", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_not_accepted_says_nothing_but_the_request()
    {
        var alice = _world.Join("Alice");
        var mallory = _world.Join("Mallory");
        World.Ask(alice, mallory);
        Send(mallory, alice, Chat(mallory, 1, "ciao bella"));
        Send(mallory, alice, new Content { Profile = new ProfileUpdate { Name = "La Banca" } });
        Assert.Empty(alice.Store.Messages(mallory.Id));
        Assert.Equal("Mallory", alice.See(mallory).Name);
        Assert.Equal(ContactState.Asking, alice.See(mallory).State);
    }

    [Fact]
    public void A_request_without_the_invites_proof_is_dropped()
    {
        var alice = _world.Join("Alice");
        var mallory = _world.Join("Mallory");
        alice.Stop();
        var invite = Invite(alice);
        mallory.Do(new Command { OpenInvite = new OpenInvite { Link = invite } });
        // The request lies at the server; in its place goes one with another proof.
        _world.Act(mallory, (parts, step) =>
        {
            var contact = parts.State.Contacts[alice.Id];
            parts.Outbox.SendSetUp(step, contact, new Content
            {
                ContactRequest = new ContactRequest
                {
                    Name = "M", InviteId = contact.Record.InviteId, InviteProof = ByteString.CopyFrom(new byte[32]),
                    ReplyTo = contact.Box!.ToAddress(),
                    Prekeys = new PrekeyAddress { Server = World.Home, StoreId = parts.State.Self!.PrekeyStoreId },
                },
            });
        });
        _world.Server.DropStored(0);
        alice.Restart();
        Assert.Empty(alice.Snapshot.Contacts);
        Assert.Equal(0, _world.Server.StoredEnvelopes);
    }

    [Fact]
    public void A_request_said_again_asks_once()
    {
        var alice = _world.Join("Alice");
        var mallory = _world.Join("Mallory");
        var link = alice.Do(new Command { MakeInvite = new MakeInvite { Reusable = true } }).Invite.Link;
        alice.Stop();
        mallory.Do(new Command { OpenInvite = new OpenInvite { Link = link } });
        var request = _world.Server.Stored.Single();
        alice.Restart();
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = mallory.Id.ToByteString(), Answer = RequestAnswer.Refuse } });
        Assert.Empty(alice.Snapshot.Contacts);
        _world.Server.PutStored(request);
        alice.Restart();
        Assert.Empty(alice.Snapshot.Contacts);
    }

    [Fact]
    public void A_forged_certificate_begins_nothing()
    {
        var alice = _world.Join("Alice");
        var mallory = _world.Join("Mallory");
        _world.Act(mallory, (parts, _) => parts.State.Device!.Certificate.Signature = ByteString.CopyFrom(new byte[64]));
        Assert.Equal(CertificateFault.BadSignature, DeviceCertificates.TryVerify(mallory.Engine.Parts.State.Device!.Certificate, out _));
        var invite = mallory.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        Assert.Equal(CommandRefusal.UnknownInvite, alice.Do(new Command { OpenInvite = new OpenInvite { Link = invite } }).Refusal);
        Assert.Empty(alice.Snapshot.Contacts);
    }

    [Fact]
    public void Envelopes_of_noise_are_taken_from_the_server_and_change_nothing()
    {
        var (alice, mallory) = _world.Acquainted();
        var before = alice.Store.State.Count;
        for (var length = 1; length < 2_000; length += 97)
            _world.Server.PutStored(mallory.Random.Bytes(length));
        alice.Restart();
        mallory.Restart();
        Assert.Equal(0, _world.Server.StoredEnvelopes);
        Assert.Equal(before, alice.Store.State.Count);
        mallory.Write(alice, "tutto bene?");
        Assert.Single(alice.Messages(mallory));
    }

    [Fact]
    public void A_kind_from_a_newer_version_is_kept_for_later()
    {
        var (alice, mallory) = _world.Acquainted();
        var newer = Content.Parser.ParseFrom([0xF2, 0x03, 0x03, 1, 2, 3]);
        Assert.Equal(Content.KindOneofCase.None, newer.KindCase);
        Send(mallory, alice, newer);
        var kept = alice.Store.Messages(mallory.Id).Single(message => message.Kind == MessageKind.Unknown);
        Assert.NotEmpty(kept.Content);
    }

    private static string Invite(Person maker)
    {
        maker.Restart();
        var link = maker.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        maker.Stop();
        return link;
    }
}
