using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests;

/// <summary>Faults that the simulation found and whose seeds play something else by now.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public void A_parked_message_that_is_shown_as_the_app_dies_is_receipted_when_it_comes_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "andata");
        world.StopServer();
        bob.Restart();
        // Both composed without the other's message: the clocks are equal, so what arrives might be known already, and is parked.
        bob.Write(alice, "ritorno");
        bob.HoldsFinds = true;
        world.StartServer();
        world.Pass(60_000);
        Assert.DoesNotContain(bob.Messages(alice), message => !message.Outgoing);
        Assert.Contains(bob.Store.State, row => row.Key.StartsWith("inbox/", StringComparison.Ordinal));

        // The store's answer shows it, in a commit; the app dies before anything else.
        bob.CrashAfterCommits = 0;
        bob.AnswerFinds();
        Assert.True(bob.IsDown);
        Assert.Single(bob.Messages(alice), message => !message.Outgoing);
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "andata").State);

        bob.Restart();
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "andata").State);
        Assert.Single(bob.Messages(alice), message => !message.Outgoing);
        Assert.Equal(0, world.Server.StoredEnvelopes);
    }

    [Fact]
    public void A_receipt_that_could_not_be_opened_and_is_not_kept_any_more_is_given_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "andata");
        world.Pass(5_000);
        bob.Effects.Clear();
        world.Act(alice, (parts, step) => parts.Outbox.SendSetUp(step, parts.State.Contacts[bob.Id], new Content
        {
            CannotOpen = new CannotOpen { EnvelopeIds = { Google.Protobuf.ByteString.CopyFrom(new byte[16]) } },
        }));
        world.Pass(5_000);
        Assert.Contains(bob.Effects.OfType<PeerEffect.SendToServer>(), sent => Dapari.Wire.FrameCodec.TryRead(sent.Frame, out ClientFrame? frame, out _) && frame.Post is not null);
    }

    [Fact]
    public void Two_restored_at_once_who_hold_each_others_outdated_prekeys_find_together_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "prima");
        Person[] both = [alice, bob];
        var backups = both.Select(person => person.Store.Copy()).ToList();
        alice.Write(bob, "perduta");
        bob.Write(alice, "perduta anche questa");
        foreach (var (person, backup) in both.Zip(backups))
        {
            person.Stop();
            backup.ReplaceState(PeerEngine.Restore(backup.State, person.Random));
            person.Store = backup;
        }

        // The new prekeys get to the server late: each begins with keys whose private halves the other has lost.
        world.Server.RefusesPrekeys = true;
        alice.Restart();
        bob.Restart();
        world.Pass(2_000);
        alice.Write(bob, "mi senti?");
        bob.Write(alice, "e tu?");
        world.Pass(5_000);
        Assert.DoesNotContain(bob.Messages(alice), message => message.Text == "mi senti?");
        Assert.DoesNotContain(alice.Messages(bob), message => message.Text == "e tu?");

        world.Server.RefusesPrekeys = false;
        world.Pass(5 * 60_000);
        Assert.Single(bob.Messages(alice), message => message.Text == "mi senti?");
        Assert.Single(alice.Messages(bob), message => message.Text == "e tu?");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "mi senti?").State);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "e tu?").State);
        Assert.Equal(0, world.Server.StoredEnvelopes);
    }

    /// <summary>Receipts came on a path only: the server knows nothing that the copy does not, and keys are used again (docs/threats.md).</summary>
    [Fact]
    public void An_old_copy_that_nobody_notices_is_heard_all_the_same()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        alice.Write(bob, "prima");
        world.Pass(5_000);
        var old = alice.Store.Copy();
        alice.Write(bob, "dopo");
        Assert.Equal(Route.Direct, alice.Message(bob, "dopo").Route.Route);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "dopo").State);
        alice.Stop();
        alice.Store = old;
        world.PathsBlocked = true;
        alice.Restart();
        alice.Write(bob, "da una copia");
        world.Pass(120_000);
        Assert.DoesNotContain(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        Assert.Single(bob.Messages(alice), message => message.Text == "da una copia");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "da una copia").State);
        bob.Write(alice, "ti sento");
        Assert.Single(alice.Messages(bob), message => message.Text == "ti sento");
    }

    /// <summary>Seed 30994.</summary>
    [Fact]
    public void Opening_an_invite_ends_when_its_contact_is_removed_meanwhile()
    {
        const string other = "https://other.example";
        var world = new World(World.Home, other);
        var alice = world.Join("Alice");
        var bob = world.Join("Bob", home: other);
        var link = bob.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        world.StopServer(other);
        var opening = alice.Say(new Command { OpenInvite = new OpenInvite { Link = link } });
        world.Settle();
        Assert.False(alice.IsCompleted(opening));
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = alice.Snapshot.Contacts.Single().Id } });
        Assert.Equal(CommandRefusal.UnknownContact, alice.Result(opening).Refusal);
        world.Pass(10_000);
        Assert.Empty(alice.Snapshot.Contacts);
    }

    /// <summary>Who is written to by paths only gets nothing but live signs, and the copy opens none of them: seeds 4883, 5618.</summary>
    [Fact]
    public void An_old_copy_that_opens_no_live_sign_finds_a_path_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        bob.SetPolicy(alice, Policy.DirectOnly);
        world.Pass(5_000);
        var old = alice.Store.Copy();
        for (var i = 0; i < 3; i++)
        {
            world.BreakPaths();
            world.Pass(20_000);
            Assert.Equal(PathState.Open, bob.See(alice).Path.State);
        }

        alice.Stop();
        alice.Store = old;
        alice.Restart();
        Assert.DoesNotContain(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        bob.Write(alice, "solo per via diretta");
        world.Pass(5 * 60_000);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "solo per via diretta").State);
        Assert.Single(alice.Messages(bob), message => message.Text == "solo per via diretta");
    }

    [Fact]
    public void What_a_silently_restored_copy_left_at_the_server_is_receipted_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "lettera");
        var old = alice.Store.Copy();
        bob.Restart();
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera").State);
        alice.Stop();
        alice.Store = old;
        alice.Restart();
        world.Pass(120_000);
        Assert.Contains(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera").State);
        Assert.Single(bob.Messages(alice), message => message.Text == "lettera");
    }

    /// <summary>Seed 132776: it was opened by nobody, for who asks anew has forgotten every session and listens to nothing but the answer.</summary>
    [Fact]
    public void What_reached_somebody_who_was_asking_anew_is_sealed_anew()
    {
        const string other = "https://other.example";
        var world = new World(World.Home, other);
        var alice = world.Join("Alice");
        var bob = world.Join("Bob", home: other);
        World.Acquaint(alice, bob);
        var link = alice.Do(new Command { MakeInvite = new MakeInvite() }).Invite.Link;
        bob.Stop();
        alice.Write(bob, "lettera");
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "lettera").State);
        alice.Stop();

        // Bob believes that Alice removed him, and opens her invite before he has read what lies for him.
        world.StopServer(other);
        bob.Restart();
        bob.Engine.Parts.State.Contacts.Values.Single().Queue.LastFoundGone = true;
        Assert.Equal(CommandRefusal.Unspecified, bob.Do(new Command { OpenInvite = new OpenInvite { Link = link } }).Refusal);
        world.StartServer(other);
        world.Pass(60_000);
        Assert.Equal(ContactState.Asked, bob.See(alice).State);
        Assert.Equal(0, world.Servers[other].StoredEnvelopes);

        alice.Restart();
        world.Pass(60_000);
        Assert.Equal(ContactState.Accepted, bob.See(alice).State);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera").State);
        Assert.Single(bob.Messages(alice));
    }

    /// <summary>Seed 111863.</summary>
    [Fact]
    public void What_another_server_threw_away_is_posted_again_also_when_that_one_is_out_of_reach_at_first()
    {
        const string other = "https://other.example";
        const long day = 24L * 60 * 60 * 1000;
        var world = new World(World.Home, other);
        var alice = world.Join("Alice");
        var bob = world.Join("Bob", home: other);
        World.Acquaint(bob, alice);
        bob.Stop();
        alice.Write(bob, "lettera");
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "lettera").State);
        alice.Stop();
        world.Pass(31 * day);
        world.StopServer(other);
        alice.Restart();
        world.Pass(10_000);
        world.StartServer(other);
        world.Pass(60_000);
        bob.Restart();
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera").State);
        Assert.Single(bob.Messages(alice));
    }

    [Fact]
    public void What_another_server_throws_away_is_posted_again_though_there_is_nothing_else_to_say_there()
    {
        const string other = "https://other.example";
        const long day = 24L * 60 * 60 * 1000;
        var world = new World(World.Home, other);
        var alice = world.Join("Alice");
        var bob = world.Join("Bob", home: other);
        World.Acquaint(bob, alice);
        bob.Stop();
        alice.Write(bob, "lettera");
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "lettera").State);
        alice.Stop();
        world.Pass(31 * day);
        alice.Restart();
        world.Pass(60_000);
        bob.Restart();
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera").State);
        Assert.Single(bob.Messages(alice));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(-40)]
    public void What_a_server_throws_away_is_posted_again_though_the_connection_lasted_and_the_clock_was_wrong(int daysFast)
    {
        const long day = 24L * 60 * 60 * 1000;
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.WallSkewMs = daysFast * day;
        alice.Write(bob, "lettera lunga");
        Assert.Equal(MessageState.OnServer, alice.Message(bob, "lettera lunga").State);
        alice.WallSkewMs = 0;
        world.Pass(31 * day);
        bob.Restart();
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera lunga").State);
        Assert.Single(bob.Messages(alice));
    }

    [Fact]
    public void An_old_copy_that_nobody_notices_is_heard_also_when_neither_opens_the_other()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        alice.Write(bob, "prima");
        world.Pass(5_000);
        var old = alice.Store.Copy();
        for (var i = 0; i < 3; i++)
        {
            alice.Write(bob, $"dopo {i}");
            bob.Write(alice, $"risposta {i}");
        }

        alice.Stop();
        alice.Store = old;
        world.PathsBlocked = true;
        alice.Restart();
        alice.Write(bob, "da una copia");
        bob.Write(alice, "non ti capisco");
        world.Pass(5 * 60_000);
        Assert.DoesNotContain(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        Assert.Single(bob.Messages(alice), message => message.Text == "da una copia");
        Assert.Single(alice.Messages(bob), message => message.Text == "non ti capisco");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "da una copia").State);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "non ti capisco").State);
    }

    /// <summary>Seed 50291: making the mailbox again is answered with Done, which says nothing of what was acknowledged.</summary>
    [Fact]
    public void An_old_copy_of_before_its_mailbox_was_made_notices_what_it_is()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Ask(alice, bob);
        world.StopServer();
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = bob.Id.ToByteString(), Answer = RequestAnswer.Accept } });
        var old = alice.Store.Copy();
        world.StartServer();
        world.Pass(60_000);
        alice.Write(bob, "prima");
        bob.Write(alice, "risposta");
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "risposta").State);

        alice.Stop();
        alice.Store = old;
        alice.Restart();
        world.Pass(60_000);
        Assert.Single(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        alice.Write(bob, "da una copia");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "da una copia").State);
    }
}
