using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Kind = Dapari.Wire.V1.ClientFrame.KindOneofCase;

namespace Dapari.Peer.Tests;

public sealed class PathTests
{
    private static (World World, Person Alice, Person Bob) WithPath()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        world.Pass(3_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        Assert.Equal(PathState.Open, bob.See(alice).Path.State);
        return (world, alice, bob);
    }

    [Fact]
    public void New_contacts_find_a_path_and_messages_take_it()
    {
        var (world, alice, bob) = WithPath();
        var posts = world.Server.Said[Kind.Post];
        alice.Write(bob, "direct");
        var sent = alice.Message(bob, "direct");
        Assert.Equal(MessageState.Delivered, sent.State);
        Assert.Equal(Route.Direct, sent.Route.Route);
        Assert.Equal(Reason.DirectPathOpen, sent.Route.Reason);
        Assert.Equal(Network.Same, sent.Route.Network);
        Assert.Equal(4u, sent.Route.RoundTripMs);
        Assert.Equal(sent.Route, bob.Message(alice, "direct").Route);
        Assert.Equal(posts, world.Server.Said[Kind.Post]);
    }

    [Fact]
    public void The_farther_network_of_the_two_ends_counts()
    {
        var (_, alice, bob) = WithPath();
        var path = bob.Effects.OfType<PeerEffect.OpenPath>().Last().Path;
        bob.Inputs.Enqueue(new PeerInput.PathFactsChanged(path, new(Network.Internet, 20)));
        alice.Write(bob, "x");
        Assert.Equal(Network.Internet, alice.See(bob).Path.Network);
        Assert.Equal(Network.Internet, bob.See(alice).Path.Network);
        Assert.Equal(Network.Internet, alice.Message(bob, "x").Route.Network);
    }

