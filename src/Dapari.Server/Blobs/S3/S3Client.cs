using System.Globalization;
using System.Net;
using System.Text;
using Dapari.Wire;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// The few requests that drop-offs need of a store: PUT, GET (of a range), DELETE, and the list of names. Each is signed, has a deadline, and is made
/// again where that may help, with pauses that grow. All of them may be repeated: a name always stands for the same bytes. Any thread.
/// </summary>
internal sealed class S3Client : IDisposable
{
    private const int Tries = 4;
    private const int MostErrorBytes = 64 << 10;
    private const int MostListBytes = 4 << 20;

    /// <summary>Until the answer's head is here. 4 MiB within it are 140 KiB a second.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    private readonly S3Serving _serving;
    private readonly TimeProvider _time;
    private readonly RandomSource _random;
    private readonly HttpClient _http;
    private long _skewTicks;

    public S3Client(S3Serving serving, TimeProvider time, RandomSource random)
    {
        (_serving, _time, _random) = (serving, time, random);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = ConnectDeadline, AllowAutoRedirect = false, UseCookies = false, UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ActivityHeadersPropagator = null,
        }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>How far the store's clock is ahead of this machine's, as far as the store has complained.</summary>
    public TimeSpan Skew => new(Interlocked.Read(ref _skewTicks));

