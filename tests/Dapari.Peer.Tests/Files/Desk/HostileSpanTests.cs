using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Chunk lists that overlap, never end or lie, and words without number: the file arrives all the same, and nothing grows.</summary>
public sealed class HostileSpanTests
{
    private const ulong Endless = (FileShape.MaxSize / FileShape.ChunkBytes) - 100;

    private readonly World _world = new();

    [Fact]
    public void Overlapping_and_endless_drop_offs_are_tried_and_given_up_and_it_comes_directly()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 3;
        var id = alice.Send(bob, alice.Bytes(6 * Chunk), alice.Bytes(3 * Chunk));
        _world.Pass(500);
        List<ChunkSpan>[] lists =
        [
            [new ChunkSpan { First = 0, Count = Endless }],
            [new ChunkSpan { First = 2, Count = 4 }, new ChunkSpan { First = 0, Count = 9 }, new ChunkSpan { First = 3, Count = 1 }],
            [.. Enumerable.Repeat(new ChunkSpan { First = 1, Count = 8 }, WireLimits.DropOffSpans)],
            [new ChunkSpan { First = Endless - 1, Count = 1 }],
        ];
        foreach (var spans in lists)
            Say(alice, bob, id, new FileUpdate { DropOff = Nowhere(alice, spans) });
        Assert.InRange(bob.View(id).AtServerBytes, 0UL, bob.View(id).TotalBytes);
        _world.Pass(60_000);
        Assert.InRange(bob.View(id).AtServerBytes, 0UL, bob.View(id).TotalBytes);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(240_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void What_is_promised_to_lie_at_a_server_and_does_not_comes_by_the_channel()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 3;
        var id = alice.Send(bob, alice.Bytes(6 * Chunk));
        _world.Pass(500);
        for (var i = 0; i < 2_000; i++)
        {
            alice.Files.SendControl(bob.Id, FileChannelCodec.Write(new FileFrame
            {
                TransferId = id.ToByteString(),
                Ready = new FileReady { AtServer = { new ChunkSpan { First = (ulong)(i % 4), Count = Endless }, new ChunkSpan { First = 0, Count = 3 } } },
            }));
        }

        _world.Line.Pieces = int.MaxValue;
        _world.Pass(120_000);
        Assert.Equal([Route.Direct], Arrived(alice, bob, id).Keys);
    }

    [Fact]
    public void Words_about_a_transfer_without_number_change_its_row_only_so_often()
    {
        var (alice, bob) = _world.Sending();
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(2 * Chunk));
        _world.Pass(500);
        for (var i = 0; i < 100; i++)
        {
            Say(alice, bob, id, new FileUpdate { DropOff = Nowhere(alice, [new ChunkSpan { First = 0, Count = 1 }]) });
            Say(alice, bob, id, new FileUpdate { Lost = new FileLost { Item = (uint)i + 2, Why = FileOutcome.SourceGone } });
            Say(alice, bob, id, new FileUpdate { DropOffGone = ByteString.CopyFrom(alice.Random.Bytes(16)) });
        }

        var transfer = bob.Engine.Parts.Files.Find(id)!;
        Assert.Equal(WireLimits.FileShares, transfer.Record.DropOffs.Count);
        Assert.Empty(transfer.Record.Lost);
        bob.Want(id);
        _world.Pass(240_000);
        Arrived(alice, bob, id);
    }

    [Fact]
    public void A_peer_that_promises_and_gives_nothing_is_left_alone_more_and_more()
    {
        var (alice, bob) = _world.Sending();
        _world.Line.Pieces = 0;
        var id = alice.Send(bob, alice.Bytes(4 * Chunk));
        var before = bob.Effects.Count;
        _world.Pass(10 * 60_000);
        // Asked again after 5, 10, 20, 40 s and then every minute, each time after 15 s of silence.
        Assert.InRange(bob.Effects.Skip(before).Count(effect => effect is Engine.PeerEffect.DoFile { Order: Hosting.FileOrder.Expect }), 4, 20);
        Assert.Equal(Store.TransferTrouble.Stalled, bob.View(id).Trouble);
        _world.Line.Pieces = int.MaxValue;
        _world.Pass(120_000);
        Arrived(alice, bob, id);
    }

    private static DropOff Nowhere(Person alice, IEnumerable<ChunkSpan> spans) => new()
    {
        Server = World.Home, BlobId = BlobId.Random(alice.Random).ToByteString(), ReadToken = BlobToken.Random(alice.Random).ToByteString(),
        Key = ByteString.CopyFrom(alice.Random.Bytes(32)), KeepDays = 14, Spans = { spans },
    };

    private void Say(Person from, Person to, TransferId id, FileUpdate update)
    {
        update.TransferId = id.ToByteString();
        Assert.True(update.KindCase == FileUpdate.KindOneofCase.Lost || FileCheck.Check(update) == ContentFault.None, "well-formed, or it is nothing");
        _world.Act(from, (parts, step) => parts.Outbox.SendSetUp(step, parts.State.Contacts[to.Id], new Content { FileUpdate = update }));
    }
}
