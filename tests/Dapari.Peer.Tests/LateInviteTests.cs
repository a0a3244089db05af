using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests;

/// <summary>Whoever opens an invite that closed before their request came learns it; nobody else learns anything.</summary>
public sealed class LateInviteTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_two_who_open_a_one_time_invite_at_once_the_second_is_told(bool makerIsThere)
    {
        var world = new World();
        var alice = world.Join("Alice");
        Person[] openers = [world.Join("Bob"), world.Join("Carol")];
        var link = Invite(alice).Link;
        if (!makerIsThere)
            alice.Stop();
        foreach (var opener in openers)
            opener.Say(Open(link));
        world.Settle();
        if (!makerIsThere)
        {
            Assert.All(openers, opener => Assert.Equal((ContactState.Asked, false), Seen(opener, alice)));
            alice.Restart();
        }

        var first = openers.Single(alice.Knows);
        var second = openers.Single(opener => opener != first);
        Assert.Equal((ContactState.Asked, false), Seen(first, alice));
        Assert.Equal((ContactState.Declined, true), Seen(second, alice));
        Assert.Equal(CommandRefusal.NotAccepted, second.Write(alice, "ma").Refusal);
        // Nothing of the second stays with the maker, and the invite's mailbox is gone.
        Assert.Single(alice.Store.State, row => row.Key.StartsWith("contact/", StringComparison.Ordinal));
        Assert.Single(alice.Store.State, row => row.Key.StartsWith("session/", StringComparison.Ordinal));
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("outbox/", StringComparison.Ordinal) || row.Key.StartsWith("gone/", StringComparison.Ordinal));
        Assert.Equal(2, world.Server.MailboxCount);
        Assert.Equal(0, world.Server.StoredEnvelopes);
        second.Restart();
        Assert.Equal((ContactState.Declined, true), Seen(second, alice));

        // Another invite opens the door.
        Assert.Equal(CommandRefusal.Unspecified, second.Do(Open(Invite(alice).Link)).Refusal);
        Assert.Equal((ContactState.Asked, false), Seen(second, alice));
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = second.Id.ToByteString(), Answer = RequestAnswer.Accept } });
        Assert.Equal((ContactState.Accepted, false), Seen(second, alice));
    }

    [Fact]
    public void A_request_that_finds_the_invites_mailbox_gone_says_so()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var carol = world.Join("Carol");
        var link = Invite(alice).Link;
        // Carol's app dies with the request kept and not sent.
        carol.Say(Open(link));
        for (var commits = 0; !carol.Store.State.Any(row => row.Key.StartsWith("outbox/", StringComparison.Ordinal)); commits++)
        {
            Assert.True(commits < 20, "no request was made");
            carol.CrashAfterCommits = 0;
            world.Settle();
            Assert.True(carol.IsDown);
            if (!carol.Store.State.Any(row => row.Key.StartsWith("outbox/", StringComparison.Ordinal)))
                carol.Restart(commits + 1);
        }

        bob.Do(Open(link));
        Assert.True(alice.Knows(bob));
        carol.Restart();
        Assert.False(alice.Knows(carol));
        // Whether hers is the one that arrived nobody can tell her at first.
        Assert.Equal((ContactState.Asked, false), Seen(carol, alice));
        world.Pass(25 * 60 * 60 * 1000);
        Assert.Equal((ContactState.Asked, true), Seen(carol, alice));
    }

    [Fact]
    public void Who_dies_before_the_answer_to_a_request_that_arrived_waits_for_the_yes_and_gets_it()
    {
        var arrived = 0;
        // At every commit: among them is the one of the server's answer, when the maker has closed the invite already.
        for (var commits = 0; commits < 40; commits++)
        {
            var world = new World();
            var alice = world.Join("Alice");
            var bob = world.Join("Bob");
            var link = Invite(alice).Link;
            bob.CrashAfterCommits = commits;
            bob.Say(Open(link));
            world.Settle();
            if (!bob.IsDown)
                break;
            if (alice.Knows(bob))
                arrived++;
            bob.Restart();
            world.Pass(120_000);
            if (!alice.Knows(bob))
                continue; // Nothing had been kept, or asked for.
            Assert.Equal((ContactState.Asked, false), Seen(bob, alice));
            alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = bob.Id.ToByteString(), Answer = RequestAnswer.Accept } });
            world.Settle();
            Assert.Equal((ContactState.Accepted, false), Seen(bob, alice));
        }

        Assert.True(arrived > 0, "It never died in between.");
    }

    [Fact]
    public void Who_lacks_the_links_proof_is_told_nothing()
    {
        var (world, alice, mallory) = Late((person, parts, step, contact) => parts.Outbox.SendSetUp(step, contact, new Content
        {
            ContactRequest = new ContactRequest
            {
                Name = "M", InviteId = contact.Record.InviteId, InviteProof = ByteString.CopyFrom(new byte[32]), ReplyTo = contact.Box!.ToAddress(),
                Prekeys = new PrekeyAddress { Server = World.Home, StoreId = parts.State.Self!.PrekeyStoreId },
            },
        }));
        alice.Restart();
        world.Pass(120_000);
        Assert.False(alice.Knows(mallory));
        Assert.Equal((ContactState.Asked, false), Seen(mallory, alice));
    }

    [Fact]
    public void A_revoked_invite_answers_the_request_that_was_on_its_way()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var invite = Invite(alice, reusable: true);
        alice.Stop();
        bob.Do(Open(invite.Link));
        world.StopServer();
        alice.Restart();
        alice.Do(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } });
        world.StartServer();
        world.Pass(60_000);
        Assert.Empty(alice.Snapshot.Contacts);
        Assert.Empty(alice.Snapshot.Invites);
        Assert.Equal((ContactState.Declined, true), Seen(bob, alice));
        Assert.Equal(1, world.Server.MailboxCount);
    }

    [Fact]
    public void A_blocked_person_who_comes_too_late_hears_nothing()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var carol = world.Join("Carol");
        World.Ask(alice, carol);
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = carol.Id.ToByteString(), Answer = RequestAnswer.Block } });
        carol.Do(new Command { RemoveContact = new RemoveContact { ContactId = alice.Id.ToByteString() } });
        var link = Invite(alice).Link;
        alice.Stop();
        bob.Do(Open(link));
        carol.Do(Open(link));
        alice.Restart();
        world.Pass(60_000);
        Assert.Equal((ContactState.Asked, false), Seen(carol, alice));
    }

    [Fact]
    public void An_asker_at_another_server_never_makes_the_maker_connect_there()
    {
        const string other = "https://other.example";
        var world = new World(World.Home, other);
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var mallory = world.Join("Mallory", home: other);
        var link = Invite(alice).Link;
        alice.Stop();
        bob.Do(Open(link));
        mallory.Do(Open(link));
        alice.Restart();
        world.Pass(60_000);
        Assert.True(alice.Knows(bob));
        Assert.False(alice.Knows(mallory));
        Assert.DoesNotContain(alice.Effects, effect => effect is PeerEffect.ConnectServer { Origin: other });
        Assert.Equal(2, world.Servers.Values.Sum(server => server.MailboxCount));
    }

    [Fact]
    public void Who_goes_on_posting_does_not_keep_a_closed_invite_open()
    {
        var (world, alice, mallory) = Late((_, _, _, _) => { });
        world.Server.RefusesAcknowledgements = true;
        alice.Restart();
        Assert.Equal(3, world.Server.MailboxCount);
        world.Pass(5 * 60_000);
        Assert.Equal(2, world.Server.MailboxCount);
        Assert.False(alice.Knows(mallory));
    }

    /// <summary>Bob used the invite and Mallory's request, or what stands in its place, lies behind his; the maker is away.</summary>
    private static (World World, Person Alice, Person Mallory) Late(Action<Person, Parts, Step, Contacts.Contact> instead)
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var mallory = world.Join("Mallory");
        var link = Invite(alice).Link;
        alice.Stop();
        bob.Do(Open(link));
        mallory.Do(Open(link));
        Assert.Equal(2, world.Server.StoredEnvelopes);
        world.Act(mallory, (parts, step) => instead(mallory, parts, step, parts.State.Contacts[alice.Id]));
        if (world.Server.StoredEnvelopes > 2)
            world.Server.DropStored(1);
        return (world, alice, mallory);
    }

    private static InviteView Invite(Person maker, bool reusable = false) =>
        maker.Do(new Command { MakeInvite = new MakeInvite { Reusable = reusable } }).Invite;

    private static Command Open(string link) => new() { OpenInvite = new OpenInvite { Link = link } };

    private static (ContactState State, bool InviteGone) Seen(Person asker, Person maker) => (asker.See(maker).State, asker.See(maker).InviteGone);
}
