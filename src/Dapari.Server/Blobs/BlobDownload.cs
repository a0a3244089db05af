using System.IO.Pipelines;
using Dapari.Server.Blobs.Places;

namespace Dapari.Server.Blobs;

/// <summary>
/// A part of a drop-off's file into an answer, piece by piece, straight into the connection's memory. Kestrel's SendFileAsync reads by pieces of 16 KiB
/// through a buffer of its own; it has no call of the system's either.
/// </summary>
internal static class BlobDownload
{
    /// <summary>False: the other side or the place did not keep up, and the answer is not whole.</summary>
    public static async Task<bool> RunAsync(BlobStore store, IBlobReader reader, long first, long count, PipeWriter body, Action abort, CancellationToken gone)
    {
        await using var deadline = store.Time.CreateTimer(_ => abort(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var end = first + count;
        while (first < end)
        {
            var want = (int)Math.Min(BlobStore.PieceBytes, end - first);
            var read = await reader.ReadAsync(body.GetMemory(want)[..want], first, gone);
            if (read == 0)
                return false;
            body.Advance(read);
            first += read;
            deadline.Change(store.Serving.PieceDeadline, Timeout.InfiniteTimeSpan);
            var flushed = await body.FlushAsync(gone);
            if (flushed.IsCompleted || flushed.IsCanceled)
                return false;
            deadline.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        return true;
    }
}
