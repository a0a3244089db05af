using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests;

public sealed class ConversationTests
{
    [Fact]
    public void Both_are_contacts_after_an_invite_opened_while_its_maker_was_away()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        alice.Stop();
        var bob = world.Join("Bob");
        var opened = bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } });
        Assert.Equal(CommandRefusal.Unspecified, opened.Refusal);
        Assert.Equal(ContactState.Asked, bob.Snapshot.Contacts.Single().State);
        Assert.Equal("Alice", bob.Snapshot.Contacts.Single().Name);

        alice.Restart();
        Assert.Equal(ContactState.Asking, alice.See(bob).State);
        Assert.Equal("Bob", alice.See(bob).Name);
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = bob.Id.ToByteString(), Answer = RequestAnswer.Accept } });

        Assert.Equal(ContactState.Accepted, alice.See(bob).State);
        Assert.Equal(ContactState.Accepted, bob.See(alice).State);
    }

    [Fact]
    public void What_whoever_accepted_says_first_stands_below_the_line_that_they_are_in_contact()
    {
        var world = new World();
        var maker = world.Join("Maker");
        var smaller = 0;
        for (var i = 0; i < 8; i++)
        {
            var opener = world.Join(new string((char)('A' + i), i + 1));
            World.Acquaint(maker, opener);
            maker.Write(opener, "first");
            smaller += maker.Identity.CompareTo(opener.Identity) < 0 ? 1 : 0;
            foreach (var (one, other) in new[] { (maker, opener), (opener, maker) })
                Assert.Equal([MessageKind.EventConnected, MessageKind.Text], one.Store.Messages(other.Id).Select(message => message.Kind));
        }

        // Of two messages with one clock the smaller author's stands first.
        Assert.InRange(smaller, 1, 7);
    }

    [Fact]
    public void A_message_arrives_once_and_both_ends_keep_the_same_record_of_its_way()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "ciao");
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "ciao").State);
        Assert.Equal(Route.Mailbox, alice.Message(bob, "ciao").Route.Route);
        world.Pass(5_000);

        bob.Restart();

        var sent = alice.Message(bob, "ciao");
        var got = bob.Message(alice, "ciao");
        Assert.Equal(MessageState.Delivered, sent.State);
        Assert.Equal(MessageState.Received, got.State);
        Assert.Equal(sent.Route, got.Route);
        Assert.Equal(5_000UL, got.Route.LayMs);
        Assert.Equal(1u, bob.See(alice).Unread);
        Assert.Equal(0, world.Server.StoredEnvelopes);
        Assert.Single(bob.Changes, change => change.Arrived);
    }

    [Fact]
    public void A_reading_is_told_and_a_queue_goes_through_all_four_states()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        world.StopServer();
        alice.Write(bob, "uno");
        Assert.Equal(MessageState.Queued, alice.Message(bob, "uno").State);
        Assert.Equal(1u, alice.See(bob).Queued);
        bob.Stop();
        world.StartServer();
        world.Pass(60_000);
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "uno").State);
        Assert.Equal(0u, alice.See(bob).Queued);
        bob.Restart();
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "uno").State);
        bob.Do(new Command { MarkRead = new MarkRead { ContactId = alice.Id.ToByteString(), ThroughClock = bob.Message(alice, "uno").Clock } });
        Assert.Equal(MessageState.Read, alice.See(bob).LastMessage.State);
        Assert.True(alice.See(bob).TheyReadThrough >= alice.Message(bob, "uno").Clock);
        Assert.Equal(0u, bob.See(alice).Unread);
    }

    /// <summary>A line of Bob's own story has a later place than what Alice wrote, and Alice does not know of it.</summary>
    [Fact]
    public void What_was_read_reaches_no_further_than_what_they_wrote()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "uno");
        bob.Write(alice, "due");
        world.Server.RefusesAcknowledgements = true;
        alice.Stop();
        bob.Write(alice, "tre");
        bob.Write(alice, "quattro");
        bob.Do(new Command { MarkRead = new MarkRead { ContactId = alice.Id.ToByteString(), ThroughClock = ulong.MaxValue } });
        Assert.Equal(bob.Message(alice, "uno").Clock, bob.See(alice).ReadThrough);
        Assert.Equal(0u, bob.See(alice).Unread);

        // Written before "tre" and "quattro" were seen: not read, whatever its place.
        world.StopServer();
        alice.Restart();
        alice.Write(bob, "cinque");
        world.StartServer();
        world.Pass(60_000);
        Assert.True(bob.Message(alice, "cinque").Clock <= bob.Message(alice, "quattro").Clock);
        Assert.Equal(1u, bob.See(alice).Unread);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "cinque").State);
        Assert.True(alice.See(bob).TheyReadThrough < alice.Message(bob, "cinque").Clock);
    }
}
