using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Files;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Offers, words, frames and bytes that no honest contact sends.</summary>
public sealed class HostileFileTests
{
    private readonly World _world = new();

    private void Say(Person from, Person to, Content content) =>
        _world.Act(from, (parts, step) => parts.Outbox.SendSetUp(step, Of(parts, to), content));

    private static Contact Of(Parts parts, Person other) => parts.Contacts.Find(other.Id.ToByteString())!;

    private static FileOffer Offer(Person from, ulong clock, TransferId id, params FileItem[] items) => new()
    {
        MessageId = ByteString.CopyFrom(from.Bytes(16)), Clock = clock, TransferId = id.ToByteString(), Items = { items }, ItemCount = (uint)items.Length,
        TotalSize = items.Aggregate(0UL, (sum, item) => sum + item.Blob.Size),
    };

    private static IReadOnlyList<MessageRecord> FileMessages(Person of, Person with) =>
        [.. of.Store.Messages(with.Id).Where(message => message.Kind == MessageKind.Files)];

    [Fact]
    public void Names_are_cleaned_previews_judged_and_first_bytes_tell()
    {
        var (alice, bob) = _world.Sending();
        var command = alice.Prepare(bob,
        [
            ("../../etc/passwd", alice.Bytes(5)), ("foto\u202Egpj.exe", [(byte)'M', (byte)'Z', .. alice.Bytes(100)]), ("foto.jpg.exe", alice.Bytes(5)),
            ("CON", alice.Bytes(5)), ("CON", alice.Bytes(5)), ("vero.png", "<html><script>alert(1)</script>"u8.ToArray()),
        ]);
        command.Items[0].Preview = new FilePreview { Picture = ByteString.CopyFromUtf8("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"), Width = 5, Height = 5 };
        command.Items[1].Folder.Add(["..", "a/b", "CON"]);
        command.Items[2].Kind = (FileKind)77;
        var id = alice.Send(command);
        Arrived(alice, bob, id);
        var files = bob.FileMessage(alice, id).File.Files;
        Assert.All(files, file => Assert.Equal(file.Name, FileName.Clean(file.Name).Value));
        Assert.Equal("passwd", files[0].Name);
        Assert.True(files[0].NameChanged);
        Assert.True(files[0].Preview.Picture.IsEmpty);
        Assert.DoesNotContain(files[1].Folder, part => part is ".." || part.Contains('/', StringComparison.Ordinal) || part == "CON");
        Assert.DoesNotContain('\u202E', files[1].Name);
        Assert.Equal(FileWarning.Program, files[1].Warning);
        Assert.True(files[2].DoubleExtension);
        Assert.Equal(FileKind.Unspecified, files[2].Kind);
        Assert.Equal(FileWarning.DisguisedProgram, files[2].Warning);
        Assert.NotEqual(files[3].Name, files[4].Name, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(FileWarning.TypeDiffers, files[5].Warning);
    }

    [Fact]
    public void An_offer_of_a_known_transfer_under_another_message_is_nothing()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(10));
        Say(alice, bob, new Content { File = Offer(alice, 50, id, new FileItem { Name = "other", Blob = new MemoryFile(alice.Bytes(20)).Blob }) });
        Assert.Single(FileMessages(bob, alice));
        bob.Want(id);
        _world.Pass(1_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void An_empty_file_of_another_root_is_refused_at_once()
    {
        var (alice, bob) = _world.Sending();
        var id = TransferId.Random(alice.Random);
        var root = new MemoryFile(alice.Bytes(5)).Id.Root.ToByteString();
        Say(alice, bob, new Content { File = Offer(alice, 50, id, new FileItem { Name = "empty", Blob = new FileBlob { Root = root } }) });
        Assert.Equal(FileOutcome.Refused, bob.EndOf(alice, id)?.Outcome);
        Assert.Empty(bob.Snapshot.Transfers);
    }

    [Fact]
    public void More_offers_than_a_person_looks_at_are_refused_by_themselves_and_both_ends_say_so()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        for (var i = 0; i < FileTransfers.MaxOffered; i++)
            alice.Send(bob, [(byte)i]);
        Assert.Equal(CommandRefusal.TooMany, alice.TrySend(alice.Prepare(bob, alice.Bytes(1))));
        var id = TransferId.Random(alice.Random);
        Say(alice, bob, new Content { File = Offer(alice, 500, id, new FileItem { Name = "one more", Blob = new MemoryFile([1]).Blob }) });
        Assert.Equal(FileOutcome.Refused, bob.EndOf(alice, id)?.Outcome);
        Assert.Equal(FileTransfers.MaxOffered, bob.Snapshot.Transfers.Count(view => view.State == TransferState.Offered));
    }

