using Dapari.Server.Blobs;
using Dapari.Server.Storage.Journal;
using Dapari.Server.Storage.Operations;

namespace Dapari.Server.Storage;

/// <summary>What a copy of the store holds.</summary>
/// <param name="DatabaseBytes">Of the database.</param>
/// <param name="JournalBytes">Of the journal's segments together.</param>
internal readonly record struct StoreCopy(long DatabaseBytes, long JournalBytes);

/// <summary>
/// A copy of database and journal as they are at one moment between two commits, while the server runs: posts go on meanwhile. All that was answered before the call is in it.
/// </summary>
/// <remarks>
/// 1. The writer's thread, between two commits: the database's present state is held by a reading transaction, and the journal's present segments are closed and kept.
/// 2. Beside it: SQLite's own backup copies the database out of that transaction, and the segments are copied as far as they were written.
/// 3. The copies and their names are made durable, and the writer lets the segments go that were settled meanwhile.
/// Until then the database's log and the journal cannot shrink: a copy on a slow disk costs room.
/// </remarks>
internal static class StoreBackup
{
    /// <summary>Pages of the database between two looks at the cancellation.</summary>
    private const int Pages = 2048;

    /// <summary>Makes <c>dapari.db</c> and <c>journal/</c> in a folder. A server that starts on them goes on from there.</summary>
    /// <param name="writer">The running server's.</param>
    /// <param name="dataFolder">Where its database lies.</param>
    /// <param name="targetFolder">Is made if need be; holds no store yet. If this throws, what is in it is of no use.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="StorageException">The database or the journal cannot be read, the copy's database cannot be written, or there is a store in the folder.</exception>
    /// <exception cref="IOException">The copy cannot be written.</exception>
    public static async Task<StoreCopy> CopyAsync(Writer writer, string dataFolder, string targetFolder, CancellationToken cancellation)
    {
        var (database, journal) = (Path.Combine(targetFolder, "dapari.db"), Path.Combine(targetFolder, "journal"));
        if (File.Exists(database) || Directory.Exists(journal))
            throw new StorageException(0, $"there is a store in {targetFolder} already");
        Directory.CreateDirectory(journal);
        var begin = new BeginCopyOperation(Path.Combine(dataFolder, "dapari.db"));
        await writer.EnqueueAsync(begin, cancellation);
        // Not given up before it is there: whoever gets it lets it go.
        var moment = await begin.Completion;
        try
        {
            return await Task.Run(
                () =>
                {
                    using (moment.Database)
                        moment.Database.CopyTo(database, Pages, cancellation);
                    var journalBytes = 0L;
                    foreach (var segment in moment.Segments)
                        journalBytes += Copy(segment, Path.Combine(journal, segment.Name), cancellation);
                    var disk = new BlobDisk();
                    disk.FlushNames(journal);
                    disk.FlushNames(targetFolder);
                    return new StoreCopy(new FileInfo(database).Length, journalBytes);
                },
                CancellationToken.None);
        }
        finally
        {
            moment.Database.Dispose();
            try
            {
                await writer.EnqueueAsync(new EndCopyOperation(), CancellationToken.None);
            }
            catch (System.Threading.Channels.ChannelClosedException)
            {
                // The server ended: at its next start it removes what is settled.
            }
        }
    }

    private static long Copy(JournalSegment segment, string path, CancellationToken cancellation)
    {
        using var target = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[1024 * 1024];
        for (var at = 0L; at < segment.End;)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = segment.File.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, segment.End - at)), at);
            if (count == 0)
                throw new StorageException(0, $"the journal's {segment.Name} is shorter than it was");
            RandomAccess.Write(target, buffer.AsSpan(0, count), at);
            at += count;
        }

        RandomAccess.FlushToDisk(target);
        return segment.End;
    }
}
