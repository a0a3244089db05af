using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests;

public sealed class ContactTests
{
    private static Command Answer(Person to, RequestAnswer answer) =>
        new() { AnswerRequest = new AnswerRequest { ContactId = to.Id.ToByteString(), Answer = answer } };

    [Fact]
    public void A_refused_request_leaves_nothing_with_its_maker_and_says_so_to_who_asked()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Ask(alice, bob);
        alice.Do(Answer(bob, RequestAnswer.Refuse));
        Assert.Empty(alice.Snapshot.Contacts);
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("contact/", StringComparison.Ordinal));
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("session/", StringComparison.Ordinal));
        Assert.Equal(ContactState.Declined, bob.See(alice).State);
        Assert.Equal(CommandRefusal.NotAccepted, bob.Write(alice, "ma").Refusal);
    }

    [Fact]
    public void A_blocked_request_is_answered_by_silence()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Ask(alice, bob);
        alice.Do(Answer(bob, RequestAnswer.Block));
        Assert.Equal(ContactState.Blocked, alice.See(bob).State);
        Assert.Equal(ContactState.Asked, bob.See(alice).State);
        Assert.Equal(CommandRefusal.Blocked, alice.Write(bob, "x").Refusal);
        Assert.Equal(CommandRefusal.Blocked, alice.Do(new Command
        {
            OpenInvite = new OpenInvite { Link = bob.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link },
        }).Refusal);
    }

    [Fact]
    public void Who_asked_each_other_are_contacts_at_once()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var ofAlice = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        var ofBob = bob.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        alice.Say(new Command { OpenInvite = new OpenInvite { Link = ofBob } });
        bob.Say(new Command { OpenInvite = new OpenInvite { Link = ofAlice } });
        world.Settle();
        Assert.Equal(ContactState.Accepted, alice.See(bob).State);
        Assert.Equal(ContactState.Accepted, bob.See(alice).State);
        alice.Write(bob, "uno");
        bob.Write(alice, "due");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "uno").State);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "due").State);
        Assert.Equal(["uno", "due"], alice.Messages(bob).Select(message => message.Text));
        Assert.Equal(["uno", "due"], bob.Messages(alice).Select(message => message.Text));
    }

    [Fact]
    public void A_message_before_the_answer_waits_for_it()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Ask(alice, bob);
        bob.Write(alice, "sono io");
        Assert.Equal(MessageState.Queued, bob.Message(alice, "sono io").State);
        Assert.Equal(Reason.NotAcceptedYet, bob.Message(alice, "sono io").Route.Reason);
        Assert.Empty(alice.Messages(bob));
        bob.Restart();
        alice.Do(Answer(bob, RequestAnswer.Accept));
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "sono io").State);
        Assert.Equal(Reason.NotAcceptedYet, alice.Message(bob, "sono io").Route.Reason);
        Assert.Equal(bob.Message(alice, "sono io").Route, alice.Message(bob, "sono io").Route);
    }

    [Fact]
    public void A_removed_contact_takes_everything_along()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "uno");
        var mailboxes = world.Server.MailboxCount;
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        Assert.Empty(alice.Snapshot.Contacts);
        Assert.Empty(alice.Store.Messages(bob.Id));
        Assert.DoesNotContain(alice.Store.State, row => row.Key.Contains('/', StringComparison.Ordinal) && !row.Key.StartsWith("invite", StringComparison.Ordinal));
        Assert.Equal(mailboxes - 1, world.Server.MailboxCount);
        bob.Write(alice, "due");
        Assert.Equal(MessageState.Queued, bob.Message(alice, "due").State);
        Assert.Equal(Reason.MailboxGone, bob.See(alice).Path.NextReason);
    }

    [Fact]
    public void What_was_owed_to_a_contact_goes_with_it()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "letto?");
        var id = alice.Id.ToByteString();
        bob.Say(new Command { MarkRead = new MarkRead { ContactId = id, ThroughClock = ulong.MaxValue } });
        bob.Say(new Command { RemoveContact = new RemoveContact { ContactId = id } });
        world.Settle();
        Assert.DoesNotContain(bob.Store.State, row => row.Key.StartsWith("outbox/", StringComparison.Ordinal) || row.Key.StartsWith("contact/", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_was_removed_and_is_invited_anew_goes_on_in_the_same_conversation()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "uno");
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        bob.Write(alice, "ci sei?");
        Assert.Equal(Reason.MailboxGone, bob.See(alice).Path.NextReason);
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        Assert.Equal(CommandRefusal.Unspecified, bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        Assert.Equal(ContactState.Asked, bob.See(alice).State);
        Assert.Equal(ContactState.Asking, alice.See(bob).State);
        alice.Do(Answer(bob, RequestAnswer.Accept));
        alice.Write(bob, "rieccoti");
        world.Pass(60_000);
        Assert.Equal(["ci sei?", "rieccoti"], alice.Messages(bob).Select(message => message.Text));
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "ci sei?").State);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "rieccoti").State);
        Assert.Equal(["uno", "ci sei?", "rieccoti"], bob.Messages(alice).Select(message => message.Text));
        Assert.Equal(0, world.Server.StoredEnvelopes);
    }

    /// <summary>Seed 10831: it was sealed for the mailbox that went with the former contact, and posted to the new one as it was.</summary>
    [Fact]
    public void What_lay_in_a_mailbox_that_was_given_up_is_sealed_anew_for_the_next()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Stop();
        bob.Write(alice, "lettera");
        Assert.Equal(MessageState.OnServer, bob.Message(alice, "lettera").State);
        world.StopServer();
        alice.Restart();
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        world.StartServer();
        world.Pass(60_000);
        Assert.Equal(0, world.Server.StoredEnvelopes);
        Assert.Equal(MessageState.OnServer, bob.Message(alice, "lettera").State);

        World.Ask(bob, alice);
        Assert.Equal(ContactState.Accepted, alice.See(bob).State);
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "lettera").State);
        Assert.Single(alice.Messages(bob));
        Assert.Equal(0, world.Server.StoredEnvelopes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_after_meeting_again_comes_last_and_is_unread_though_one_kept_the_conversation_and_the_other_did_not(bool removerAsks)
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        for (var i = 0; i < 5; i++)
            alice.Write(bob, $"prima {i}");
        bob.Do(new Command { MarkRead = new MarkRead { ContactId = alice.Id.ToByteString(), ThroughClock = ulong.MaxValue } });
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        if (removerAsks)
        {
            World.Ask(bob, alice);
        }
        else
        {
            bob.Do(new Command { SetTyping = new SetTyping { ContactId = alice.Id.ToByteString(), Active = true } });
            bob.Write(alice, "ci sei?");
            World.Ask(alice, bob);
            alice.Do(Answer(bob, RequestAnswer.Accept));
        }

        alice.Write(bob, "di nuovo");
        world.Pass(60_000);
        Assert.Equal("di nuovo", bob.Messages(alice)[^1].Text);
        Assert.Equal("di nuovo", alice.Messages(bob)[^1].Text);
        Assert.Equal(1u, bob.See(alice).Unread);
        Assert.True(alice.See(bob).TheyReadThrough < alice.Message(bob, "di nuovo").Clock);
    }

    [Fact]
    public void What_was_written_to_who_was_asked_goes_by_whichever_invite_is_accepted()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Ask(alice, bob);
        bob.Write(alice, "sono io");
        World.Ask(alice, bob);
        Assert.Equal(ContactState.Asked, bob.See(alice).State);
        alice.Do(Answer(bob, RequestAnswer.Accept));
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "sono io").State);
        Assert.Equal(["sono io"], alice.Messages(bob).Select(message => message.Text));
    }

    [Fact]
    public void A_one_time_invite_admits_one_and_is_gone_from_the_server()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var carol = world.Join("Carol");
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } });
        Assert.Equal(0, world.Server.InviteCount);
        Assert.Equal(1, world.Server.MailboxCount);
        Assert.Equal(CommandRefusal.UnknownInvite, carol.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        Assert.Empty(carol.Snapshot.Contacts);
        Assert.Equal(1u, alice.Snapshot.Invites.Single().Uses);
    }

    [Fact]
    public void A_reusable_invite_admits_many_until_it_is_revoked()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var invite = alice.Do(new Command { MakeInvite = new MakeInvite { Reusable = true } }).Invite;
        foreach (var name in new[] { "Bob", "Carol" })
            Assert.Equal(CommandRefusal.Unspecified, world.Join(name).Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } }).Refusal);
        Assert.Equal(2, alice.Snapshot.Contacts.Count);
        alice.Do(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } });
        Assert.Equal(CommandRefusal.UnknownInvite, world.Join("Dan").Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } }).Refusal);
        Assert.Empty(alice.Snapshot.Invites);
    }

    [Fact]
    public void A_revoked_invite_admits_nobody_though_the_request_was_on_its_way()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var invite = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite;
        alice.Stop();
        bob.Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } });
        world.StopServer();
        alice.Restart();
        alice.Do(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } });
        world.StartServer();
        world.Pass(60_000);
        Assert.Empty(alice.Snapshot.Contacts);
        Assert.Equal(0, world.Server.InviteCount);
    }

    [Fact]
    public void An_invite_ends_when_it_said_it_would()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var link = alice.Do(new Command { MakeInvite = new MakeInvite { Reusable = true, ExpiresInMs = 60_000 } }).Invite.Link;
        world.Pass(120_000);
        Assert.Equal(CommandRefusal.UnknownInvite, bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        Assert.Equal(0, world.Server.MailboxCount);
    }

    [Fact]
    public void An_invite_opened_without_a_server_is_used_when_it_is_back()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        world.StopServer();
        var token = bob.Say(new Command { OpenInvite = new OpenInvite { Link = link } });
        world.Pass(6_000);
        Assert.Equal(CommandRefusal.Unspecified, bob.Result(token).Refusal);
        Assert.Equal(ContactState.Inviting, bob.Snapshot.Contacts.Single().State);
        bob.Restart();
        world.StartServer();
        world.Pass(60_000);
        Assert.Equal(ContactState.Asked, bob.See(alice).State);
        Assert.Equal(ContactState.Asking, alice.See(bob).State);
    }

    [Theory]
    [InlineData("https://home.example/i#short")]
    [InlineData("ciao")]
    [InlineData("https://home.example/x#AAAAAAAAAAAAAAAAAAAAAA")]
    public void A_link_that_is_none_is_refused(string link)
    {
        var alice = new World().Join("Alice");
        Assert.Equal(CommandRefusal.BadLink, alice.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        Assert.Empty(alice.Snapshot.Contacts);
    }

    [Fact]
    public void Ones_own_invite_and_an_old_friends_are_told_apart()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        Assert.Equal(CommandRefusal.OwnInvite, alice.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        var again = bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } });
        Assert.Equal(CommandRefusal.AlreadyContact, again.Refusal);
        Assert.Equal(alice.Id.ToByteString(), again.ContactId);
        Assert.Single(bob.Snapshot.Contacts);
    }

    [Fact]
    public void Both_ends_see_the_same_safety_number()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var one = alice.Do(new Command { GetSafetyNumber = new GetSafetyNumber { ContactId = bob.Id.ToByteString() } });
        var other = bob.Do(new Command { GetSafetyNumber = new GetSafetyNumber { ContactId = alice.Id.ToByteString() } });
        Assert.Equal(60, one.SafetyNumber.Length);
        Assert.Equal(one.SafetyNumber, other.SafetyNumber);
        alice.Do(new Command { SetVerified = new SetVerified { ContactId = bob.Id.ToByteString(), Verified = true } });
        Assert.True(alice.See(bob).Verified);
    }

    [Fact]
    public void A_new_name_reaches_contacts_cleaned()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Do(new Command { SetProfile = new SetProfile { Name = "Ro\u202Eberto", SendReadReceipts = true, SendTyping = true } });
        Assert.Equal("Roberto", alice.See(bob).Name);
        alice.Do(new Command { SetGivenName = new SetGivenName { ContactId = bob.Id.ToByteString(), Name = "Bobby" } });
        Assert.Equal("Bobby", alice.See(bob).Name);
        Assert.Equal("Roberto", alice.See(bob).TheirName);
    }

    [Fact]
    public void Deleting_the_identity_empties_the_store_and_the_server()
    {
        var world = new World();
        var (alice, _) = world.Acquainted();
        alice.Do(new Command { MakeInvite = new MakeInvite() });
        Assert.Equal(3, world.Server.MailboxCount);
        alice.Do(new Command { DeleteIdentity = new DeleteIdentity() });
        Assert.True(alice.Wiped);
        Assert.Empty(alice.Store.State);
        Assert.Equal(1, world.Server.MailboxCount);
        Assert.Equal(0, world.Server.InviteCount);
    }

    [Fact]
    public void Unblocked_contacts_go_on_where_they_were()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        bob.Write(alice, "mi senti?");
        Assert.Empty(alice.Messages(bob));
        Assert.Equal(MessageState.OnServer, bob.Message(alice, "mi senti?").State);
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = false } });
        Assert.Equal(ContactState.Accepted, alice.See(bob).State);
        bob.Write(alice, "e ora?");
        Assert.Equal(["e ora?"], alice.Messages(bob).Select(message => message.Text));
    }

    [Fact]
    public void At_most_so_many_invites_are_open()
    {
        var alice = new World().Join("Alice");
        for (var made = 0; made < 64; made++)
            Assert.Equal(CommandRefusal.Unspecified, alice.Do(new Command { MakeInvite = new MakeInvite() }).Refusal);
        Assert.Equal(CommandRefusal.TooMany, alice.Do(new Command { MakeInvite = new MakeInvite() }).Refusal);
    }

    [Fact]
    public void Commands_that_make_no_sense_are_refused()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        Assert.Equal(CommandRefusal.Malformed, alice.Do(new Command()).Refusal);
        Assert.Equal(CommandRefusal.HasIdentity, alice.Do(new Command { CreateIdentity = new CreateIdentity { Name = "A", HomeServer = World.Home } }).Refusal);
        Assert.Equal(CommandRefusal.UnknownContact, alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = ByteString.CopyFromUtf8("?") } }).Refusal);
        Assert.Equal(CommandRefusal.Malformed, alice.Write(bob, "x", ByteString.CopyFromUtf8("short")).Refusal);
        Assert.Equal(CommandRefusal.Empty, alice.Write(bob, " ").Refusal);
        Assert.Equal(CommandRefusal.TooLong, alice.Write(bob, new string('x', 20_000)).Refusal);
    }
}