    [Fact]
    public void Nobody_else_ends_a_transfer_or_says_where_it_lies()
    {
        var (alice, bob) = _world.Sending();
        var carla = _world.Join("Carla", paths: true, files: true);
        World.Acquaint(carla, bob);
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(Chunk));
        Say(carla, bob, new Content { FileUpdate = new FileUpdate { TransferId = id.ToByteString(), End = new FileEnd { Outcome = FileOutcome.Cancelled } } });
        Assert.Equal(TransferState.Offered, bob.View(id).State);
        bob.Want(id);
        _world.Pass(1_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_sender_cannot_say_that_it_arrived()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(Chunk));
        Say(alice, bob, new Content
        {
            FileUpdate = new FileUpdate
            {
                TransferId = id.ToByteString(),
                End = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = Route.Direct, Bytes = Chunk } } },
            },
        });
        var end = bob.EndOf(alice, id);
        Assert.Equal(FileOutcome.Cancelled, end?.Outcome);
        Assert.Empty(end!.Shares);
    }

    [Fact]
    public void A_recipient_cannot_say_that_more_came_than_was_sent()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(Chunk));
        Say(bob, alice, new Content
        {
            FileUpdate = new FileUpdate
            {
                TransferId = id.ToByteString(),
                End = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = (Route)99, Bytes = 1UL << 49 } } },
            },
        });
        Assert.Empty(alice.EndOf(bob, id)!.Shares);
    }

    [Fact]
    public void Words_about_offers_that_never_come_take_little_and_an_offer_that_comes_late_is_told_them()
    {
        var (alice, bob) = _world.Sending();
        for (var i = 0; i < 200; i++)
        {
            var nothing = TransferId.Random(alice.Random).ToByteString();
            Say(alice, bob, new Content { FileUpdate = new FileUpdate { TransferId = nothing, Lost = new FileLost { Item = 1, Why = FileOutcome.SourceGone } } });
        }

        Assert.True(bob.Store.State.Count(row => row.Key.StartsWith("early/", StringComparison.Ordinal)) <= FileDesk.MostEarly);
        var id = TransferId.Random(alice.Random);
        var word = new Content { FileUpdate = new FileUpdate { TransferId = id.ToByteString(), End = new FileEnd { Outcome = FileOutcome.Cancelled } } };
        for (var i = 0; i < 100; i++)
            Say(alice, bob, word);
        bob.Restart();
        _world.Pass(3_000);
        Say(alice, bob, new Content { File = Offer(alice, 50, id, new FileItem { Name = "late", Blob = new MemoryFile([1]).Blob }) });
        _world.Pass(1_000);
        Assert.Equal(FileOutcome.Cancelled, bob.EndOf(alice, id)?.Outcome);
        Assert.DoesNotContain(bob.Store.State, row => row.Key == "early/" + id);
    }

    [Fact]
    public void An_offer_that_waits_for_a_look_into_the_store_is_shown_with_what_was_said_meanwhile()
    {
        var (alice, bob) = _world.Sending();
        bob.Write(alice, "so that the clocks are ahead");
        bob.HoldsFinds = true;
        var id = TransferId.Random(alice.Random);
        Say(alice, bob, new Content { File = Offer(alice, 1, id, new FileItem { Name = "old", Blob = new MemoryFile([1]).Blob }) });
        Say(alice, bob, new Content { FileUpdate = new FileUpdate { TransferId = id.ToByteString(), End = new FileEnd { Outcome = FileOutcome.SourceGone } } });
        Assert.Empty(FileMessages(bob, alice));
        bob.Stop();
        bob.HoldsFinds = false;
        bob.Restart();
        _world.Pass(3_000);
        Assert.Equal(FileOutcome.SourceGone, bob.EndOf(alice, id)?.Outcome);
    }

    [Fact]
    public void Wrong_bytes_end_it_after_a_few_and_nothing_of_them_counts()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Passing = message =>
        {
            if (message[0] == (byte)FileMessageKind.Piece)
                message[^1] ^= 1;
        };
        var id = alice.Send(bob, alice.Bytes(20 * Chunk));
        _world.Pass(60_000);
        var end = Agreed(alice, bob, id, FileOutcome.WrongBytes);
        Assert.Empty(end.Shares);
        Assert.Empty(bob.Files.Disk);
        Assert.True(_world.Line.Passed < 100, $"{_world.Line.Passed}");
    }

    [Fact]
    public void A_manifest_that_does_not_say_what_the_offer_said_ends_it()
    {
        var (alice, bob) = _world.Sending();
        var id = TransferId.Random(alice.Random);
        var lie = new MemoryFile(ManifestCodec.Write(new FileManifest { Items = { new FileItem { Name = "a", Blob = new MemoryFile([1]).Blob } } }));
        alice.Files.Sources[id] = [lie, new MemoryFile([1])];
        var offer = new FileOffer
        {
            MessageId = ByteString.CopyFrom(alice.Bytes(16)), Clock = 50, TransferId = id.ToByteString(), Manifest = lie.Blob, ItemCount = 2, TotalSize = 10,
        };
        _world.Act(alice, (parts, step) => parts.Files.Run(step, (machine, inner) => machine.Offered(
            inner, bob.Id, offer, outgoing: true, new FileManifest { Items = { new FileItem { Name = "a", Blob = new MemoryFile([1]).Blob } } })));
        Say(alice, bob, new Content { File = offer });
        _world.Pass(10_000);
        Assert.Equal(FileOutcome.BadManifest, bob.EndOf(alice, id)?.Outcome);
    }

    [Fact]
    public void Garbage_and_floods_on_the_channel_do_nothing()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var offered = alice.Send(bob, alice.Bytes(2 * Chunk));
        var random = new Random(4);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = new byte[1 + random.Next(300)];
            random.NextBytes(bytes);
            bytes[0] = (byte)random.Next(5);
            _world.Line.Send(alice.Files, bob.Id, default, bytes);
        }

        // What nobody asked for: all of the file, and wishes from the wrong end.
        alice.Files.Serve(bob.Id, offered, new ChunkRange { Item = 1, First = 0, Count = 2 }, pages: true);
        for (var i = 0; i < 300; i++)
        {
            alice.Files.SendControl(bob.Id, FileChannelCodec.Write(new FileFrame
            {
                TransferId = offered.ToByteString(), Want = new FileWant { Range = new ChunkRange { Item = 1, First = 0, Count = 1 } },
            }));
            bob.Files.SendControl(alice.Id, FileChannelCodec.Write(new FileFrame
            {
                TransferId = offered.ToByteString(), Want = new FileWant { Range = new ChunkRange { Item = 1, First = 0, Count = 2 } },
            }));
        }

        _world.Settle();
        _world.Pass(5_000);
        Assert.Empty(bob.Files.Disk);
        Assert.Equal(TransferState.Offered, bob.View(offered).State);
        bob.Want(offered);
        _world.Pass(60_000);
        Arrived(alice, bob, offered);
    }

    [Fact]
    public void What_somebody_who_is_not_accepted_offers_is_nothing()
    {
        var (alice, bob) = _world.Sending();
        bob.Do(new Command { SetBlocked = new SetBlocked { ContactId = alice.Id.ToByteString(), Blocked = true } });
        alice.Send(bob, alice.Bytes(10));
        _world.Pass(10_000);
        Assert.Empty(FileMessages(bob, alice));
        Assert.Empty(bob.Snapshot.Transfers);
        Assert.Equal(0, _world.Line.Passed);
    }
}
