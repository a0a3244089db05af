using Dapari.Peer.Files;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Nothing is left behind: neither drop-offs nor announced room nor a transfer that one end believes to go on; what the storms of the simulation found.</summary>
public sealed class RemainsTests
{
    private readonly World _world = new();

    private (Person Alice, Person Bob, TransferId Id) Left(int chunks, int allowed = int.MaxValue, Policy way = Policy.Unspecified)
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        alice.Files.Chunks = allowed;
        var command = alice.Prepare(bob, alice.Bytes(chunks * Chunk));
        (command.Leave, command.Way) = (true, way);
        var id = alice.Send(command);
        _world.Pass(30_000);
        return (alice, bob, id);
    }

    [Fact]
    public void A_drop_off_taken_back_while_its_server_is_away_is_removed_after_the_next_start()
    {
        var (alice, _, id) = Left(8, allowed: 3);
        _world.StopServer();
        alice.Cancel(id);
        alice.Restart();
        Assert.Equal(1, _world.Server.BlobCount);
        alice.Stop();
        _world.StartServer();
        alice.Restart();
        Assert.Equal(0, _world.Server.BlobCount);
        Assert.Contains(alice.Store.State, row => DropOffDesk.IsRemains(row.Key));
        _world.Pass(DropOffDesk.RemainsMs + 1);
        Assert.DoesNotContain(alice.Store.State, row => DropOffDesk.IsRemains(row.Key));
    }

    [Fact]
    public void What_was_begun_at_a_server_that_then_takes_none_any_more_is_removed()
    {
        var (alice, _, id) = Left(8, allowed: 3);
        _world.StopServer();
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(1_000);
        _world.Server.TakesBlobs = false;
        _world.StartServer();
        _world.Pass(60_000);
        Assert.Equal(TransferTrouble.NoDropOffs, alice.View(id).Trouble);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void A_contact_who_is_removed_while_the_server_is_away_leaves_no_drop_off_there()
    {
        var (alice, bob, _) = Left(4);
        Assert.Equal(1, _world.Server.BlobCount);
        _world.StopServer();
        alice.Do(new Command { RemoveContact = new RemoveContact { ContactId = bob.Id.ToByteString() } });
        alice.Stop();
        _world.StartServer();
        alice.Restart();
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void A_drop_off_that_is_broken_off_counts_what_came_and_the_rest_once()
    {
        var (alice, bob, id) = Left(8, allowed: 3);
        Assert.Equal(DropOffSize(8), Used(alice));
        // The recipient appears, and the line carries nothing yet.
        _world.Line.Pieces = 0;
        bob.Restart();
        _world.Pass(2_000);
        Assert.Equal(3UL * Chunk, alice.View(id).AtServerBytes);
        Assert.InRange(Used(alice), 3UL * Chunk, DropOffSize(3));
        bob.Stop();
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(60_000);
        Assert.Equal(8UL * Chunk, alice.View(id).AtServerBytes);
        Assert.Equal(2, _world.Server.BlobCount);
        Assert.InRange(Used(alice), 8UL * Chunk, DropOffSize(3) + DropOffSize(5) + 1_000);
        _world.Line.Pieces = int.MaxValue;
        bob.Restart();
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void Paused_while_hash_pages_are_under_way_they_are_asked_for_again()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 2;
        var id = alice.Send(bob, alice.Bytes(4 * Chunk), alice.Bytes(4 * Chunk));
        _world.Pass(500);
        bob.Pause(id);
        _world.Line.Pieces = int.MaxValue;
        bob.Pause(id, paused: false);
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        Assert.Equal(0u, bob.EndOf(alice, id)!.ItemsLost);
    }

    [Fact]
    public void An_end_whose_word_a_server_lost_is_said_again_when_the_drop_offs_time_is_over()
    {
        var (alice, bob, id) = Left(2, way: Policy.ServerOnly);
        alice.Stop();
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(FileOutcome.Arrived, bob.EndOf(alice, id)?.Outcome);
        // All that waits for the sender lies there for too long.
        _world.Pass(31L * 24 * 60 * 60 * 1000);
        while (_world.Server.StoredEnvelopes > 0)
            _world.Server.DropStored(0);
        alice.Restart();
        _world.Pass(60_000);
        Agreed(alice, bob, id, FileOutcome.Arrived);
    }

    [Fact]
    public void The_same_files_by_both_ways_know_each_other_at_both_ends()
    {
        var (alice, bob) = _world.Sending();
        var bytes = alice.Bytes(Chunk);
        var (direct, left) = (alice.Prepare(bob, bytes), alice.Prepare(bob, bytes));
        (direct.Way, left.Way) = (Policy.DirectOnly, Policy.ServerOnly);
        (direct.Twin, left.Twin) = (left.MessageId, direct.MessageId);
        var (first, second) = (alice.Send(direct), alice.Send(left));
        _world.Pass(60_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, first).Keys);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, second).Keys);
        foreach (var (one, other) in new[] { (alice, bob), (bob, alice) })
        {
            Assert.Equal(left.MessageId, one.FileMessage(other, first).File.Twin);
            Assert.Equal(direct.MessageId, one.FileMessage(other, second).File.Twin);
        }

        var odd = alice.Prepare(bob, bytes);
        odd.Twin = ByteString.CopyFrom(1, 2, 3);
        Assert.Equal(CommandRefusal.Malformed, alice.TrySend(odd));
    }

    private static ulong DropOffSize(int chunks) => (ulong)chunks * (Chunk + 16) + (8 * 32) + 16;

    private static ulong Used(Person person) => person.Do(new Command { AskDropOffRoom = new AskDropOffRoom() }).Room.UsedBytes;
}
