using Dapari.Peer.Files;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>What is left at the home server: its quota, its tokens, its losses.</summary>
public sealed class DropOffTests
{
    private readonly World _world = new();

    private (Person Alice, Person Bob, TransferId Id) Left(int chunks, int allowed = int.MaxValue)
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        alice.Files.Chunks = allowed;
        var command = alice.Prepare(bob, alice.Bytes(chunks * Chunk));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(30_000);
        return (alice, bob, id);
    }

    [Fact]
    public void What_the_server_has_no_room_for_is_said_and_goes_directly_or_later()
    {
        _world.Server.BlobQuota = 3 * Chunk;
        var (alice, bob, id) = Left(4);
        Assert.Equal(TransferTrouble.Quota, alice.View(id).Trouble);
        Assert.Equal(0, _world.Server.BlobCount);
        _world.Pass(10 * 60_000);
        Assert.Equal(TransferTrouble.Quota, alice.View(id).Trouble);
        _world.Server.BlobQuota = 10 * Chunk;
        Assert.Equal(CommandRefusal.Unspecified, alice.Retry(id));
        _world.Pass(30_000);
        Assert.Equal(4UL * Chunk, alice.View(id).AtServerBytes);
        bob.Restart();
        _world.Pass(60_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void Room_that_was_asked_for_before_the_end_and_given_after_it_is_given_back()
    {
        var (alice, _, id) = Left(2);
        var dropOff = alice.Engine.Parts.Files.Find(id)!.Record.DropOffs.Single();
        Assert.Equal(CommandRefusal.Unspecified, alice.Cancel(id));
        _world.Pass(1_000);
        Assert.Equal(0, _world.Server.BlobCount);
        // It was on its way when the drop-off was removed.
        Assert.True(BlobId.TryRead(dropOff.BlobId, out var blob));
        Assert.True(BlobToken.TryRead(dropOff.ReadToken.Span, out var read));
        _world.Act(alice, (parts, step) => parts.Servers.Find(World.Home)!.Send(step, new ClientFrame
        {
            BeginBlob = new BeginBlob
            {
                MailboxId = parts.State.Boxes.Values.First().Record.MailboxId, BlobId = dropOff.BlobId, Size = 100_000,
                ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(BlobToken.Random(RandomSource.System).Hash()),
            },
        }, new Servers.Asked.ToBeginBlob(id, blob, dropOff)));
        _world.Pass(60_000);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void A_server_that_takes_none_says_so_and_the_recipient_gets_it_directly()
    {
        _world.Server.TakesBlobs = false;
        var (alice, bob, id) = Left(2);
        Assert.Equal(TransferTrouble.NoDropOffs, alice.View(id).Trouble);
        Assert.Equal(CommandRefusal.NoDropOffs, alice.Do(new Command { AskDropOffRoom = new AskDropOffRoom() }).Refusal);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void The_room_at_the_server_is_asked_for()
    {
        var (alice, _, _) = Left(2);
        var room = alice.Do(new Command { AskDropOffRoom = new AskDropOffRoom() }).Room;
        Assert.Equal(_world.Server.BlobQuota, room.QuotaBytes);
        Assert.InRange(room.UsedBytes, 2UL * Chunk, (2UL * Chunk) + 1_000);
        Assert.Equal(room.QuotaBytes - room.UsedBytes, room.RoomBytes);
        Assert.Equal(14u, room.KeepDays);
        _world.StopServer();
        Assert.Equal(CommandRefusal.NoServer, alice.Do(new Command { AskDropOffRoom = new AskDropOffRoom() }).Refusal);
    }

    [Fact]
    public void A_server_that_dies_in_the_middle_of_a_drop_off_gets_the_rest_of_it_later()
    {
        var (alice, bob, id) = Left(8, allowed: 3);
        _world.StopServer();
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(60_000);
        Assert.Equal(0UL, alice.View(id).AtServerBytes);
        _world.StartServer();
        _world.Pass(120_000);
        Assert.Equal(8UL * Chunk, alice.View(id).AtServerBytes);
        Assert.Equal(1, _world.Server.BlobCount);
        // Eight chunks and their pages, once each.
        Assert.Equal(9, alice.Files.Sealed.Count);
        alice.Stop();
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(FileOutcome.Arrived, bob.EndOf(alice, id)?.Outcome);
    }

    [Fact]
    public void A_token_that_is_worth_nothing_is_renewed_and_not_for_ever()
    {
        var (alice, bob, id) = Left(8, allowed: 3);
        _world.Server.ForgetsUploadTokens = true;
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(20_000);
        Assert.Equal(0UL, alice.View(id).AtServerBytes);
        Assert.InRange(_world.Server.Said[ClientFrame.KindOneofCase.BeginBlob], 2, 8);
        _world.Server.ForgetsUploadTokens = false;
        _world.Pass(120_000);
        Assert.Equal(8UL * Chunk, alice.View(id).AtServerBytes);
        bob.Restart();
        _world.Pass(60_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_drop_off_that_its_server_lost_comes_directly()
    {
        var (alice, bob, id) = Left(5);
        _world.Server.LoseBlobs();
        bob.Restart();
        _world.Pass(120_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void A_drop_off_that_its_server_lost_is_left_again_where_there_is_no_other_way()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var command = alice.Prepare(bob, alice.Bytes(3 * Chunk));
        command.Way = Policy.ServerOnly;
        var id = alice.Send(command);
        _world.Pass(30_000);
        _world.Server.LoseBlobs();
        bob.Restart();
        _world.Pass(120_000);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, id).Keys);
        Assert.Equal(CommandRefusal.UnknownTransfer, alice.Leave(id, leave: false));
    }

    [Fact]
    public void A_recipient_who_says_for_ever_that_it_is_gone_is_not_believed_for_ever()
    {
        var (alice, bob, id) = Left(2);
        bob.Restart();
        bob.Files.Chunks = 0;
        for (var i = 0; i < 20; i++)
        {
            if (alice.Engine.Parts.Files.Find(id)!.Record.DropOffs is [var dropOff])
            {
                _world.Act(bob, (parts, step) => parts.Outbox.SendSetUp(step, parts.Contacts.Find(alice.Id.ToByteString())!, new Content
                {
                    FileUpdate = new FileUpdate { TransferId = id.ToByteString(), DropOffGone = dropOff.BlobId },
                }));
            }

            _world.Pass(5_000);
        }

        Assert.InRange(_world.Server.Said[ClientFrame.KindOneofCase.BeginBlob], 1, FileTransfers.MaxGone + 1);
    }

    [Fact]
    public void A_drop_off_that_its_server_spoiled_is_given_up_and_the_rest_comes_directly()
    {
        var (alice, bob, id) = Left(5);
        _world.Server.SpoilBlobs((3 * Chunk) + 500);
        bob.Restart();
        _world.Pass(120_000);
        var shares = Arrived(alice, bob, id);
        Assert.True(shares[Route.Direct] >= Chunk);
    }

    [Fact]
    public void What_lies_there_too_long_is_gone_and_comes_directly()
    {
        var (alice, bob, id) = Left(3);
        _world.Pass(15L * 24 * 60 * 60 * 1000);
        bob.Restart();
        _world.Pass(120_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void A_source_that_changes_while_it_is_left_costs_its_item_and_the_rest_is_left()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var command = alice.Prepare(bob, alice.Bytes(2 * Chunk), alice.Bytes(3 * Chunk), alice.Bytes(Chunk));
        command.Leave = true;
        alice.Files.Chunks = 1;
        var id = alice.Send(command);
        _world.Pass(15_000);
        alice.Files.Changed.Add((id, 2));
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(120_000);
        alice.Stop();
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(FileOutcome.Arrived, bob.EndOf(alice, id)?.Outcome);
        Assert.Equal(1u, bob.EndOf(alice, id)!.ItemsLost);
        Assert.Equal(alice.Files.Sources[id][3].Bytes, bob.Files.Read(id, 3));
    }

    [Fact]
    public void The_manifest_is_left_too()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var command = alice.Prepare(bob, [.. Enumerable.Range(0, 100).Select(at => ($"{at}.bin", alice.Bytes(300 + at)))], manifest: true);
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(30_000);
        alice.Stop();
        bob.Restart();
        _world.Pass(60_000);
        alice.Restart();
        _world.Pass(60_000);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, id).Keys);
        Assert.Equal(64, bob.FileMessage(alice, id).File.Files.Count);
    }

    [Fact]
    public void A_drop_off_at_a_strangers_server_is_not_looked_at()
    {
        var world = new World(World.Home, "https://stranger.example");
        var (alice, bob) = world.Acquainted(paths: true, files: true);
        world.PathsBlocked = true;
        world.BreakPaths();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(Chunk));
        var dropOff = new DropOff
        {
            Server = "https://stranger.example", BlobId = ByteString.CopyFrom(alice.Bytes(16)), ReadToken = ByteString.CopyFrom(alice.Bytes(32)),
            Key = ByteString.CopyFrom(alice.Bytes(32)), KeepDays = 14, Spans = { new ChunkSpan { First = 0, Count = 1 } },
        };
        world.Act(alice, (parts, step) => parts.Outbox.SendSetUp(step, parts.Contacts.Find(bob.Id.ToByteString())!, new Content
        {
            FileUpdate = new FileUpdate { TransferId = id.ToByteString(), DropOff = dropOff },
        }));
        world.Pass(1_000);
        bob.Want(id);
        world.Pass(60_000);
        Assert.Equal(0UL, bob.View(id).AtServerBytes);
        Assert.Equal(0, bob.Files.FetchedChunks);
    }
}
