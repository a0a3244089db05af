using Dapari.Peer.Files;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Offered, wanted or not, and what both ends say of it.</summary>
public sealed class OfferTests
{
    private readonly World _world = new();

    [Fact]
    public void A_small_file_comes_by_itself_straight_from_the_other_and_both_ends_say_the_same()
    {
        var (alice, bob) = _world.Sending();
        var command = alice.Prepare(bob, [("vacanza.bin", alice.Bytes(3 * Chunk + 7))]);
        command.Caption = "Ecco il mare";
        var id = alice.Send(command);
        var shares = Arrived(alice, bob, id);
        Assert.Equal([Route.Direct], shares.Keys);
        var here = alice.FileMessage(bob, id);
        var there = bob.FileMessage(alice, id);
        Assert.Equal(MessageKind.Files, there.Kind);
        Assert.Equal("Ecco il mare", there.Text);
        Assert.Equal(MessageState.Delivered, here.State);
        Assert.Equal(Route.Direct, here.Route.Route);
        Assert.Equal(here.Route, there.Route);
        Assert.Equal((here.Clock, here.OrderKey), (there.Clock, there.OrderKey));
        Assert.Equal("vacanza.bin", Assert.Single(there.File.Files).Name);
        Assert.Equal(1u, bob.See(alice).Unread);
        Assert.Equal(TransferState.Ended, bob.View(id).State);
        _world.Pass(11_000);
        Assert.Empty(bob.Snapshot.Transfers);
        Assert.Empty(alice.Snapshot.Transfers);
        Assert.Equal(0, _world.Server.BlobCount);
    }

    [Fact]
    public async Task Files_are_found_by_name_and_caption()
    {
        var (alice, bob) = _world.Sending();
        var command = alice.Prepare(bob, [("Bilancio 2026.ods", alice.Bytes(10))]);
        command.Caption = "per martedì";
        alice.Send(command);
        Assert.Single(await bob.Store.SearchAsync("bilanc", null, 10, TestContext.Current.CancellationToken));
        Assert.Single(await bob.Store.SearchAsync("marted ods", alice.Id, 10, TestContext.Current.CancellationToken));
        Assert.Empty(await bob.Store.SearchAsync("bilancio 2025", null, 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_is_not_wanted_by_itself_waits_until_the_person_says_so()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        Assert.Equal(0UL, bob.Snapshot.Self.ReceiveUnaskedBytes);
        Assert.Equal(32UL * 1024 * 1024, alice.Snapshot.Self.ReceiveUnaskedBytes);
        var id = alice.Send(bob, alice.Bytes(2 * Chunk));
        _world.Pass(60_000);
        Assert.Equal(0, _world.Line.Passed);
        Assert.Equal(TransferState.Offered, bob.View(id).State);
        Assert.Equal(TransferState.Offered, alice.View(id).State);
        Assert.Null(bob.EndOf(alice, id));
        Assert.Equal(CommandRefusal.Unspecified, bob.Want(id));
        Arrived(alice, bob, id);
        Assert.Equal(CommandRefusal.UnknownTransfer, bob.Want(id));
    }

    [Fact]
    public void The_rule_says_up_to_which_size()
    {
        var (alice, bob) = _world.Sending();
        bob.Do(new Command { SetFileRules = new SetFileRules { ReceiveUnaskedBytes = 100 } });
        var small = alice.Send(bob, alice.Bytes(60), alice.Bytes(40));
        var large = alice.Send(bob, alice.Bytes(60), alice.Bytes(41));
        Arrived(alice, bob, small);
        Assert.Equal(TransferState.Offered, bob.View(large).State);
        bob.Restart();
        _world.Pass(10_000);
        Assert.Equal(100UL, bob.Snapshot.Self.ReceiveUnaskedBytes);
        Assert.Equal(TransferState.Offered, bob.View(large).State);
    }

    [Fact]
    public void A_flood_of_small_files_does_not_come_unasked_for_ever()
    {
        var (alice, bob) = _world.Sending();
        bob.Do(new Command { SetFileRules = new SetFileRules { ReceiveUnaskedBytes = 10 } });
        var ids = Enumerable.Range(0, 20).Select(_ => alice.Send(bob, alice.Bytes(10))).ToList();
        Assert.Equal(16, ids.Count(id => bob.EndOf(alice, id) is not null));
        // The person looks at the conversation: it begins anew.
        bob.Do(new Command { SetActiveConversation = new SetActiveConversation { ContactId = alice.Id.ToByteString() } });
        Arrived(alice, bob, alice.Send(bob, alice.Bytes(10)));
    }

    [Fact]
    public void Refused_by_its_recipient_and_taken_back_by_its_sender()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var refused = alice.Send(bob, alice.Bytes(10));
        var taken = alice.Send(bob, alice.Bytes(20));
        Assert.Equal(CommandRefusal.Unspecified, bob.Cancel(refused));
        Assert.Equal(CommandRefusal.Unspecified, alice.Cancel(taken));
        Agreed(alice, bob, refused, FileOutcome.Refused);
        Agreed(alice, bob, taken, FileOutcome.Cancelled);
        Assert.Equal(0, _world.Line.Passed);
        Assert.Equal(CommandRefusal.UnknownTransfer, bob.Want(taken));
        Assert.Contains(taken, alice.Files.Released);
        Assert.Contains(refused, bob.Files.Released);
    }

    [Fact]
    public void Taken_back_in_the_middle_and_both_at_once()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 6;
        var id = alice.Send(bob, alice.Bytes(5 * Chunk));
        Assert.Equal(TransferState.Moving, bob.View(id).State);
        // Neither knows of the other's word.
        var cancel = new Command { CancelFiles = new CancelFiles { TransferId = id.ToByteString() } };
        alice.Say(cancel);
        bob.Do(cancel);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        var end = alice.EndOf(bob, id);
        Assert.NotNull(end);
        Assert.Equal(end, bob.EndOf(alice, id));
    }

