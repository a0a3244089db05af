using System.Globalization;
using Dapari.Server.Blobs.Places;
using Dapari.Server.Limits;
using Dapari.Server.Storage;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Microsoft.AspNetCore.Http.Features;

namespace Dapari.Server.Blobs;

/// <summary>
/// Drop-offs over HTTP (docs/protocol/blobs.md): PUT and HEAD for the uploader, GET and HEAD for the reader, DELETE for the reader and the owner.
/// How a request goes:
/// 1. it gets a slot;
/// 2. id and token are read and compared; nobody is told which of them was wrong;
/// 3. what was asked is done.
/// </summary>
internal sealed class BlobEndpoint(BlobStore store)
{
    public const string Prefix = "/blobs/";
    private const string Bearer = "Bearer ";
    private const string OffsetHeader = "Upload-Offset";
    private const string LengthHeader = "Upload-Length";

    public async Task ServeAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        BlobSharing.Apply(context.Response.Headers);
        if (BlobSharing.TryAnswerPreflight(context))
            return;
        var method = context.Request.Method;
        if (method is not ("GET" or "HEAD" or "PUT" or "DELETE"))
        {
            context.Response.Headers.Allow = "GET, HEAD, PUT, DELETE";
            await SayAsync(context, StatusCodes.Status405MethodNotAllowed, "There is no such method here.");
            return;
        }

        // Step 1.
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (!store.Slots.TryEnter(address))
        {
            context.Response.Headers.RetryAfter = "5";
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many transfers at once.");
            return;
        }

