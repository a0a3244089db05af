using Dapari.Node.Files;
using Dapari.Node.Files.Storage;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>What a recipient does with chunks when its disk, or who sends, does not do as hoped.</summary>
public sealed class DestinationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-destination-").FullName;
    private readonly Told _told = new();
    private readonly byte[] _bytes = [.. Enumerable.Range(0, 5 * FileShape.ChunkBytes).Select(i => unchecked((byte)((i * 31) ^ (i >> 11))))];

    [Fact]
    public async Task Chunks_are_kept_and_told_and_wrong_ones_are_not()
    {
        using var destination = Open("good");
        destination.Take(1, 0, Chunk(1), FileCarrier.Channel);
        Assert.Equal(1u, Assert.Single(_told.Wrongs).Count);
        for (var chunk = 0; chunk < 5; chunk++)
            destination.Take(1, chunk, Chunk(chunk), FileHash.Leaf(Chunk(chunk)), chunk is 1 or 2 ? FileCarrier.Https : FileCarrier.Channel);
        await Waiting.UntilAsync("all are told", () => Task.FromResult(_told.Chunks == 5));
        Assert.Equal(2, _told.ByHttps);
        Assert.Equal(_bytes, await File.ReadAllBytesAsync(Path.Combine(_folder, "good", "1"), TestContext.Current.CancellationToken));
        Assert.Empty(_told.Troubles);
    }

    [Fact]
    public async Task A_disk_that_is_full_is_told_once_and_others_go_on()
    {
        using var full = Open("full");
        // Whatever is written there finds no room: full(4) of Linux.
        File.Delete(Path.Combine(_folder, "full", "1"));
        File.CreateSymbolicLink(Path.Combine(_folder, "full", "1"), "/dev/full");
        for (var chunk = 0; chunk < 5; chunk++)
            full.Take(1, chunk, Chunk(chunk), FileCarrier.Channel);
        Assert.Equal((TransferTrouble.NoRoom, false), Assert.Single(_told.Troubles));
        Assert.Equal(0, _told.Chunks);
        using var other = Open("other");
        other.Take(1, 3, Chunk(3), FileCarrier.Channel);
        await Waiting.UntilAsync("the other's chunk is told", () => Task.FromResult(_told.Chunks == 1));
        Assert.Single(_told.Troubles);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ReadOnlySpan<byte> Chunk(int chunk) => _bytes.AsSpan(chunk * FileShape.ChunkBytes, FileShape.ChunkBytes);

    private Destination Open(string name)
    {
        byte[] page = [];
        var hasher = new FileHasher(null, (_, hashes) => page = hashes.ToArray());
        hasher.Append(_bytes);
        var id = hasher.Finish();
        var destination = Destination.Open(Path.Combine(_folder, name), TransferId.Random(RandomSource.System), [new FileId(FileHash.Empty, new FileShape(0)), id], _told, TimeProvider.System, out var isNew);
        Assert.True(isNew);
        Assert.True(destination.AddPage(1, new TreePage(1, 0), page));
        return destination;
    }

    private sealed class Told : IFileNews
    {
        private int _chunks;

        public int Chunks => Volatile.Read(ref _chunks);

        public int ByHttps { get; private set; }

        public List<ChunkRange> Wrongs { get; } = [];

        public List<(TransferTrouble Trouble, bool Lost)> Troubles { get; } = [];

        public void DestinationFailed(TransferId transfer, TransferTrouble trouble, bool lost) => Troubles.Add((trouble, lost));

        public void Verified(TransferId transfer, ChunkRange range, FileCarrier carrier)
        {
            ByHttps += carrier == FileCarrier.Https ? (int)range.Count : 0;
            Interlocked.Add(ref _chunks, (int)range.Count);
        }

        public void Wrong(TransferId transfer, ChunkRange range, bool fromDropOff) => Wrongs.Add(range);

        public void FetchFailed(TransferId transfer, ByteString blob, bool gone) => throw new NotSupportedException();

        public void Served(ContactId contact, TransferId transfer, ChunkRange range) => throw new NotSupportedException();

        public void SourceFailed(TransferId transfer, int item, bool changed) => throw new NotSupportedException();

        public void Uploaded(TransferId transfer, ulong bytes) => throw new NotSupportedException();

        public void LeftAtServer(TransferId transfer, DropOff? dropOff) => throw new NotSupportedException();

        public void UploadFailed(TransferId transfer, UploadFault fault) => throw new NotSupportedException();
    }
}
