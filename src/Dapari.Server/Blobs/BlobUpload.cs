using System.Buffers;
using System.IO.Pipelines;
using Dapari.Server.Blobs.Places;
using Dapari.Server.Storage;

namespace Dapari.Server.Blobs;

/// <summary>How an upload ended. Whatever it was, what had come is kept where the disk could.</summary>
internal enum UploadEnd
{
    /// <summary>All that was announced is durable.</summary>
    Done,

    /// <summary>The connection broke.</summary>
    Broken,

    /// <summary>A piece took too long.</summary>
    TooSlow,

    /// <summary>A newer upload, a removal or the server's end wanted the turn.</summary>
    Stopped,

    /// <summary>The server's cap, the disk's reserve or the disk itself.</summary>
    Full,

    /// <summary>The disk or the database failed.</summary>
    Failed,

    /// <summary>Where the bytes lie does not answer now.</summary>
    Away,

    /// <summary>The drop-off was removed meanwhile.</summary>
    Gone,
}

/// <summary>
/// One request's body into a drop-off's file:
/// 1. a piece is gathered from the connection, and no more than two are ever held;
/// 2. written where it belongs;
/// 3. every <see cref="IBlobWriter.KeepEvery"/> bytes they are made durable and the row moved on while more comes in, so that a crash loses little and the end waits little;
/// 4. at the end, whatever end it is, the rest is made durable.
/// </summary>
internal sealed class BlobUpload(BlobStore store, BlobRow row, IBlobWriter writer, PipeReader body)
{
    /// <summary>The disk's free space is asked for after so many bytes.</summary>
    private const long AskEvery = 1 << 20;

    private long _position = row.Received;
    private long _flushing = row.Received;
    private long _asked;
    private Task<UploadEnd> _flush = Task.FromResult(UploadEnd.Done);
    private volatile bool _late;

    /// <summary>What is durable.</summary>
    public long Kept { get; private set; } = row.Received;

    /// <summary>Takes the body in. Never throws for what the network, the disk or the database do.</summary>
    /// <param name="length">Of the body.</param>
    /// <param name="stop">Ends it early.</param>
    public async Task<UploadEnd> RunAsync(long length, CancellationToken stop)
    {
        var end = await ReceiveAsync(length, stop);
        var kept = await _flush;
        // Step 4. After a flush that failed, nothing more of this file is believed until it is written again.
        if (kept == UploadEnd.Done && _position > Kept)
            kept = await KeepAsync(_position);
        store.Uncount(_position - Kept);
        return kept == UploadEnd.Done ? end : kept;
    }

    private async Task<UploadEnd> ReceiveAsync(long length, CancellationToken stop)
    {
        await using var deadline = store.Time.CreateTimer(_ =>
        {
            _late = true;
            body.CancelPendingRead();
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var stopping = stop.Register(body.CancelPendingRead);
        var end = _position + length;
        while (_position < end)
        {
            if (stop.IsCancellationRequested)
                return UploadEnd.Stopped;
            deadline.Change(store.Serving.PieceDeadline, Timeout.InfiniteTimeSpan);
            ReadResult read;
            try
            {
                read = await GatherAsync((int)Math.Min(BlobStore.PieceBytes, end - _position));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
            {
                return UploadEnd.Broken; // Kestrel's ways to say that the connection is gone, or was not HTTP any more.
            }

            deadline.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, end - _position));
            var wrote = await WriteAsync(piece);
            body.AdvanceTo(piece.End);
            if (wrote != UploadEnd.Done)
                return wrote;
            if (read.IsCanceled)
                return _late ? UploadEnd.TooSlow : UploadEnd.Stopped;
            if (read.IsCompleted && _position < end)
                return UploadEnd.Broken;
            wrote = await KeepUpAsync();
            if (wrote != UploadEnd.Done)
                return wrote;
        }

        return UploadEnd.Done;
    }

    /// <summary>Step 1.</summary>
    private async Task<ReadResult> GatherAsync(int least)
    {
        while (true)
        {
            var read = await body.ReadAsync();
            if (read.Buffer.Length >= least || read.IsCompleted || read.IsCanceled)
                return read;
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Step 2.</summary>
    private async Task<UploadEnd> WriteAsync(ReadOnlySequence<byte> piece)
    {
        if (piece.IsEmpty)
            return UploadEnd.Done;
        try
        {
            if (_position >= _asked)
            {
                _asked = _position + AskEvery;
                if (store.Place.FreeBytes - store.Serving.ReserveBytes < AskEvery)
                    return UploadEnd.Full;
            }

            if (!store.TryCount(piece.Length))
                return UploadEnd.Full;
            try
            {
                await writer.WriteAsync(piece, _position);
            }
            catch
            {
                store.Uncount(piece.Length);
                throw;
            }

            _position += piece.Length;
            return UploadEnd.Done;
        }
        catch (IOException e)
        {
            return EndOf(e);
        }
    }

    /// <summary>Step 3.</summary>
    private async ValueTask<UploadEnd> KeepUpAsync()
    {
        if (_flush.IsCompleted || _position - writer.Whole(Kept) >= writer.KeepBehind)
        {
            var last = await _flush;
            if (last != UploadEnd.Done)
                return last;
            var whole = writer.Whole(_position);
            if (whole - _flushing >= writer.KeepEvery)
            {
                _flushing = whole;
                _flush = KeepAsync(whole);
            }
        }

        return UploadEnd.Done;
    }

    private async Task<UploadEnd> KeepAsync(long position)
    {
        try
        {
            if (!await store.KeepAsync(row, writer, position))
                return UploadEnd.Gone;
            Kept = position;
            return UploadEnd.Done;
        }
        catch (IOException e)
        {
            return EndOf(e);
        }
        catch (StorageException)
        {
            return UploadEnd.Failed; // The writer logged why.
        }
    }

    /// <summary>.NET gives the system's error number, or on Windows the code, in HResult.</summary>
    private static UploadEnd EndOf(IOException e)
    {
        if (e is PlaceAwayException)
            return UploadEnd.Away;
        const int NoSpace = 28, QuotaExceeded = 122; // ENOSPC, EDQUOT on Linux.
        const int WindowsDiskFull = unchecked((int)0x80070070);
        return e.HResult is NoSpace or QuotaExceeded or WindowsDiskFull ? UploadEnd.Full : UploadEnd.Failed;
    }
}