    /// <summary>When it is done, the object is durable.</summary>
    /// <exception cref="S3Fault">It was not kept.</exception>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Put, key, [], null, body, cancellation) ?? throw new S3Fault(S3FaultKind.NoBucket, NoBucket());
    }

    /// <summary>A part of an object, its body still to be read; null: there is no such object.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="range">Both ends included; null: all of it.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="S3Fault">The store does not say.</exception>
    public Task<HttpResponseMessage?> GetAsync(string key, (long First, long Last)? range, CancellationToken cancellation) => SendAsync(HttpMethod.Get, key, [], range, default, cancellation);

    /// <summary>A whole small object; null: there is no such object.</summary>
    /// <exception cref="S3Fault">The store does not say.</exception>
    public async Task<string?> TextAsync(string key, CancellationToken cancellation)
    {
        using var answer = await GetAsync(key, null, cancellation);
        return answer is null ? null : await ReadAsync(answer, MostErrorBytes, cancellation);
    }

    /// <summary>An object that is not there is no error.</summary>
    /// <exception cref="S3Fault">It may still be there.</exception>
    public async Task DeleteAsync(string key, CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Delete, key, [], null, default, cancellation);
    }

    /// <summary>Every name that begins so, by pages.</summary>
    /// <exception cref="S3Fault">The store does not say.</exception>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var after = ""; ;)
        {
            (string, string)[] query = after.Length == 0 ? [("list-type", "2"), ("prefix", prefix)] : [("list-type", "2"), ("prefix", prefix), ("start-after", after)];
            using var answer = await SendAsync(HttpMethod.Get, "", query, null, default, cancellation) ?? throw new S3Fault(S3FaultKind.NoBucket, NoBucket());
            var page = S3Answer.Read(await ReadAsync(answer, MostListBytes, cancellation));
            if (!page.IsWhole)
                throw new S3Fault(S3FaultKind.Odd, "The store's list of names cannot be read.");
            foreach (var key in page.Keys)
                yield return key;
            if (!page.IsTruncated || page.Keys.Count == 0)
                yield break;
            after = page.Keys[^1];
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Null: there is no such object.</summary>
    private async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string key, (string, string)[] query, (long First, long Last)? range, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var bodyHash = S3Signer.Hash(body.Span);
        var isSkewKnown = false;
        for (var tried = 1; ; tried++)
        {
            S3Fault fault;
            var isLate = false;
            try
            {
                using var deadline = new CancellationTokenSource(Deadline, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
                using var request = Request(method, key, query, range, body, bodyHash);
                var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
                if (answer.IsSuccessStatusCode)
                    return answer;
                using (answer)
                {
                    var error = S3Answer.Read(await ReadAsync(answer, MostErrorBytes, either.Token));
                    if (answer.StatusCode == HttpStatusCode.NotFound && error.Code != "NoSuchBucket")
                        return null;
                    if (error.Code == "RequestTimeTooSkewed" && !isSkewKnown && answer.Headers.Date is { } theirs)
                    {
                        // Their clock is the one that counts. Once: a store that is not content then never will be.
                        isSkewKnown = true;
                        Interlocked.Exchange(ref _skewTicks, (theirs - _time.GetUtcNow()).Ticks);
                        continue;
                    }

                    fault = FaultOf(answer.StatusCode, error);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                isLate = e is OperationCanceledException;
                fault = new S3Fault(S3FaultKind.Away, isLate ? "The store does not answer in time." : $"The store cannot be reached: {e.Message}", e);
            }

            // After half a minute of silence the device is told, and comes back by itself.
            if (fault.IsOfSettings || isLate || tried == Tries)
                throw fault;
            // As many machines as there are would come back at once: up to as long again, at random.
            var pause = FirstPause * (1 << (tried - 1));
            await Task.Delay(pause + (pause * (_random.Bytes(1)[0] / 255.0)), _time, cancellation);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string key, (string, string)[] query, (long First, long Last)? range, ReadOnlyMemory<byte> body, string bodyHash)
    {
        var (origin, path) = _serving.At(key);
        var text = S3Signer.Query(query);
        var stamp = S3Signer.Stamp(_time.GetUtcNow() + Skew);
        var headers = S3Signer.Headers();
        headers["host"] = origin.Authority;
        headers["x-amz-content-sha256"] = bodyHash;
        headers["x-amz-date"] = stamp;
        if (range is { } part)
            headers["range"] = string.Create(CultureInfo.InvariantCulture, $"bytes={part.First}-{part.Last}");
        var request = new HttpRequestMessage(method, new Uri(origin, path + (text.Length == 0 ? "" : "?" + text)));
        if (method == HttpMethod.Put)
            request.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", S3Signer.Sign(_serving, method.Method, path, text, headers, stamp, bodyHash));
        return request;
    }

    private S3Fault FaultOf(HttpStatusCode status, S3Answer error)
    {
        var said = error.Code.Length == 0 ? ((int)status).ToString(CultureInfo.InvariantCulture) : error.Code;
        return (status, error.Code) switch
        {
            ( >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout, _) => new S3Fault(S3FaultKind.Away, $"The store fails or is too busy ({said})."),
            (_, "NoSuchBucket") => new S3Fault(S3FaultKind.NoBucket, NoBucket()),
            (_, "RequestTimeTooSkewed") => new S3Fault(S3FaultKind.Denied, "The store's clock and this machine's differ too much."),
            (_, "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect") or ( >= HttpStatusCode.MovedPermanently and <= HttpStatusCode.PermanentRedirect, _) =>
                new S3Fault(S3FaultKind.Elsewhere, $"The bucket {_serving.Bucket} is in another region{(error.Region is null ? "" : $" ({error.Region})")} or at another address: look at --blob-s3-region and --blob-s3-endpoint ({said})."),
            (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, _) => new S3Fault(S3FaultKind.Denied, $"The store refuses the key: look at --blob-s3-key-id, its secret, and what it may do in the bucket {_serving.Bucket} ({said})."),
            _ => new S3Fault(S3FaultKind.Odd, $"The store refuses what is asked ({said})."),
        };
    }

    private string NoBucket() => $"The store has no bucket {_serving.Bucket}: make it, or look at --blob-s3-bucket.";

    /// <summary>A body as text, no more than so many bytes of it.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage answer, int most, CancellationToken cancellation)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var bytes = new byte[4096];
        var count = 0;
        while (true)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(count), cancellation);
            count += read;
            if (read == 0 || count >= most)
                return Encoding.UTF8.GetString(bytes, 0, count);
            if (count == bytes.Length)
                Array.Resize(ref bytes, Math.Min(most, bytes.Length * 2));
        }
    }
}
