using System.Buffers.Binary;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Kind = Dapari.Wire.V1.ClientFrame.KindOneofCase;

namespace Dapari.Peer.Tests;

/// <summary>Contacts on one network.</summary>
public sealed class NearbyTests
{
    [Fact]
    public void With_no_server_at_all_messages_go_from_device_to_device_after_both_began_anew()
    {
        var (world, alice, bob) = Known();
        world.StopServer();
        alice.Restart();
        bob.Restart();
        alice.Write(bob, "di qua");
        world.Pass(5_000);
        Assert.Equal(MessageState.Queued, alice.Message(bob, "di qua").State);
        world.Together = true;
        world.Pass(5_000);
        var sent = alice.Message(bob, "di qua");
        Assert.Equal(MessageState.Delivered, sent.State);
        Assert.Equal(Route.Direct, sent.Route.Route);
        Assert.Equal(sent.Route, bob.Message(alice, "di qua").Route);
        bob.Write(alice, "di la");
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "di la").State);
    }

    [Fact]
    public void When_the_server_is_back_nothing_is_shown_twice_and_all_goes_on()
    {
        var (world, alice, bob) = Known();
        world.StopServer();
        alice.Restart();
        bob.Restart();
        world.Together = true;
        alice.Write(bob, "uno");
        world.Pass(5_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "uno").State);
        world.StartServer();
        world.Pass(60_000);
        world.Together = false;
        world.BreakPaths();
        world.PathsBlocked = true;
        bob.Write(alice, "due");
        world.Pass(5_000);
        Assert.Equal(Route.Mailbox, alice.Message(bob, "due").Route.Route);
        Assert.Single(bob.Messages(alice), message => message.Text == "uno");
    }

    [Fact]
    public void Signals_of_contacts_nearby_do_not_pass_the_server()
    {
        var (world, alice, bob) = Known();
        world.Together = true;
        world.Pass(10 * 60_000);
        world.BreakPaths();
        var said = world.Server.Said.GetValueOrDefault(Kind.Live);
        var nearby = world.NearbyMessages;
        alice.Write(bob, "x");
        world.Pass(5_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        Assert.True(world.NearbyMessages > nearby);
        Assert.Equal(said, world.Server.Said.GetValueOrDefault(Kind.Live));
    }

    [Fact]
    public void Who_hides_the_address_or_is_hidden_from_or_is_no_contact_is_not_looked_for()
    {
        var world = new World();
        var alice = world.Join("Alice", paths: true);
        var bob = world.Join("Bob", paths: true);
        World.Ask(alice, bob);
        Assert.Empty(world.Watched(alice));
        Assert.Empty(world.Watched(bob));
        alice.Do(new Command { AnswerRequest = new AnswerRequest { ContactId = bob.Id.ToByteString(), Answer = RequestAnswer.Accept } });
        Assert.Single(world.Watched(alice));
        Assert.Single(world.Watched(bob));
        alice.SetPolicy(bob, Policy.ServerOnly);
        Assert.Empty(world.Watched(alice));
        Assert.Empty(world.Watched(bob));
        alice.SetPolicy(bob, Policy.Automatic);
        Assert.Single(world.Watched(alice));
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        Assert.Empty(world.Watched(alice));
    }

    [Fact]
    public void Of_more_contacts_than_are_looked_for_it_is_those_who_spoke_last()
    {
        var world = new World();
        var alice = world.Join("Alice", paths: true);
        var others = new List<Person>();
        for (var i = 0; i < WireLimits.NearbyContacts + 2; i++)
        {
            // Names of other first letters: keys follow from them.
            others.Add(world.Join(((char)(0x4E00 + i)).ToString(), paths: true));
            World.Acquaint(alice, others[i]);
            world.Pass(1_000);
        }

        Assert.Equal(WireLimits.NearbyContacts, world.Watched(alice).Count);
        Assert.DoesNotContain(world.Watched(alice), contact => contact.Contact == others[0].Id || contact.Contact == others[1].Id);
        others[0].Write(alice, "still here");
        Assert.Equal(WireLimits.NearbyContacts, world.Watched(alice).Count);
        Assert.Contains(world.Watched(alice), contact => contact.Contact == others[0].Id);
        Assert.DoesNotContain(world.Watched(alice), contact => contact.Contact == others[2].Id);
    }

    [Fact]
    public void An_old_copy_is_seen_through_and_seals_nothing_before_a_server_was_heard()
    {
        var (world, alice, bob) = Known();
        var old = alice.Store.Copy();
        alice.Write(bob, "after the copy");
        world.Pass(10_000);
        world.StopServer();
        alice.Stop();
        alice.Store = old;
        alice.Restart();
        bob.Restart();
        var sessions = bob.Store.State.Where(row => row.Key.StartsWith("session/", StringComparison.Ordinal)).ToList();
        alice.Write(bob, "from the old copy");
        world.Together = true;
        world.Pass(30_000);
        Assert.Equal(MessageState.Queued, alice.Message(bob, "from the old copy").State);
        Assert.DoesNotContain(bob.Messages(alice), message => message.Text == "from the old copy");
        // The server is back, tells it, and everything goes on with fresh keys.
        world.StartServer();
        world.Pass(120_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "from the old copy").State);
    }

    [Fact]
    public void A_contact_who_says_to_have_heard_more_than_was_said_only_keeps_himself_away()
    {
        var (world, alice, bob) = Known();
        world.StopServer();
        alice.Restart();
        bob.Restart();
        world.OnNearby = (from, message) =>
        {
            if (from == bob && message[0] == 0)
                BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(1), ulong.MaxValue);
            return message;
        };
        alice.Write(bob, "x");
        world.Together = true;
        world.Pass(30_000);
        Assert.Equal(MessageState.Queued, alice.Message(bob, "x").State);
        world.StartServer();
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "x").State);
        Assert.DoesNotContain(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
    }

    [Fact]
    public void What_strangers_to_the_language_say_is_nothing()
    {
        var (world, alice, bob) = Known();
        world.Together = true;
        foreach (var message in new byte[][] { [], [0], [0, 1, 2], [1], [1, 2, 3], [9, 9], new byte[70_000] })
            alice.Inputs.Enqueue(new Engine.PeerInput.NearbyReceived(bob.Id, message));
        alice.Inputs.Enqueue(new Engine.PeerInput.NearbyFound(ContactId.Random(alice.Random)));
        alice.Inputs.Enqueue(new Engine.PeerInput.NearbyReceived(ContactId.Random(alice.Random), [1, 2]));
        world.Settle();
        alice.Write(bob, "still here");
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "still here").State);
    }

    private static (World World, Person Alice, Person Bob) Known()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        alice.Write(bob, "ciao");
        bob.Write(alice, "ciao!");
        world.Pass(3_000);
        return (world, alice, bob);
    }
}
