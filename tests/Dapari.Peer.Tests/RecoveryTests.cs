using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;

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
}
