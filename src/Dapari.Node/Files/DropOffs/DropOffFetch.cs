using System.Net;
using System.Net.Http.Headers;
using Dapari.Node.Files.Storage;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.DropOffs;

/// <summary>Fetches chunks of one item under one page of leaves out of a drop-off, opens them and gives them to the destination; one run.</summary>
/// <param name="transfer">Which.</param>
/// <param name="dropOff">Where.</param>
/// <param name="range">What.</param>
/// <param name="http">Asks.</param>
/// <param name="books">The destination.</param>
internal sealed class DropOffFetch(TransferId transfer, DropOff dropOff, ChunkRange range, DropOffHttp http, FileBooks books)
{
    // Nothing for so long: the line is dead.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private bool _wrong;

    /// <summary>Runs until all was given, it fails (which is told), or it is stopped (which is not). Never throws but a bug.</summary>
    /// <param name="time">For the limit on waiting.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        try
        {
            var (done, gone) = await FetchAsync(time, stop);
            if (!done && !stop.IsCancellationRequested)
                books.News.FetchFailed(transfer, dropOff.BlobId, gone);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            if (!stop.IsCancellationRequested)
                books.News.FetchFailed(transfer, dropOff.BlobId, false);
        }
    }

    private async Task<(bool Done, bool Gone)> FetchAsync(TimeProvider time, CancellationToken stop)
    {
        if (books.Destination(transfer) is not { } destination)
            return (false, false);
        var (item, first, end) = ((int)range.Item, (long)range.First, (long)range.First + range.Count);
        // A drop-off that does not hold what its spans say is as good as none.
        if (new DropOffPlan(destination.Place.Items, dropOff.Spans).Runs.FirstOrDefault(one => one.Item == item && one.First <= first && end <= one.End) is not { } run)
            return (false, true);
        using var seal = new DropOffSeal(dropOff.Key.Span);
        var pages = run.Pages > 0 && !destination.HasPages(item, first);
        if (pages && first != run.First)
        {
            var (there, gone) = await ReadAsync(run.Offset, run.Pages + DropOffLayout.TagBytes, time, read => TakePagesAsync(read, destination, run, seal), stop);
            if (!there || _wrong)
                return (_wrong, gone);
            pages = false;
        }

        var from = pages ? run.Offset : run.ChunkOffset(first);
        return await ReadAsync(from, run.ChunkEnd(end - 1) - from, time, async read =>
        {
            if (pages && !await TakePagesAsync(read, destination, run, seal))
                return false;
            var unit = new byte[FileShape.ChunkBytes + DropOffLayout.TagBytes];
            var plain = new byte[FileShape.ChunkBytes];
            for (var chunk = first; chunk < end; chunk++)
            {
                var length = run.Shape.ChunkLength(chunk);
                await read(unit.AsMemory(0, length + DropOffLayout.TagBytes));
                if (stop.IsCancellationRequested)
                    return false;
                if (!seal.TryOpen(run.ChunkUnit(chunk), unit.AsSpan(0, length + DropOffLayout.TagBytes), plain.AsSpan(0, length)))
                {
                    Wrong(chunk);
                    return false;
                }

                destination.Take(item, chunk, plain.AsSpan(0, length), FileCarrier.DropOff);
            }

            return true;
        }, stop);
    }

    private async Task<bool> TakePagesAsync(Func<Memory<byte>, Task> read, Destination destination, DropOffRun run, DropOffSeal seal)
    {
        var unit = new byte[run.Pages + DropOffLayout.TagBytes];
        var hashes = new byte[run.Pages];
        await read(unit);
        var at = 0;
        if (!seal.TryOpen(run.Unit, unit, hashes))
        {
            Wrong(range.First);
            return false;
        }

        for (var level = run.Shape.Levels; level > 0; level--)
        {
            var name = new TreePage(level, FileShape.PageOver(run.First, level));
            var length = run.Shape.PageCount(level, name.Index) * TreeHash.Length;
            if (!destination.AddPage(run.Item, name, hashes.AsSpan(at, length)))
            {
                Wrong(range.First);
                return false;
            }

            at += length;
        }

        return true;
    }

    // What cannot be opened, or is not the item's, was spoiled: wrong bytes, not a failing line.
    private void Wrong(long chunk)
    {
        _wrong = true;
        books.News.Wrong(transfer, new ChunkRange { Item = range.Item, First = (uint)chunk, Count = 1 }, fromDropOff: true);
    }

    private async Task<(bool Done, bool Gone)> ReadAsync(long offset, long length, TimeProvider time, Func<Func<Memory<byte>, Task>, Task<bool>> take, CancellationToken stop)
    {
        using var answer = await http.AskAsync(HttpMethod.Get, dropOff, dropOff.ReadToken.Memory, stop, range: new RangeHeaderValue(offset, offset + length - 1));
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return (false, true);
        if (answer.StatusCode != HttpStatusCode.PartialContent)
            return (false, false);
        await using var body = await answer.Content.ReadAsStreamAsync(stop);
        var done = await take(async into =>
        {
            using var limit = new CancellationTokenSource(_patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
            await body.ReadExactlyAsync(into, either.Token);
        });
        // Wrong bytes were told as such.
        return (done || _wrong, false);
    }
}
