using System.Net;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.DropOffs;

/// <summary>Leaves what a drop-off's spans name at its server, from where that is, in bodies of 8 MiB; one run of one drop-off.</summary>
/// <param name="transfer">Which.</param>
/// <param name="dropOff">Its spans in the blob's order.</param>
/// <param name="token">The upload token.</param>
/// <param name="http">Asks.</param>
/// <param name="books">The source.</param>
internal sealed class DropOffUpload(TransferId transfer, DropOff dropOff, ReadOnlyMemory<byte> token, DropOffHttp http, FileBooks books)
{
    private const int BodyBytes = 8 * 1024 * 1024;
    private const int Tries = 5;
    private static readonly TimeSpan _lastWord = TimeSpan.FromSeconds(10);
    private DropOffPlan? _plan;
    private long _durable;

    /// <summary>Runs until all is there, it is stopped, or it fails; tells which. Never throws but a bug.</summary>
    /// <param name="time">For the last word.</param>
    /// <param name="stop">Leaves no more than was left.</param>
    public async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        try
        {
            if (await LeaveAsync(stop) is { } fault)
            {
                books.News.UploadFailed(transfer, fault);
                return;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What came of a body that was broken off counts too.
            using var limit = new CancellationTokenSource(_lastWord, time);
            try
            {
                if (_plan is not null && (await OffsetAsync(limit.Token)).Offset is { } offset)
                    _durable = offset;
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
            {
                // What was known before is a lower bound.
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            books.News.UploadFailed(transfer, UploadFault.Unreachable);
            return;
        }

        var left = dropOff.Clone();
        left.Spans.Clear();
        if (_plan is not null)
            left.Spans.Add(_plan.SpansBelow(_durable));
        books.News.LeftAtServer(transfer, left.Spans.Count > 0 ? left : null);
    }

    private static UploadFault FaultOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => UploadFault.UnknownToken,
        HttpStatusCode.InsufficientStorage or HttpStatusCode.RequestEntityTooLarge => UploadFault.NoRoom,
        _ => UploadFault.Unreachable,
    };

    private async Task<UploadFault?> LeaveAsync(CancellationToken stop)
    {
        if (books.Source(transfer) is not { } source)
        {
            books.News.SourceFailed(transfer, 0, changed: false);
            return UploadFault.Source;
        }

        _plan = new DropOffPlan(source.Place.Items, dropOff.Spans);
        using var seal = new DropOffSeal(dropOff.Key.Span);
        var (there, wrong) = await OffsetAsync(stop);
        if (there is null)
            return wrong;
        _durable = there.Value;
        books.News.Uploaded(transfer, _plan.BytesBelow(_durable));
        for (var refused = 0; _durable < _plan.Size;)
        {
            stop.ThrowIfCancellationRequested();
            var length = Math.Min(BodyBytes, _plan.Size - _durable);
            using var body = new SealedContent(_plan, seal, source, _durable, length);
            HttpResponseMessage answer;
            try
            {
                answer = await http.AskAsync(HttpMethod.Put, dropOff, token, stop, "?offset=" + _durable, body);
            }
            catch (Exception fault) when (body.Fault is not null && fault is (HttpRequestException or IOException))
            {
                books.News.SourceFailed(transfer, body.Fault!.Item, body.Fault.Changed);
                return UploadFault.Source;
            }

            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    _durable += length;
                    refused = 0;
                    books.News.Uploaded(transfer, _plan.BytesBelow(_durable));
                    continue;
                }

                if (answer.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.RequestTimeout))
                    return FaultOf(answer.StatusCode);
            }

            // Another offset is there: an older request of ours went further than was known.
            if (++refused >= Tries)
                return UploadFault.Unreachable;
            (there, wrong) = await OffsetAsync(stop);
            if (there is null)
                return wrong;
            _durable = there.Value;
        }

        return null;
    }

    private async Task<(long? Offset, UploadFault Fault)> OffsetAsync(CancellationToken cancellation)
    {
        using var answer = await http.AskAsync(HttpMethod.Head, dropOff, token, cancellation);
        return answer.StatusCode != HttpStatusCode.OK ? (null, FaultOf(answer.StatusCode))
            : DropOffHttp.OffsetOf(answer) is { } offset && offset <= _plan!.Size ? (offset, default) : (null, UploadFault.Unreachable);
    }
}