        var span = Spans.Begin(method switch { "PUT" => "blob-upload", "GET" => "blob-download", "HEAD" => "blob-look", _ => "blob-removal" });
        try
        {
            await JudgeAsync(context, method);
        }
        catch (StorageException)
        {
            if (!context.Response.HasStarted)
                await SayAsync(context, StatusCodes.Status507InsufficientStorage, "The server's storage fails.");
        }
        catch (PlaceAwayException)
        {
            if (context.Response.HasStarted)
                context.Abort(); // What came of the answer is good, and the rest is asked for again.
            else
                await AwayAsync(context);
        }
        catch (IOException) when (!context.Response.HasStarted)
        {
            await SayAsync(context, StatusCodes.Status507InsufficientStorage, "The server's disk fails.");
        }
        catch (OperationCanceledException)
        {
            // The other side went.
        }
        finally
        {
            store.Slots.Leave(address);
            span.End(context.Response.StatusCode, context.RequestAborted.IsCancellationRequested);
        }
    }

    private async Task JudgeAsync(HttpContext context, string method)
    {
        // Step 2.
        var (blob, rights) = await FindAsync(context);
        var needed = method switch
        {
            "PUT" => BlobRights.Upload,
            "GET" => BlobRights.Read,
            "HEAD" => BlobRights.Upload | BlobRights.Read | BlobRights.Own,
            _ => BlobRights.Read | BlobRights.Own,
        };
        if (blob is null || (rights & needed) == 0)
        {
            await NotFoundAsync(context);
            return;
        }

        // Step 3.
        switch (method)
        {
            case "PUT": await PutAsync(context, blob); break;
            case "DELETE": await DeleteAsync(context, blob); break;
            default: await GetAsync(context, blob); break;
        }
    }

    private async Task<(BlobRow? Blob, BlobRights Rights)> FindAsync(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization;
        if (!BlobId.TryRead(context.Request.Path.Value.AsSpan(Prefix.Length), out var id)
            || authorization.Count != 1 || !authorization[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || !BlobToken.TryRead(authorization[0].AsSpan(Bearer.Length), out var token))
            return (null, BlobRights.None);
        var blob = await store.FindAsync(id);
        return (blob, BlobRightsOf.Of(token, blob));
    }

    private async Task PutAsync(HttpContext context, BlobRow blob)
    {
        var request = context.Request;
        if (request.Query["offset"] is not { Count: 1 } text || !ulong.TryParse(text[0], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            await SayAsync(context, StatusCodes.Status400BadRequest, "An offset is needed: ?offset=NUMBER.");
            return;
        }

        if (request.ContentLength is not { } length)
        {
            await SayAsync(context, StatusCodes.Status411LengthRequired, "A Content-Length is needed.");
            return;
        }

        if (offset > (ulong)blob.Size || length > blob.Size - (long)offset)
        {
            await SayAsync(context, StatusCodes.Status413PayloadTooLarge, "That is more than was announced.");
            return;
        }

        // The general limit is for requests without a purpose for a body. What is refused below is read and dropped by Kestrel for a moment, so that the answer arrives.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = length;
        using var turn = await store.TakeTurnAsync(blob.Id, context.RequestAborted);
        if (turn is null)
        {
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, "The server ends; it comes back.");
            return;
        }

        // What the upload before has kept, or a removal has ended, shows now only.
        if (await store.FindAsync(blob.Id) is not { } row || row.UploadHash.AsSpan().SequenceEqual(blob.UploadHash) is false)
        {
            await NotFoundAsync(context);
            return;
        }

        SetProgress(context, row, row.Received);
        if ((long)offset != row.Received)
        {
            await SayAsync(context, StatusCodes.Status409Conflict, "The offset is not what is there.");
            return;
        }

        var opening = await store.Place.OpenToWriteAsync(row, length, context.RequestAborted);
        await using var writer = opening.Writer;
        if (writer is null)
        {
            await NotOpenAsync(context, row, opening.End);
            return;
        }

        var upload = new BlobUpload(store, row, writer, request.BodyReader);
        var end = await upload.RunAsync(length, turn.Stop);
        SetProgress(context, row, upload.Kept);
        await AnswerAsync(context, end);
    }

    private async Task NotOpenAsync(HttpContext context, BlobRow row, BlobOpeningEnd end)
    {
        if (end == BlobOpeningEnd.Busy)
        {
            context.Response.Headers.RetryAfter = "5";
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many transfers at once.");
        }
        else if (await store.FindAsync(row.Id) is { } now)
        {
            SetProgress(context, now, now.Received);
            await SayAsync(context, StatusCodes.Status409Conflict, "Of what was there something is lost. What is left is kept.");
        }
        else
            await NotFoundAsync(context);
    }

    private static Task AnswerAsync(HttpContext context, UploadEnd end)
    {
        if (end is UploadEnd.Broken)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        // Kestrel reads the rest of the body and drops it, for five seconds at most, so that a client in the middle of sending gets to see the answer.
        switch (end)
        {
            case UploadEnd.Done:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            case UploadEnd.TooSlow: return SayAsync(context, StatusCodes.Status408RequestTimeout, "Nothing came for too long.");
            case UploadEnd.Stopped: return SayAsync(context, StatusCodes.Status409Conflict, "Another request took this upload over, or the server ends.");
            case UploadEnd.Full: return SayAsync(context, StatusCodes.Status507InsufficientStorage, "The server's disk is full. What had come is kept.");
            case UploadEnd.Away: return AwayAsync(context);
            case UploadEnd.Gone: return NotFoundAsync(context);
            default: return SayAsync(context, StatusCodes.Status507InsufficientStorage, "The server's disk fails. What was confirmed is kept.");
        }
    }

    private async Task DeleteAsync(HttpContext context, BlobRow blob)
    {
        if (await store.DeleteAsync(blob.Id, context.RequestAborted))
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            await NotFoundAsync(context);
    }

    private async Task GetAsync(HttpContext context, BlobRow blob)
    {
        var (request, response) = (context.Request, context.Response);
        var headers = response.Headers;
        var etag = $"\"{blob.Id}\"";
        headers.AcceptRanges = "bytes";
        headers.ETag = etag;
        SetProgress(context, blob, blob.Received);
        if (request.Headers.IfNoneMatch.ToString().Split(',').Any(t => t.Trim() is var tag && (tag == etag || tag == "*")))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        // RFC 9110 §13.1.5: a range of something else is not wanted. §14.2: a range is for GET.
        var stale = request.Headers.IfRange.Count > 0 && request.Headers.IfRange.ToString() != etag;
        var isGet = HttpMethods.IsGet(request.Method);
        var header = isGet && !stale && request.Headers.Range.Count == 1 ? request.Headers.Range[0] : null;
        var range = ByteRange.Read(header, blob.Size, blob.Received);
        if (range.Kind == RangeKind.Unsatisfiable)
        {
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{blob.Size}");
            await SayAsync(context, StatusCodes.Status416RangeNotSatisfiable, "Nothing of this range is there.");
            return;
        }

        var part = range.Kind == RangeKind.Part;
        if (!part && blob.Received < blob.Size && isGet)
        {
            // 200 would promise the whole, and 206 needs a range that was asked for (RFC 9110 §15.3.7).
            await SayAsync(context, StatusCodes.Status409Conflict, "The upload is under way: ask for a range.");
            return;
        }

        headers.ContentDisposition = "attachment";
        response.ContentType = "application/octet-stream";
        if (!isGet)
        {
            if (blob.Received == blob.Size)
                response.ContentLength = blob.Size;
            return;
        }

        var (first, count) = part ? (range.First, range.Count) : (0, blob.Size);
        await using var reader = await store.Place.OpenToReadAsync(blob, first, context.RequestAborted);
        if (reader is null)
        {
            await NotFoundAsync(context);
            return;
        }

        if (part)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {range.First}-{range.Last}/{blob.Size}");
        }

        response.ContentLength = count;
        if (!await BlobDownload.RunAsync(store, reader, first, count, response.BodyWriter, context.Abort, context.RequestAborted))
            context.Abort(); // The length was promised: a short answer must not look like a whole one.
    }

    private static void SetProgress(HttpContext context, BlobRow blob, long received)
    {
        context.Response.Headers[OffsetHeader] = received.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[LengthHeader] = blob.Size.ToString(CultureInfo.InvariantCulture);
    }

    private static Task AwayAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "15";
        return SayAsync(context, StatusCodes.Status503ServiceUnavailable, "Where files lie does not answer just now. What was confirmed is kept.");
    }

    /// <summary>One answer for an unknown id, a wrong token, a token for something else, a malformed one and none.</summary>
    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.Headers.Remove(OffsetHeader);
        context.Response.Headers.Remove(LengthHeader);
        context.Response.Headers.Remove("ETag");
        context.Response.Headers.Remove("Accept-Ranges");
        context.Response.Headers.Remove("Content-Disposition");
        return SayAsync(context, StatusCodes.Status404NotFound, "There is nothing here for this token.");
    }

    private static async Task SayAsync(HttpContext context, int status, string text)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = text.Length + 1;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