    [Fact]
    public void A_path_that_swallows_is_left_within_a_second_and_taken_again_when_it_answers()
    {
        var (world, alice, bob) = WithPath();
        world.PathsSilent = true;
        alice.Write(bob, "perso?");
        Assert.Equal(MessageState.Queued, alice.Message(bob, "perso?").State);
        world.Pass(1_000);
        var sent = alice.Message(bob, "perso?");
        Assert.Equal(MessageState.Delivered, sent.State);
        Assert.Equal(Route.Mailbox, sent.Route.Route);
        Assert.Equal(Reason.DirectPathLost, sent.Route.Reason);
        Assert.Equal(sent.Route, bob.Message(alice, "perso?").Route);
        Assert.Equal(PathState.Suspect, alice.See(bob).Path.State);

        world.PathsSilent = false;
        world.Pass(3_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        alice.Write(bob, "di nuovo");
        Assert.Equal(Route.Direct, alice.Message(bob, "di nuovo").Route.Route);
    }

    [Fact]
    public void A_closed_path_is_left_at_once_and_another_found()
    {
        var (world, alice, bob) = WithPath();
        world.PathsBlocked = true;
        world.BreakPaths();
        alice.Write(bob, "per posta");
        Assert.Equal(Route.Mailbox, bob.Message(alice, "per posta").Route.Route);
        world.PathsBlocked = false;
        world.Pass(40_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        alice.Write(bob, "diretto");
        Assert.Equal(Route.Direct, bob.Message(alice, "diretto").Route.Route);
    }

    [Fact]
    public void Networks_that_forbid_a_path_are_told_after_two_attempts()
    {
        var world = new World { PathsBlocked = true };
        var (alice, bob) = world.Acquainted(paths: true);
        world.Pass(60_000);
        Assert.Equal(Reason.NoPath, alice.See(bob).Path.NextReason);
        alice.Write(bob, "x");
        Assert.Equal(Reason.NoPath, bob.Message(alice, "x").Route.Reason);
    }

    [Fact]
    public void When_the_server_dies_two_with_a_path_go_on_talking()
    {
        var (world, alice, bob) = WithPath();
        world.StopServer();
        alice.Write(bob, "ancora qui");
        bob.Write(alice, "anch'io");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "ancora qui").State);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "anch'io").State);
        Assert.Equal(ServerState.Offline, alice.Snapshot.Servers.Single().State);
    }

    [Fact]
    public void Server_only_lets_not_one_candidate_leave()
    {
        var world = new World();
        var alice = world.Join("Alice", paths: true);
        var bob = world.Join("Bob", paths: true);
        alice.SetPolicy(null, Policy.ServerOnly);
        World.Acquaint(alice, bob);
        alice.Write(bob, "x");
        bob.Write(alice, "y");
        world.Pass(120_000);
        Assert.Equal(0, world.Signals);
        Assert.Equal(0, world.PathMessages);
        Assert.Empty(alice.Effects.OfType<PeerEffect.OpenPath>());
        Assert.Empty(bob.Effects.OfType<PeerEffect.OpenPath>());
        Assert.Equal(Reason.YouChoseServer, alice.Message(bob, "x").Route.Reason);
        Assert.Equal(Reason.TheyChoseServer, bob.Message(alice, "y").Route.Reason);
    }

    [Fact]
    public void Turning_to_server_only_closes_the_path_at_both_ends()
    {
        var (world, alice, bob) = WithPath();
        bob.SetPolicy(alice, Policy.ServerOnly);
        world.Pass(60_000);
        Assert.Equal(PathState.Closed, alice.See(bob).Path.State);
        Assert.Equal(PathState.Closed, bob.See(alice).Path.State);
        Assert.True(alice.See(bob).TheyHideAddress);
        alice.Write(bob, "x");
        Assert.Equal(Reason.TheyChoseServer, bob.Message(alice, "x").Route.Reason);
        bob.SetPolicy(alice, Policy.Automatic);
        world.Pass(60_000);
        Assert.Equal(PathState.Open, bob.See(alice).Path.State);
    }

    [Fact]
    public void Direct_only_posts_nothing_and_waits_for_a_path()
    {
        var world = new World { PathsBlocked = true };
        var (alice, bob) = world.Acquainted(paths: true);
        alice.SetPolicy(bob, Policy.DirectOnly);
        bob.SetPolicy(alice, Policy.DirectOnly);
        world.Pass(1_000);
        var posts = world.Server.Said[Kind.Post];
        alice.Write(bob, "solo diretto");
        world.Pass(120_000);
        Assert.Equal(MessageState.Queued, alice.Message(bob, "solo diretto").State);
        Assert.Equal(Reason.YouChoseDirect, alice.See(bob).Path.NextReason);
        world.PathsBlocked = false;
        world.Pass(120_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "solo diretto").State);
        Assert.Equal(Route.Direct, bob.Message(alice, "solo diretto").Route.Route);
        Assert.Equal(Reason.YouChoseDirect, bob.Message(alice, "solo diretto").Route.Reason);
        bob.Do(new Command { MarkRead = new MarkRead { ContactId = alice.Id.ToByteString(), ThroughClock = 1_000 } });
        Assert.Equal(MessageState.Read, alice.See(bob).LastMessage.State);
        Assert.Equal(posts, world.Server.Said[Kind.Post]);
    }

    [Fact]
    public void Direct_only_across_a_silent_path_and_a_crash_arrives_once()
    {
        var (world, alice, bob) = WithPath();
        alice.SetPolicy(bob, Policy.DirectOnly);
        world.PathsSilent = true;
        alice.Write(bob, "uno");
        world.Pass(700);
        bob.Restart();
        world.PathsSilent = false;
        world.Pass(90_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "uno").State);
        Assert.Single(bob.Messages(alice));
    }

    [Fact]
    public void Presence_goes_with_the_other()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "x");
        world.Pass(1_000);
        Assert.True(alice.See(bob).Path.PeerPresent);
        bob.Stop();
        alice.Write(bob, "y");
        Assert.False(alice.See(bob).Path.PeerPresent);
        Assert.Equal(Reason.PeerOffline, alice.See(bob).Path.NextReason);
        bob.Restart();
        world.Pass(40_000);
        Assert.True(alice.See(bob).Path.PeerPresent);
    }

    [Fact]
    public void Typing_is_shown_a_while_and_only_where_both_like_it()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        world.Pass(1_000);
        var typing = new Command { SetTyping = new SetTyping { ContactId = bob.Id.ToByteString(), Active = true } };
        alice.Do(typing);
        Assert.True(bob.See(alice).Typing);
        world.Pass(7_000);
        Assert.False(bob.See(alice).Typing);
        alice.Do(typing);
        alice.Write(bob, "ecco");
        Assert.False(bob.See(alice).Typing);
        alice.Do(new Command { SetProfile = new SetProfile { Name = "Alice", SendTyping = false } });
        alice.Do(typing);
        Assert.False(bob.See(alice).Typing);
    }

    [Fact]
    public void An_idle_conversation_gives_its_path_back()
    {
        var (world, alice, bob) = WithPath();
        world.Pass(10 * 60_000);
        Assert.Equal(PathState.Closed, alice.See(bob).Path.State);
        alice.Write(bob, "svegliati");
        world.Pass(2_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
    }

    /// <summary>The other's mailbox was not there yet, or no more, when a live sign came; nothing waited, so nothing else tried again.</summary>
    [Fact]
    public void A_mailbox_that_was_unknown_once_is_tried_again_by_live_signs_alone()
    {
        const string other = "https://other.example";
        var world = new World(World.Home, other);
        var alice = world.Join("Alice", paths: true);
        var bob = world.Join("Bob", paths: true, home: other);
        World.Acquaint(bob, alice);
        world.Pass(20 * 60_000);
        Assert.NotEqual(PathState.Open, alice.See(bob).Path.State);

        // Bob's server comes back with an empty disk, and Bob is not there to make his mailbox again.
        bob.Stop();
        world.Servers[other].Lose();
        alice.Do(new Command { SetActiveConversation = new SetActiveConversation { ContactId = bob.Id.ToByteString() } });
        world.Pass(1_000);
        Assert.Empty(alice.Engine.Parts.State.Contacts.Values.Single().Queue.All);
        Assert.True(alice.Engine.Parts.State.Contacts.Values.Single().Queue.DoorGone);

        bob.Restart();
        bob.SetPolicy(alice, Policy.DirectOnly);
        bob.Write(alice, "solo per via diretta");
        world.Pass(10 * 60_000);
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "solo per via diretta").State);
    }

    [Fact]
    public void No_attempt_begins_while_its_signals_cannot_leave()
    {
        const string other = "https://other.example";
        var world = new World(World.Home, other) { PathsBlocked = true };
        var alice = world.Join("Alice", paths: true);
        var bob = world.Join("Bob", paths: true, home: other);
        World.Acquaint(bob, alice);
        world.Pass(5_000);
        var offerer = alice.Effects.OfType<PeerEffect.OpenPath>().First().Offerer ? alice : bob;
        var reader = offerer == alice ? bob : alice;
        offerer.Engine.Parts.State.Contacts.Values.Single().Queue.DoorGone = true;
        offerer.Do(new Command { SetActiveConversation = new SetActiveConversation { ContactId = reader.Id.ToByteString() } });
        var begun = offerer.Effects.OfType<PeerEffect.OpenPath>().Count();
        world.Pass(120_000);
        Assert.Equal(begun, offerer.Effects.OfType<PeerEffect.OpenPath>().Count());
    }
}
