using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>What a transfer of 20 GB, or of a folder of thousands of files, costs the engine: bytes kept, and bytes allocated in a step. Bounds of bytes, not of time.</summary>
public sealed class FileSizeTests(ITestOutputHelper output)
{
    private const long Large = 20L << 30;
    private const int StepBytes = 64 * 1024;

    private readonly World _world = new();
    private Person _bob = null!;
    private TransferId _id;
    private long _widest;
    private long _rows;
    private long _kept;

    [Fact]
    public void Twenty_gigabytes_in_order_cost_a_step_no_more_at_the_end_than_at_the_beginning()
    {
        Receiving([Blob(Large)]);
        for (var chunk = 0U; chunk < 81_920; chunk += 8)
            Verify(1, chunk, 8, chunk % 16 == 0);
        Cost(rows: 500, kept: 200_000);
        Assert.Equal(TransferState.Finishing, _bob.Engine.Parts.Files.Find(_id)!.Record.State);
    }

    [Fact]
    public void Twenty_gigabytes_that_come_from_both_ends_and_the_middle_stay_small()
    {
        Receiving([Blob(Large)]);
        for (var at = 0U; at < 20_480; at += 4)
        {
            Verify(1, at, 4, left: false);
            Verify(1, 81_920 - 4 - at, 4, left: true);
            Verify(1, 40_960 + at, 4, left: false);
        }

        Cost(rows: 500, kept: 200_000);
    }

    [Fact]
    public void Twenty_gigabytes_with_as_many_gaps_as_may_be_remembered_keep_a_bounded_row()
    {
        Receiving([Blob(Large)]);
        for (var chunk = 0U; chunk < 81_920; chunk += 8)
            Verify(1, chunk, 4, left: false);
        // 4,096 ranges of two numbers each.
        Cost(rows: 64 * 1024, kept: 32 * 1024 * 1024, step: 1024 * 1024);
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(10_000)]
    public void A_folder_of_thousands_of_files_costs_a_step_what_it_changes(int files)
    {
        Receiving([.. Enumerable.Range(0, files).Select(at => Blob(1 + (at * 37L % 100_000)))]);
        var items = _bob.Engine.Parts.Files.Find(_id)!.Layout.Items - 1;
        Assert.Equal(files, items);
        for (var item = 1U; item <= files; item++)
            Verify(item, 0, 1, item % 3 == 0);
        Cost(rows: 500, kept: 20_000);
        Assert.Equal(TransferState.Finishing, _bob.Engine.Parts.Files.Find(_id)!.Record.State);
    }

    [Fact]
    public void More_files_than_a_transfer_may_have_are_refused_before_anything_is_kept()
    {
        var (alice, bob) = _world.Sending();
        var command = new SendFiles
        {
            ContactId = bob.Id.ToByteString(), MessageId = ByteString.CopyFrom(alice.Random.Bytes(16)), TransferId = ByteString.CopyFrom(alice.Random.Bytes(16)),
            Items = { Enumerable.Range(0, 20_000).Select(at => new FileItem { Name = $"{at}", Blob = Blob(1) }) }, Manifest = Blob(1_000_000),
        };
        Assert.Equal(CommandRefusal.TooMany, alice.TrySend(command));
        Assert.Empty(alice.Snapshot.Transfers);
    }

    private FileBlob Blob(long size) => new() { Root = ByteString.CopyFrom(_world.People.Count == 0 ? new byte[32] : _world.People[0].Random.Bytes(32)), Size = (ulong)size };

    /// <summary>Bob wants it, and his engine stands alone from then on: what a driver would say is said to it.</summary>
    private void Receiving(IReadOnlyList<FileBlob> blobs)
    {
        var (alice, bob) = _world.Sending();
        _bob = bob;
        _id = TransferId.Random(alice.Random);
        var command = new SendFiles
        {
            ContactId = bob.Id.ToByteString(), MessageId = ByteString.CopyFrom(alice.Random.Bytes(16)), TransferId = _id.ToByteString(),
            Items = { blobs.Select((blob, at) => new FileItem { Name = $"folder/{at} with a name as files have them.jpeg", MediaType = "image/jpeg", Blob = blob }) },
        };
        byte[]? manifest = null;
        if (blobs.Count > 1)
        {
            manifest = ManifestCodec.Write(new FileManifest { Items = { command.Items } });
            command.Manifest = new FileBlob { Root = ByteString.CopyFrom(alice.Random.Bytes(32)), Size = (ulong)manifest.Length };
        }

        bob.WantNothingUnasked();
        alice.Send(command);
        _world.Pass(1_000);
        alice.Stop();
        bob.Want(_id);
        Tell(new FileEvent.DestinationReady(_id));
        if (manifest is not null)
        {
            Tell(new FileEvent.Verified(_id, new ChunkRange { Item = 0, First = 0, Count = (uint)new FileShape(manifest.Length).Chunks }, FileCarrier.Channel));
            Tell(new FileEvent.ManifestRead(_id, manifest));
            Tell(new FileEvent.DestinationReady(_id));
        }

        (_widest, _rows, _kept) = (0, 0, 0);
    }

    private void Verify(uint item, uint first, uint count, bool left) =>
        Tell(new FileEvent.Verified(_id, new ChunkRange { Item = item, First = first, Count = count }, left ? FileCarrier.DropOff : FileCarrier.Channel));

    private void Tell(FileEvent happened)
    {
        _world.Pass(5);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var step = _bob.Engine.Handle(new PeerInput.FileHappened(happened), _world.MomentOf(_bob));
        _widest = Math.Max(_widest, GC.GetAllocatedBytesForCurrentThread() - before);
        foreach (var row in step.Batch.State.Values)
        {
            _rows = Math.Max(_rows, row?.Length ?? 0);
            _kept += row?.Length ?? 0;
        }
    }

    private void Cost(long rows, long kept, int step = StepBytes)
    {
        output.WriteLine($"widest step {_widest:N0} bytes allocated, largest row {_rows:N0}, all rows {_kept:N0}");
        Assert.True(_rows <= rows, $"a row of {_rows} bytes");
        Assert.True(_kept <= kept, $"{_kept} bytes of rows in all");
        Assert.True(_widest <= step, $"a step allocates {_widest} bytes");
    }
}
