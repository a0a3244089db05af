using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;

namespace Dapari.Peer.Tests;

/// <summary>
/// Whether somebody hides their address is said when it changes, and once. Who believes what is no longer so joins no path, and what is to go by nothing
/// else waits for good: found by simulation (seeds 4955, 5997, 6339).
/// </summary>
public sealed class HiddenAddressTests
{
    private const long Day = 24L * 60 * 60 * 1000;

    [Fact]
    public void A_restored_device_tells_again_whether_it_hides_its_address()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        var backup = alice.Store.Copy();
        alice.SetPolicy(bob, Policy.ServerOnly);
        Assert.True(bob.See(alice).TheyHideAddress);
        alice.Stop();
        backup.ReplaceState(PeerEngine.Restore(backup.State, alice.Random));
        alice.Store = backup;
        alice.Restart();
        Assert.False(bob.See(alice).TheyHideAddress);
        alice.SetPolicy(bob, Policy.DirectOnly);
        alice.Write(bob, "solo per via diretta");
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "solo per via diretta").State);
    }

    [Fact]
    public void A_restored_device_is_told_again_who_it_writes_to()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        var backup = bob.Store.Copy();
        alice.SetPolicy(bob, Policy.ServerOnly);
        alice.Do(new Command { SetProfile = new SetProfile { Name = "Alice Nuova", SendReadReceipts = true, SendTyping = true } });
        bob.Stop();
        backup.ReplaceState(PeerEngine.Restore(backup.State, bob.Random));
        bob.Store = backup;
        bob.Restart();
        Assert.True(bob.See(alice).TheyHideAddress);
        Assert.Equal("Alice Nuova", bob.See(alice).Name);
    }

    /// <summary>Nothing at its mailbox tells the copy that it is one.</summary>
    [Fact]
    public void Who_wants_a_direct_path_hides_nothing_any_more()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        world.Pass(3_000);
        var old = alice.Store.Copy();
        alice.SetPolicy(bob, Policy.ServerOnly);
        Assert.True(bob.See(alice).TheyHideAddress);
        alice.Stop();
        alice.Store = old;
        alice.Restart();
        Assert.DoesNotContain(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
        alice.SetPolicy(bob, Policy.DirectOnly);
        alice.Write(bob, "solo per via diretta");
        world.Pass(5 * 60_000);
        Assert.False(bob.See(alice).TheyHideAddress);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "solo per via diretta").State);
    }

    [Fact]
    public void Who_missed_that_somebody_hides_their_address_is_told_again_and_not_too_often()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted(paths: true);
        bob.Stop();
        alice.SetPolicy(bob, Policy.ServerOnly);
        world.Pass(31 * Day);
        bob.Restart();
        Assert.False(bob.See(alice).TheyHideAddress);
        bob.Write(alice, "ciao");
        world.Pass(60_000);
        Assert.True(bob.See(alice).TheyHideAddress);

        // A contact who does not want to know it gets one word a minute, whatever it asks.
        var posts = world.Server.Said[Wire.V1.ClientFrame.KindOneofCase.Post];
        for (var i = 0; i < 100; i++)
        {
            world.Act(bob, (parts, step) =>
            {
                var contact = parts.State.Contacts[alice.Id];
                parts.Live.TrySend(step, contact, new Wire.V1.Content
                {
                    Presence = new Wire.V1.Presence { WantsDirect = true, RunId = Google.Protobuf.ByteString.CopyFrom(parts.State.RunId) },
                });
            });
            world.Pass(1_000);
        }

        Assert.InRange(world.Server.Said[Wire.V1.ClientFrame.KindOneofCase.Post] - posts, 1, 3);
    }
}