    [Fact]
    public void Taken_back_in_the_middle_both_ends_know_how_much_had_come()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 4 * 2;
        var id = alice.Send(bob, alice.Bytes(5 * Chunk));
        _world.Pass(3_000);
        alice.Cancel(id);
        var end = Agreed(alice, bob, id, FileOutcome.Cancelled);
        Assert.Equal(2UL * Chunk, Assert.Single(end.Shares).Bytes);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Agreed(alice, bob, id, FileOutcome.Cancelled);
        Assert.DoesNotContain(id, bob.Files.InPlace);
    }

    [Fact]
    public void Paused_at_either_end_and_on_again()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 5;
        var id = alice.Send(bob, alice.Bytes(6 * Chunk));
        alice.Pause(id);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(60_000);
        Assert.True(alice.View(id).Paused);
        Assert.Equal(TransferTrouble.Paused, alice.View(id).Trouble);
        Assert.Equal(TransferTrouble.PausedThere, bob.View(id).Trouble);
        Assert.Null(bob.EndOf(alice, id));
        var passed = _world.Line.Passed;
        alice.Restart();
        bob.Restart();
        _world.Pass(60_000);
        Assert.Equal(passed, _world.Line.Passed);
        bob.Pause(id);
        alice.Pause(id, paused: false);
        _world.Pass(60_000);
        Assert.Equal(passed, _world.Line.Passed);
        bob.Pause(id, paused: false);
        _world.Pass(60_000);
        Arrived(alice, bob, id);
        // What was verified before the pause was not sent again.
        Assert.True(_world.Line.Passed <= (6 * 4) + 8, $"{_world.Line.Passed}");
    }

    [Fact]
    public void A_full_device_says_so_and_goes_on_when_told_to()
    {
        var (alice, bob) = _world.Sending();
        bob.Files.FullDisks = 1;
        var id = alice.Send(bob, alice.Bytes(Chunk));
        _world.Pass(60_000);
        Assert.Equal(TransferTrouble.NoRoom, bob.View(id).Trouble);
        Assert.Equal(CommandRefusal.Unspecified, bob.Retry(id));
        _world.Pass(1_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void What_the_platform_emptied_comes_again()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 10;
        var id = alice.Send(bob, alice.Bytes(4 * Chunk));
        bob.Files.Evict(id);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(1_000);
        Assert.Equal(TransferTrouble.StorageFailed, bob.View(id).Trouble);
        Assert.Equal(0UL, bob.View(id).DoneBytes);
        bob.Retry(id);
        _world.Pass(1_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_source_that_changed_costs_its_item_and_the_others_arrive()
    {
        var (alice, bob) = _world.Sending();
        var command = alice.Prepare(bob, alice.Bytes(Chunk), alice.Bytes(2 * Chunk), alice.Bytes(100));
        TransferId.TryRead(command.TransferId, out var id);
        alice.Files.Changed.Add((id, 2));
        alice.Send(command);
        _world.Pass(1_000);
        var end = Agreed(alice, bob, id, FileOutcome.Arrived);
        Assert.Equal(1u, end.ItemsLost);
        Assert.Equal([false, true, false], bob.FileMessage(alice, id).File.Files.Select(entry => entry.Lost));
        Assert.Equal([false, true, false], alice.FileMessage(bob, id).File.Files.Select(entry => entry.Lost));
        Assert.Equal(alice.Files.Sources[id][3].Bytes, bob.Files.Read(id, 3));
    }

    [Fact]
    public void A_source_that_is_gone_after_a_restart_is_chosen_again()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(2 * Chunk));
        alice.Files.Sources.Remove(id, out var files);
        alice.Restart();
        _world.Pass(5_000);
        bob.Want(id);
        _world.Pass(5_000);
        Assert.Equal(TransferTrouble.SourceNotReady, alice.View(id).Trouble);
        Assert.Equal(0, _world.Line.Passed);
        alice.Files.Sources[id] = files!;
        Assert.Equal(CommandRefusal.Unspecified, alice.Do(new Command { SourceChosen = new SourceChosen { TransferId = id.ToByteString() } }).Refusal);
        _world.Pass(5_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_folder_of_two_thousand_files_comes_with_its_manifest()
    {
        var (alice, bob) = _world.Sending();
        var files = Enumerable.Range(0, 2_000).Select(at => ($"{at}.txt", alice.Bytes(at % 40))).ToList();
        var command = alice.Prepare(bob, files, manifest: true);
        for (var at = 0; at < files.Count; at++)
            command.Items[at].Folder.Add("cartella");
        var list = new MemoryFile(Wire.Files.ManifestCodec.Write(new FileManifest { Items = { command.Items } }));
        TransferId.TryRead(command.TransferId, out var id);
        alice.Files.Sources[id] = [list, .. alice.Files.Sources[id].Skip(1)];
        command.Manifest = list.Blob;
        alice.Send(command);
        _world.Pass(1_000);
        Arrived(alice, bob, id);
        var there = bob.FileMessage(alice, id).File;
        Assert.Equal(2_000u, there.ItemCount);
        Assert.Equal(64, there.Files.Count);
        Assert.Equal(alice.FileMessage(bob, id).File.Files, there.Files);
        Assert.Equal(["cartella"], there.Files[63].Folder);
        Assert.Equal(3, bob.See(alice).LastMessage.File.Files.Count);
    }

    [Fact]
    public void Said_again_an_offer_is_one_message()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var command = alice.Prepare(bob, alice.Bytes(10));
        var id = alice.Send(command);
        Assert.Equal(CommandRefusal.Unspecified, alice.TrySend(command));
        alice.Restart();
        _world.Pass(3_000);
        alice.Write(bob, "later");
        var again = command.Clone();
        again.Again = true;
        Assert.Equal(CommandRefusal.Unspecified, alice.TrySend(again));
        Assert.Single(bob.Store.Messages(alice.Id), message => message.Kind == MessageKind.Files);
        bob.Want(id);
        _world.Pass(1_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void What_cannot_be_sent_is_refused_with_its_reason()
    {
        var (alice, bob) = _world.Sending();
        var carla = _world.Join("Carla", files: false);
        Assert.Equal(CommandRefusal.UnknownContact, alice.TrySend(alice.Prepare(carla, alice.Bytes(1))));
        World.Ask(bob, carla);
        Assert.Equal(CommandRefusal.NoFiles, carla.TrySend(carla.Prepare(bob, carla.Bytes(1))));
        World.Ask(carla, alice);
        Assert.Equal(CommandRefusal.NotAccepted, alice.TrySend(alice.Prepare(carla, alice.Bytes(1))));
        Assert.Equal(CommandRefusal.Empty, alice.TrySend(alice.Prepare(bob)));
        var command = alice.Prepare(bob, alice.Bytes(1));
        command.Caption = new string('x', WireLimits.TextBytes + 1);
        Assert.Equal(CommandRefusal.TooLong, alice.TrySend(command));
        command = alice.Prepare(bob, [.. Enumerable.Range(0, 64).Select(at => (new string('n', 1_000) + at, alice.Bytes(1)))]);
        Assert.Equal(CommandRefusal.TooLong, alice.TrySend(command));
        command = alice.Prepare(bob, [.. Enumerable.Range(0, 65).Select(at => ($"{at}", alice.Bytes(1)))]);
        Assert.Equal(CommandRefusal.Malformed, alice.TrySend(command));
        command = alice.Prepare(bob, alice.Bytes(1));
        command.TransferId = ByteString.CopyFrom(1, 2, 3);
        Assert.Equal(CommandRefusal.Malformed, alice.TrySend(command));
        Assert.Equal(CommandRefusal.UnknownTransfer, alice.Cancel(TransferId.Random(alice.Random)));
        Assert.Equal(CommandRefusal.NoFiles, carla.Cancel(TransferId.Random(alice.Random)));
    }

    [Fact]
    public void A_device_without_files_shows_the_offer_and_takes_nothing()
    {
        var alice = _world.Join("Alice", files: true);
        var bob = _world.Join("Bob");
        World.Acquaint(alice, bob);
        var command = alice.Prepare(bob, alice.Bytes(10));
        command.Leave = true;
        var id = alice.Send(command);
        _world.Pass(30_000);
        Assert.Equal(MessageKind.Files, bob.FileMessage(alice, id).Kind);
        Assert.Equal(CommandRefusal.NoFiles, bob.Want(id));
        Assert.Equal(MessageState.Delivered, alice.FileMessage(bob, id).State);
    }

    [Fact]
    public void Ended_transfers_stay_readable_long_after_the_machine_forgot_them()
    {
        var (alice, bob) = _world.Sending();
        var first = alice.Send(bob, alice.Bytes(5));
        for (var i = 0; i < FileTransfers.MaxOver + 5; i++)
        {
            alice.Send(bob, alice.Bytes(5));
            _world.Pass(10);
            if (i % 16 == 0)
                bob.Do(new Command { SetActiveConversation = new SetActiveConversation { ContactId = alice.Id.ToByteString() } });
        }

        bob.Restart();
        alice.Restart();
        _world.Pass(1_000);
        Assert.True(bob.Store.State.Count(row => row.Key.StartsWith("transfer/", StringComparison.Ordinal)) <= FileTransfers.MaxOver);
        Agreed(alice, bob, first, FileOutcome.Arrived);
    }

    [Fact]
    public void Views_of_mere_progress_come_four_times_a_second_at_most_with_speed_and_time_left()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 0;
        var id = alice.Send(bob, alice.Bytes(20 * Chunk));
        var seen = new HashSet<ulong>();
        for (var tick = 0; tick < 40; tick++)
        {
            _world.Line.Pieces = 1;
            _world.Pass(50);
            seen.Add(bob.Snapshot.Revision);
        }

        var view = bob.View(id);
        // Two seconds: eight views, and a few for what else changed.
        Assert.InRange(seen.Count, 4, 14);
        Assert.Equal(Route.Direct, view.Route);
        Assert.InRange(view.DoneBytes, 7UL * Chunk, 10UL * Chunk);
        Assert.InRange(view.BytesPerSecond, 800_000UL, 1_700_000UL);
        Assert.InRange(view.RemainingMs, 1_000UL, 6_000UL);
        _world.Pass(8_000);
        Assert.Equal(0UL, bob.View(id).BytesPerSecond);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(30_000);
        Arrived(alice, bob, id);
    }
}
