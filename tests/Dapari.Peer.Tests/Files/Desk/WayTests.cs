using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>By which ways files go: straight, through a server, or some of each.</summary>
public sealed class WayTests
{
    private readonly World _world = new();

    [Fact]
    public void Somebody_who_is_away_is_waited_for_and_nothing_lies_at_a_server()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var id = alice.Send(bob, alice.Bytes(2 * Chunk));
        _world.Pass(10 * 60_000);
        Assert.Equal(TransferTrouble.NoWay, alice.View(id).Trouble);
        Assert.Equal(0, _world.Server.BlobCount);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void A_channel_that_does_not_come_on_an_open_path_is_asked_for_again()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        bob.Files.LostChannels = 1;
        bob.Restart();
        var id = alice.Send(bob, alice.Bytes(2 * Chunk));
        _world.Pass(60_000);
        Assert.Equal(0, bob.Files.LostChannels);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void Left_at_the_server_it_is_fetched_when_its_sender_is_gone_and_removed_then()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var command = alice.Prepare(bob, alice.Bytes(3 * Chunk + 1), alice.Bytes(0), alice.Bytes(200));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(60_000);
        var view = alice.View(id);
        Assert.Equal((3UL * Chunk) + 201, view.AtServerBytes);
        var until = (ulong)_world.MomentOf(alice).WallMs + (14UL * 24 * 60 * 60 * 1000);
        Assert.InRange(view.AtServerUntilMs, until - 120_000, until);
        Assert.Equal(TransferTrouble.Unspecified, view.Trouble);
        Assert.Equal(1, _world.Server.BlobCount);
        var clear = alice.Files.Sources[id][1].Bytes.AsSpan(1_000, 32).ToArray();
        Assert.All(_world.Server.StoredBlobs, blob => Assert.Equal(-1, blob.AsSpan().IndexOf(clear)));
        alice.Stop();
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(FileOutcome.Arrived, bob.EndOf(alice, id)?.Outcome);
        Assert.Equal(0, _world.Server.BlobCount);
        alice.Restart();
        _world.Pass(60_000);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, id).Keys);
        var file = alice.FileMessage(bob, id).File;
        Assert.Equal((3UL * Chunk) + 201, file.AtServerBytes);
        Assert.True(file.AtServerUntilMs > file.AtServerFromMs && file.AtServerFromMs > 0);
        Assert.True(bob.FileMessage(alice, id).File.AtServerFromMs > 0);
    }

    [Fact]
    public void A_drop_off_under_way_when_the_recipient_appears_goes_on_directly_with_the_rest()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        alice.Files.Chunks = 7;
        var command = alice.Prepare(bob, alice.Bytes(20 * Chunk));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(60_000);
        Assert.Equal(7UL * Chunk, alice.View(id).UploadedBytes);
        Assert.Equal(Route.DropOff, alice.View(id).Route);
        bob.Restart();
        _world.Pass(60_000);
        var shares = Arrived(alice, bob, id);
        Assert.Equal(7UL * Chunk, shares[Route.DropOff]);
        Assert.Equal(13UL * Chunk, shares[Route.Direct]);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void A_path_that_dies_in_the_middle_leaves_the_rest_to_the_server_where_that_was_chosen()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 4 * 12;
        var command = alice.Prepare(bob, alice.Bytes(40 * Chunk));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(5_000);
        Assert.Equal(0, _world.Server.BlobCount);
        _world.PathsBlocked = true;
        _world.BreakPaths();
        _world.Pass(10 * 60_000);
        var shares = Arrived(alice, bob, id);
        Assert.Equal(12UL * Chunk, shares[Route.Direct]);
        Assert.Equal(28UL * Chunk, shares[Route.DropOff]);
    }

    [Fact]
    public void A_path_that_dies_in_the_middle_comes_back_and_goes_on_with_what_is_missing()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 4 * 3;
        var id = alice.Send(bob, alice.Bytes(8 * Chunk));
        _world.BreakPaths();
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        Assert.Equal(8 * 4, _world.Line.Passed);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public void What_comes_through_a_relay_is_counted_so()
    {
        _world.Facts = new(Network.Relayed, 30);
        var (alice, bob) = _world.Sending();
        Assert.Equal([Route.Relay], Arrived(alice, bob, alice.Send(bob, alice.Bytes(Chunk))).Keys);
    }

    [Fact]
    public void Direct_only_never_leaves_anything_at_a_server()
    {
        var (alice, bob) = _world.Sending();
        alice.SetPolicy(bob, Policy.DirectOnly);
        bob.Stop();
        _world.Pass(1_000);
        var command = alice.Prepare(bob, alice.Bytes(Chunk));
        command.Leave = true;
        var id = alice.Send(command);
        Assert.False(alice.View(id).Leave);
        Assert.Equal(Policy.DirectOnly, alice.View(id).Way);
        Assert.Equal(CommandRefusal.NoWay, alice.Leave(id));
        _world.Pass(60_000);
        Assert.Equal(0, _world.Server.BlobCount);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void A_policy_that_becomes_direct_only_stops_what_was_being_left()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        alice.Files.Chunks = 2;
        var command = alice.Prepare(bob, alice.Bytes(8 * Chunk));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(30_000);
        alice.SetPolicy(bob, Policy.DirectOnly);
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(60_000);
        Assert.Equal(2UL * Chunk, alice.View(id).AtServerBytes);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(6UL * Chunk, Arrived(alice, bob, id)[Route.Direct]);
    }

    [Fact]
    public void For_one_transfer_the_server_can_be_chosen_although_a_path_is_open()
    {
        var (alice, bob) = _world.Sending();
        var direct = alice.Prepare(bob, alice.Bytes(4 * Chunk));
        direct.Way = Policy.DirectOnly;
        var server = alice.Prepare(bob, alice.Bytes(4 * Chunk));
        server.Way = Policy.ServerOnly;
        var one = alice.Send(direct);
        var other = alice.Send(server);
        _world.Pass(60_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, one).Keys);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, other).Keys);
        Assert.Equal(Policy.ServerOnly, alice.FileMessage(bob, other).File.Way);
    }

    [Fact]
    public void Whoever_hides_the_address_gets_and_gives_through_the_server_only()
    {
        var (alice, bob) = _world.Sending();
        alice.SetPolicy(bob, Policy.ServerOnly);
        var command = alice.Prepare(bob, alice.Bytes(Chunk));
        command.Way = Policy.DirectOnly;
        Assert.Equal(CommandRefusal.NoWay, alice.TrySend(command));
        command = bob.Prepare(alice, bob.Bytes(Chunk));
        command.Way = Policy.DirectOnly;
        Assert.Equal(CommandRefusal.NoWay, bob.TrySend(command));
        var there = alice.Send(bob, alice.Bytes(2 * Chunk));
        var back = bob.Send(alice, bob.Bytes(2 * Chunk));
        _world.Pass(60_000);
        Assert.Equal([Route.DropOff], Arrived(alice, bob, there).Keys);
        Assert.Equal([Route.DropOff], Arrived(bob, alice, back).Keys);
        Assert.Equal(0, _world.Line.Passed);
    }

    [Fact]
    public void Waiting_instead_stops_what_was_being_left()
    {
        var (alice, bob) = _world.Sending();
        bob.Stop();
        _world.Pass(1_000);
        var id = alice.Send(bob, alice.Bytes(6 * Chunk));
        alice.Files.Chunks = 2;
        Assert.Equal(CommandRefusal.Unspecified, alice.Leave(id));
        _world.Pass(30_000);
        Assert.Equal(2UL * Chunk, alice.View(id).UploadedBytes);
        alice.Leave(id, leave: false);
        alice.Files.Chunks = int.MaxValue;
        _world.Pass(60_000);
        Assert.Equal(2UL * Chunk, alice.View(id).AtServerBytes);
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(4UL * Chunk, Arrived(alice, bob, id)[Route.Direct]);
    }

    [Fact]
    public void A_server_that_dies_in_the_middle_of_a_direct_transfer_is_not_missed()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 4;
        var id = alice.Send(bob, alice.Bytes(6 * Chunk));
        _world.StopServer();
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(20_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void A_call_goes_first()
    {
        var (alice, bob) = _world.Sending();
        alice.Verify(bob);
        bob.Verify(alice);
        var call = alice.Call(bob);
        bob.Answer(call);
        _world.Pass(1_000);
        Assert.True(alice.Files.IsEasy);
        Assert.True(bob.Files.IsEasy);
        _world.Line.Pieces = 0;
        var id = alice.Send(bob, alice.Bytes(6 * Chunk));
        // One chunk at a time.
        var expected = bob.Effects.OfType<PeerEffect.DoFile>().Select(effect => effect.Order).OfType<FileOrder.Expect>().ToList();
        Assert.Equal(1u, Assert.Single(expected).Range.Count);
        bob.HangUp(call);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Assert.False(alice.Files.IsEasy);
        Assert.False(bob.Files.IsEasy);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_path_stays_wanted_as_long_as_something_moves_by_it()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 0;
        var id = alice.Send(bob, alice.Bytes(100 * Chunk));
        for (var minute = 0; minute < 15; minute++)
        {
            _world.Line.Pieces = 4;
            _world.Pass(60_000);
        }

        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        Assert.Null(bob.EndOf(alice, id));
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(120_000);
        Arrived(alice, bob, id);
        _world.Pass(20 * 60_000);
        Assert.Equal(PathState.Closed, alice.See(bob).Path.State);
    }
}
