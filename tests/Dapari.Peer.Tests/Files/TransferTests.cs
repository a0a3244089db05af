using Dapari.Peer.Engine;
using Dapari.Peer.Files;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Files;

/// <summary>One machine, told by hand.</summary>
public sealed class TransferTests
{
    private const int Chunk = FileShape.ChunkBytes;
    private static readonly ContactId _bob = Contact(2);
    private static readonly ByteString _root = ByteString.CopyFrom(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());

    private FileTransfers _machine = new();
    private readonly TransferId _id = Id(1);
    private long _now = 1_000;

    [Fact]
    public void Nothing_is_asked_for_before_the_person_wants_it_and_there_is_room()
    {
        Do(step => _machine.ChannelOpened(step, _bob, Route.Direct));
        Assert.Empty(Do(step => _machine.Offered(step, _bob, Offer(3 * Chunk), outgoing: false)).Effects);
        Assert.IsType<FileEffect.OpenDestination>(Assert.Single(Do(step => _machine.Want(step, _id)).Effects));
        var step = Do(step => _machine.Ready(step, _id));
        Assert.Equal(new ChunkRange { Item = 1, First = 0, Count = 3 }, Assert.Single(Wants(step)).Range);
        Assert.True(Wants(step)[0].Pages);
    }

    [Fact]
    public void All_that_is_asked_for_is_within_the_credit()
    {
        Receiving(1L << 50);
        Assert.Equal(FileCredit.Default.ByChannel, _machine.Find(_id)!.Direct.Count);
        var step = Do(step => _machine.Verified(step, _id, Range(0, 4), Route.Direct));
        Assert.Equal(4U, Assert.Single(Wants(step)).Range.Count);
        Assert.Equal(FileCredit.Default.ByChannel, _machine.Find(_id)!.Direct.Count);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(200)]
    [InlineData(FileCredit.MostByChannel)]
    public void A_driver_says_how_much_it_wants_under_way(int chunks)
    {
        _machine = new FileTransfers(null, new FileCredit(chunks, 2));
        Receiving(1L << 50);
        Assert.Equal(chunks, _machine.Find(_id)!.Direct.Count);
        Do(step => _machine.Verified(step, _id, Range(0, 4), Route.Direct));
        Assert.Equal(chunks, _machine.Find(_id)!.Direct.Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    public void A_driver_says_how_many_ranges_it_is_given(int ranges)
    {
        _machine = new FileTransfers(null, new FileCredit(FileCredit.MostByChannel, ranges));
        Sending(1_000 * Chunk);
        var served = 0;
        for (var i = 0U; i < 30; i++)
            served += Ask(i * 8, 8).Effects.Count(effect => effect is FileEffect.Serve);
        Assert.Equal(ranges, served);
    }

    [Fact]
    public void Wants_end_where_a_page_ends()
    {
        Receiving(600L * Chunk);
        var asked = new List<ChunkRange>();
        for (var chunk = 0U; chunk < 600 && _machine.Find(_id)!.Record.State == TransferState.Moving; chunk++)
            asked.AddRange(Wants(Do(step => _machine.Verified(step, _id, Range(chunk, 1), Route.Direct))).Select(want => want.Range));
        Assert.All(asked, range => Assert.Equal(range.First / 256, (range.First + range.Count - 1) / 256));
        Assert.Equal(TransferState.Finishing, _machine.Find(_id)!.Record.State);
    }

    [Fact]
    public void A_silent_sender_is_left_and_asked_again_later()
    {
        Receiving(10 * Chunk);
        Assert.Equal(_now + 15_000, _machine.NextDeadline);
        _now += 15_000;
        var stalled = Do(_machine.Tick);
        Assert.Contains(stalled.Effects, effect => effect is FileEffect.ExpectNothing);
        Assert.Contains(Frames(stalled), frame => frame.Drop is not null);
        Assert.Empty(Wants(stalled));
        Assert.Equal(_now + 5_000, _machine.NextDeadline);
        _now += 5_000;
        Assert.Equal(10, Wants(Do(_machine.Tick)).Sum(want => want.Range.Count));
        _now += 15_000;
        Do(_machine.Tick);
        Assert.Equal(_now + 10_000, _machine.NextDeadline);
    }

    [Fact]
    public void A_lying_sender_costs_an_item_and_then_the_transfer()
    {
        Receiving(Chunk, Chunk, Chunk, Chunk, Chunk);
        for (var item = 1U; item <= 3; item++)
        {
            for (var time = 0; time < FileTransfers.MaxWrong; time++)
            {
                var step = Do(step => _machine.Wrong(step, _id, new ChunkRange { Item = item, Count = 1 }, Route.Direct));
                var transfer = _machine.Find(_id)!;
                var times = ((item - 1) * FileTransfers.MaxWrong) + time + 1;
                if (times == FileTransfers.MaxWrongInAll)
                {
                    Assert.Equal(FileOutcome.WrongBytes, transfer.Record.End.Outcome);
                    Assert.Equal(FileOutcome.WrongBytes, Assert.Single(step.Letters).Update.End.Outcome);
                    return;
                }

                Assert.False(transfer.IsOver);
                Assert.Equal(time == FileTransfers.MaxWrong - 1 ? (int)item : (int)item - 1, transfer.Record.Lost.Count);
            }
        }

        Assert.Fail("The transfer goes on.");
    }

    [Fact]
    public void The_rest_arrives_when_an_item_is_lost()
    {
        Receiving(Chunk, 2 * Chunk, Chunk);
        Do(step => _machine.Told(step, _bob, new FileUpdate { TransferId = _id.ToByteString(), Lost = new FileLost { Item = 2, Why = FileOutcome.SourceChanged } }));
        Do(step => _machine.Verified(step, _id, new ChunkRange { Item = 1, Count = 1 }, Route.Direct));
        Do(step => _machine.Verified(step, _id, new ChunkRange { Item = 3, Count = 1 }, Route.Relay));
        var end = Assert.Single(Do(step => _machine.Finished(step, _id)).Letters).Update.End;
        Assert.Equal((FileOutcome.Arrived, 1U), (end.Outcome, end.ItemsLost));
        Assert.Equal([(Route.Direct, (ulong)Chunk), (Route.Relay, Chunk)], end.Shares.Select(share => (share.Route, share.Bytes)));
    }

    [Fact]
    public void What_came_by_https_is_told_within_the_direct_share()
    {
        Receiving(4 * Chunk);
        Do(step => _machine.Verified(step, _id, Range(0, 1), Route.Direct));
        Do(step => _machine.Verified(step, _id, Range(1, 2), Route.Direct, byHttps: true));
        // What comes twice counts once, as it came first.
        Do(step => _machine.Verified(step, _id, Range(0, 1), Route.Direct, byHttps: true));
        Do(step => _machine.Verified(step, _id, Range(3, 1), Route.Relay));
        var end = Assert.Single(Do(step => _machine.Finished(step, _id)).Letters).Update.End;
        Assert.Equal([(Route.Direct, (ulong)3 * Chunk, (ulong)2 * Chunk), (Route.Relay, Chunk, 0)], end.Shares.Select(share => (share.Route, share.Bytes, share.HttpsBytes)));
    }

    [Theory]
    [InlineData(Route.Direct, Chunk, true)]
    [InlineData(Route.Direct, Chunk + 1, false)]
    [InlineData(Route.Relay, 1, false)]
    public void A_sender_believes_no_more_by_https_than_went_directly(Route route, ulong https, bool good)
    {
        Do(step => _machine.Offered(step, _bob, Offer(2 * Chunk), outgoing: true));
        var end = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = route, Bytes = Chunk, HttpsBytes = https } } };
        Do(step => _machine.Told(step, _bob, new FileUpdate { TransferId = _id.ToByteString(), End = end }));
        Assert.Equal(good, _machine.Find(_id)!.Record.End.Equals(end));
        Assert.Equal(FileOutcome.Arrived, _machine.Find(_id)!.Record.End.Outcome);
    }

    [Fact]
    public void A_manifest_that_lies_ends_it()
    {
        var manifest = ManifestCodec.Write(new FileManifest { Items = { Item(5), Item(6) } });
        Do(step => _machine.ChannelOpened(step, _bob, Route.Direct));
        var offer = new FileOffer
        {
            MessageId = _id.ToByteString(), TransferId = _id.ToByteString(), ItemCount = 2, TotalSize = 12, Manifest = new FileBlob { Root = _root, Size = (ulong)manifest.Length },
        };
        Do(step => Assert.True(_machine.Offered(step, _bob, offer, outgoing: false)));
        Do(step => _machine.Want(step, _id));
        Do(step => _machine.Ready(step, _id));
        var read = Do(step => _machine.Verified(step, _id, new ChunkRange { Item = 0, Count = 1 }, Route.Direct));
        Assert.Contains(read.Effects, effect => effect is FileEffect.ReadManifest);
        var ended = Do(step => _machine.ManifestRead(step, _id, manifest));
        Assert.Equal(FileOutcome.BadManifest, Assert.Single(ended.Letters).Update.End.Outcome);
        Assert.Contains(ended.Effects, effect => effect is FileEffect.Release);
    }

    [Fact]
    public void A_full_destination_waits_for_the_person()
    {
        Receiving(10 * Chunk);
        var full = Do(step => _machine.DestinationFailed(step, _id, TransferTrouble.NoRoom));
        Assert.Contains(Frames(full), frame => frame.Drop is not null);
        Assert.Empty(Wants(Do(_machine.Tick)));
        Assert.Contains(Do(step => _machine.Resume(step, _id)).Effects, effect => effect is FileEffect.OpenDestination);
        Assert.Equal(10, Wants(Do(step => _machine.Ready(step, _id))).Sum(want => want.Range.Count));
    }

    [Fact]
    public void Evicted_storage_is_filled_anew()
    {
        Receiving(4 * Chunk);
        Do(step => _machine.Verified(step, _id, Range(0, 2), Route.Direct));
        Do(step => _machine.DestinationFailed(step, _id, TransferTrouble.StorageFailed, lost: true));
        Do(step => _machine.Resume(step, _id));
        Assert.Equal(4, Wants(Do(step => _machine.Ready(step, _id))).Sum(want => want.Range.Count));
    }

    [Fact]
    public void A_call_goes_first()
    {
        Receiving(100 * Chunk);
        var calm = Do(step => _machine.CallChanged(step, true));
        Assert.Contains(calm.Effects, effect => effect is FileEffect.GoEasy(true));
        Assert.Equal(1, _machine.Find(_id)!.Direct.Count);
        _now += 300;
        // A chunk took 300 ms: the line rests 600.
        Assert.Empty(Wants(Do(step => _machine.Verified(step, _id, Range(0, 1), Route.Direct))));
        Assert.Equal(_now + 600, _machine.NextDeadline);
        _now += 600;
        Assert.Equal(1U, Assert.Single(Wants(Do(_machine.Tick))).Range.Count);
        Assert.Equal(FileCredit.Default.ByChannel - 1, Wants(Do(step => _machine.CallChanged(step, false))).Sum(want => want.Range.Count));
    }

    [Fact]
    public void A_sender_in_a_call_gives_a_chunk_at_a_time()
    {
        Sending(100 * Chunk);
        Do(step => _machine.CallChanged(step, true));
        var serve = Assert.IsType<FileEffect.Serve>(Assert.Single(Ask(0, 8).Effects));
        Assert.Equal(1U, serve.Range.Count);
        _now += 100;
        Assert.Empty(Do(step => _machine.Served(step, _bob, _id, serve.Range)).Effects);
        Assert.Equal(_now + 200, _machine.NextDeadline);
        _now += 200;
        Assert.Equal(Range(1, 1), Assert.IsType<FileEffect.Serve>(Assert.Single(Do(_machine.Tick).Effects)).Range);
    }

    [Fact]
    public void Who_asks_for_more_than_the_credit_is_told_so_and_gets_nothing()
    {
        Sending(1_000 * Chunk);
        for (var i = 0U; i < 64; i++)
            Ask(i * 8, 8);
        Assert.True(_machine.Find(_id)!.WantedChunks <= FileTransfers.MaxWanted);
        var step = Ask(512, 250);
        Assert.Equal(FileStopReason.TooMuch, Assert.Single(Frames(step)).Stop.Reason);
        Assert.Equal(0, _machine.Find(_id)!.WantedChunks);
        Assert.Contains(step.Effects, effect => effect is FileEffect.StopServing);
    }

    [Fact]
    public void What_the_transfer_does_not_have_is_not_given()
    {
        Sending(10 * Chunk);
        Assert.Empty(Ask(10, 1).Effects);
        Assert.Empty(Do(step => _machine.FrameArrived(step, _bob, Want(_id, 2, 0, 1))).Effects);
        Assert.Equal(FileStopReason.UnknownTransfer, Assert.Single(Frames(Do(step => _machine.FrameArrived(step, _bob, Want(Id(9), 1, 0, 1))))).Stop.Reason);
        // Another contact's transfer is unknown to them, too.
        Do(step => _machine.ChannelOpened(step, Contact(3), Route.Direct));
        Assert.Equal(FileStopReason.UnknownTransfer, Assert.Single(Frames(Do(step => _machine.FrameArrived(step, Contact(3), Want(_id, 1, 0, 1))))).Stop.Reason);
    }

    [Fact]
    public void Both_ends_come_to_one_end_whoever_was_first()
    {
        Sending(2 * Chunk);
        Assert.Equal(FileOutcome.Cancelled, Assert.Single(Do(step => _machine.Cancel(step, _id)).Letters).Update.End.Outcome);
        var arrived = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = Route.Direct, Bytes = 2 * Chunk } } };
        Do(step => _machine.Told(step, _bob, new FileUpdate { TransferId = _id.ToByteString(), End = arrived }));
        Assert.Equal(arrived, _machine.Find(_id)!.Record.End);
    }

    [Fact]
    public void A_recipient_cannot_say_more_bytes_than_were_offered()
    {
        Sending(2 * Chunk);
        var arrived = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = Route.Direct, Bytes = (2 * Chunk) + 1 } } };
        Do(step => _machine.Told(step, _bob, new FileUpdate { TransferId = _id.ToByteString(), End = arrived }));
        Assert.Equal(FileOutcome.Arrived, _machine.Find(_id)!.Record.End.Outcome);
        Assert.Empty(_machine.Find(_id)!.Record.End.Shares);
    }

    [Fact]
    public void Empty_files_need_no_channel_and_a_false_one_is_no_offer()
    {
        var offer = Offer(0);
        Do(step => Assert.False(_machine.Offered(step, _bob, offer, outgoing: false)));
        offer.Items[0].Blob.Root = FileHash.Empty.ToByteString();
        Do(step => Assert.True(_machine.Offered(step, _bob, offer, outgoing: false)));
        Do(step => _machine.Want(step, _id));
        Assert.Contains(Do(step => _machine.Ready(step, _id)).Effects, effect => effect is FileEffect.Finish);
    }

    [Fact]
    public void A_contact_cannot_offer_without_end()
    {
        for (var i = 0; i < FileTransfers.MaxOffered + 5; i++)
        {
            var offer = Offer(Chunk);
            offer.TransferId = Id(100 + i).ToByteString();
            var taken = false;
            Do(step => taken = _machine.Offered(step, _bob, offer, outgoing: false));
            Assert.Equal(i < FileTransfers.MaxOffered, taken);
        }
    }

    [Fact]
    public void Source_not_ready_holds_back_until_it_is_chosen_again()
    {
        Sending(4 * Chunk);
        Assert.Equal(FileStopReason.NotReady, Assert.Single(Frames(Do(step => _machine.SourceReady(step, _id, false)))).Stop.Reason);
        Assert.Equal(FileStopReason.NotReady, Assert.Single(Frames(Ask(0, 1))).Stop.Reason);
        Assert.NotNull(Assert.Single(Frames(Do(step => _machine.SourceReady(step, _id, true)))).Ready);
        Assert.IsType<FileEffect.Serve>(Assert.Single(Ask(0, 1).Effects));
    }

    private static ContactId Contact(byte number)
    {
        ContactId.TryRead(Enumerable.Repeat(number, ContactId.Length).ToArray(), out var id);
        return id;
    }

    private static TransferId Id(int number)
    {
        TransferId.TryRead([.. new byte[12], .. BitConverter.GetBytes(number)], out var id);
        return id;
    }

    private static ChunkRange Range(uint first, uint count) => new() { Item = 1, First = first, Count = count };

    private static FileItem Item(long size) => new() { Name = "a", Blob = new FileBlob { Root = _root, Size = (ulong)size } };

    private static FileFrame Want(TransferId id, uint item, uint first, uint count) =>
        new() { TransferId = id.ToByteString(), Want = new FileWant { Range = new ChunkRange { Item = item, First = first, Count = count } } };

    private static List<FileFrame> Frames(FileStep step) => [.. step.Effects.OfType<FileEffect.SendFrame>().Select(send => send.Frame)];

    private static List<FileWant> Wants(FileStep step) => [.. Frames(step).Where(frame => frame.Want is not null).Select(frame => frame.Want)];

    private FileOffer Offer(params long[] sizes) => new()
    {
        MessageId = _id.ToByteString(), TransferId = _id.ToByteString(), ItemCount = (uint)sizes.Length, TotalSize = (ulong)sizes.Sum(), Items = { sizes.Select(Item) },
    };

    private FileStep Do(Action<FileStep> what)
    {
        var step = new FileStep(new Moment(_now, 1_800_000_000_000 + _now));
        what(step);
        return step;
    }

    private FileStep Ask(uint first, uint count) => Do(step => _machine.FrameArrived(step, _bob, Want(_id, 1, first, count)));

    private void Receiving(params long[] sizes)
    {
        Do(step => _machine.ChannelOpened(step, _bob, Route.Direct));
        Do(step => Assert.True(_machine.Offered(step, _bob, Offer(sizes), outgoing: false)));
        Do(step => _machine.Want(step, _id));
        Do(step => _machine.Ready(step, _id));
    }

    private void Sending(params long[] sizes)
    {
        Do(step => _machine.ChannelOpened(step, _bob, Route.Direct));
        Do(step => Assert.True(_machine.Offered(step, _bob, Offer(sizes), outgoing: true)));
    }
}
