using System.Buffers;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Server.Blobs.Places;

/// <summary>Drop-offs as files of a folder: this machine's own, or one that several share. Any thread.</summary>
internal sealed partial class FolderPlace(BlobFolder folder, bool isShared, BlobDisk disk, IBlobRows rows, ILogger logger) : IBlobPlace
{
    private readonly DiskGate _gate = new();

    public string? NotReady => null;

    public long FreeBytes => disk.FreeBytes(folder.Path);

    /// <summary>
    /// Files without a row go; what a file holds beyond its row is cut off, for it was never promised; where a file holds less than its row says (a disk
    /// that lied, a backup without its files), the row is put back, and the uploader may go on from there.
    /// </summary>
    public async Task<long> RecoverAsync()
    {
        var all = await rows.BlobsAsync(long.MaxValue, -1, CancellationToken.None);
        if (isShared) // Another machine may be writing to any of them just now.
            return all.Sum(row => row.Received);
        var orphans = folder.DeleteOthers(all.Select(row => BlobFolder.NameOf(row.File)).ToHashSet());
        var (cut, lost, stored) = (0, 0, 0L);
        foreach (var row in all)
        {
            var length = folder.LengthOf(row.File);
            if (length > row.Received)
            {
                folder.Truncate(row.File, row.Received);
                cut++;
            }
            else if (length < row.Received)
            {
                await rows.ResetBlobAsync(row.Id, Math.Max(0, length));
                lost++;
            }

            stored += Math.Clamp(length, 0, row.Received);
        }

        if (lost > 0)
            Lost(logger, lost);
        if (orphans + cut > 0)
            Recovered(logger, orphans, cut);
        return stored;
    }

    public ValueTask<BlobOpening> OpenToWriteAsync(BlobRow row, long length, CancellationToken cancellation) =>
        ValueTask.FromResult(new BlobOpening(BlobOpeningEnd.Open, new Writer(this, folder.OpenToWrite(row.File), isNamed: row.Received > 0)));

    public ValueTask<IBlobReader?> OpenToReadAsync(BlobRow row, long first, CancellationToken cancellation) =>
        ValueTask.FromResult<IBlobReader?>(folder.OpenToRead(row.File) is { } file ? new Reader(_gate, file) : null);

    public void Remove(byte[] file)
    {
        try
        {
            folder.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotRemoved(logger, e.Message); // The next start removes it.
        }
    }

    public ValueTask DisposeAsync()
    {
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(EventId = 1401, Level = LogLevel.Error, Message = "{Count} drop-offs hold less than was promised: the disk lost it, or a backup came without the folder of drop-offs.")]
    private static partial void Lost(ILogger logger, int count);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "Drop-offs: {Orphans} files without an entry were removed, {Cut} were cut to what had been confirmed.")]
    private static partial void Recovered(ILogger logger, int orphans, int cut);

    [LoggerMessage(EventId = 1403, Level = LogLevel.Warning, Message = "A drop-off's file could not be removed ({Detail}); the next start tries again.")]
    private static partial void NotRemoved(ILogger logger, string detail);

    private sealed class Writer(FolderPlace place, SafeFileHandle file, bool isNamed) : IBlobWriter
    {
        private bool _isNamed = isNamed;

        public long KeepEvery => 32 << 20;

        public long KeepBehind => 4 * KeepEvery;

        public long Whole(long position) => position;

        public async ValueTask WriteAsync(ReadOnlySequence<byte> bytes, long position)
        {
            var parts = new List<ReadOnlyMemory<byte>>();
            foreach (var part in bytes)
                parts.Add(part);
            await place._gate.RunAsync(() => place.Disk.Write(file, parts, position));
        }

        public Task FlushAsync(long position) => place._gate.FlushAsync(() =>
        {
            place.Disk.Flush(file);
            if (!_isNamed)
                place.Disk.FlushNames(place.Path);
            _isNamed = true;
        });

        public void Kept()
        {
        }

        public ValueTask DisposeAsync()
        {
            file.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private BlobDisk Disk => disk;

    private string Path => folder.Path;

    private sealed class Reader(DiskGate gate, SafeFileHandle file) : IBlobReader
    {
        public async ValueTask<int> ReadAsync(Memory<byte> memory, long position, CancellationToken cancellation)
        {
            var read = 0;
            await gate.RunAsync(() => read = RandomAccess.Read(file, memory.Span, position));
            return read;
        }

        public ValueTask DisposeAsync()
        {
            file.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
