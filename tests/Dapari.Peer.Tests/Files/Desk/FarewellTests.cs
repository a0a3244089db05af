using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire;
using Dapari.Wire.V1;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Contacts that go, identities that are deleted, backups that come back.</summary>
public sealed class FarewellTests
{
    private readonly World _world = new();

    private (Person Alice, Person Bob, TransferId Id) Halfway(bool leave = false)
    {
        var (alice, bob) = _world.Sending();
        if (leave)
        {
            bob.Stop();
            _world.Pass(1_000);
            alice.Files.Chunks = 2;
        }
        else
        {
            _world.Line.Pieces = 9;
        }

        var command = alice.Prepare(bob, alice.Bytes(6 * Chunk));
        command.Leave = leave;
        var id = alice.Send(command);
        _world.Pass(15_000);
        return (alice, bob, id);
    }

    [Fact]
    public void A_contact_who_is_removed_takes_all_transfers_along()
    {
        var (alice, bob, id) = Halfway(leave: true);
        Assert.Equal(1, _world.Server.BlobCount);
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        Assert.Empty(alice.Snapshot.Transfers);
        Assert.Contains(id, alice.Files.Released);
        Assert.Equal(0, _world.Server.BlobCount);
        Assert.DoesNotContain(alice.Store.State, row => row.Key.StartsWith("transfer/", StringComparison.Ordinal));
        bob.Restart();
        _world.Pass(60_000);
        alice.Restart();
        _world.Pass(60_000);
        Assert.Empty(alice.Snapshot.Transfers);
    }

    [Fact]
    public void A_recipient_who_removes_the_sender_is_not_waited_for_with_bytes_under_way()
    {
        var (alice, bob, id) = Halfway();
        bob.Do(new Command { RemoveContact = new RemoveContact { ContactId = alice.Id.ToByteString() } });
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Assert.Empty(bob.Snapshot.Transfers);
        Assert.Contains(id, bob.Files.Released);
        Assert.DoesNotContain(id, bob.Files.InPlace);
        Assert.Equal(CommandRefusal.Unspecified, alice.Cancel(id));
    }

    [Fact]
    public void Who_is_blocked_gets_and_gives_nothing_more()
    {
        var (alice, bob, id) = Halfway();
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString(), Blocked = true } });
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Assert.Equal(FileOutcome.Cancelled, alice.EndOf(bob, id)?.Outcome);
        Assert.Null(bob.EndOf(alice, id));
        alice.Do(new Command { SetBlocked = new SetBlocked { ContactId = bob.Id.ToByteString() } });
        _world.Pass(60_000);
        Agreed(alice, bob, id, FileOutcome.Cancelled);
    }

    [Fact]
    public void A_deleted_identity_leaves_nothing_at_the_server_and_nothing_with_the_driver()
    {
        var (alice, _, id) = Halfway(leave: true);
        alice.Do(new Command { DeleteIdentity = new DeleteIdentity() });
        Assert.True(alice.Wiped);
        Assert.Contains(id, alice.Files.Released);
        Assert.Equal(0, _world.Server.BlobCount);
        Assert.Empty(alice.Store.State);
    }

    [Fact]
    public void A_restored_recipient_gets_again_what_the_lost_device_had()
    {
        var (alice, bob, id) = Halfway();
        var backup = bob.Store.Copy();
        Restore(bob, backup);
        bob.Files.Disk.Clear();
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(5 * 60_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_restored_recipient_hears_that_a_transfer_of_the_backup_is_over()
    {
        var (alice, bob, id) = Halfway();
        var backup = bob.Store.Copy();
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        Restore(bob, backup);
        bob.Files.Disk.Clear();
        _world.Pass(5 * 60_000);
        Assert.Equal(TransferState.Ended, bob.Engine.Parts.Files.Find(id)?.Record.State);
        Assert.NotNull(bob.EndOf(alice, id));
    }

    [Fact]
    public void A_restored_sender_hears_how_its_transfer_ended()
    {
        var (alice, bob, id) = Halfway();
        var backup = alice.Store.Copy();
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        Restore(alice, backup);
        _world.Pass(5 * 60_000);
        bob.Write(alice, "ci sei?");
        _world.Pass(5 * 60_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_restored_sender_without_its_source_says_so()
    {
        var (alice, bob, id) = Halfway();
        Restore(alice, alice.Store.Copy());
        _world.Line.Pieces = int.MaxValue;
        alice.Files.Sources.Clear();
        alice.Restart();
        _world.Pass(60_000);
        Assert.Equal(TransferTrouble.SourceNotReady, alice.View(id).Trouble);
        Assert.Null(bob.EndOf(alice, id));
    }

    private static void Restore(Person person, MemoryPeerStore backup)
    {
        backup.ReplaceState(PeerEngine.Restore(backup.State, person.Random));
        person.Stop();
        person.Store = backup;
        person.Restart();
    }
}
