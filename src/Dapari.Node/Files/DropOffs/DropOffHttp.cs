using System.Globalization;
using System.Net.Http.Headers;
using System.Buffers.Text;
using Dapari.Node.Links;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.DropOffs;

/// <summary>Asks servers for drop-offs (docs/protocol/blobs.md, "HTTP"). Safe for threads.</summary>
internal sealed class DropOffHttp : IDisposable
{
    // A server lets a body take 32 s for 128 KiB: no request of ours is longer than that allows.
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <param name="authorities">Whose certificates count; stays its owner's.</param>
    /// <param name="time">For limits.</param>
    public DropOffHttp(Authorities authorities, TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = true, ConnectTimeout = _connectLimit };
        handler.SslOptions.RemoteCertificateValidationCallback = authorities.Judge;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Asks; the answer's headers are there when this is done.</summary>
    /// <exception cref="HttpRequestException">The server is out of reach, or its name is none.</exception>
    public async Task<HttpResponseMessage> AskAsync(
        HttpMethod method, DropOff dropOff, ReadOnlyMemory<byte> token, CancellationToken cancellation, string query = "", HttpContent? body = null, RangeHeaderValue? range = null)
    {
        if (!Origin.TryParse(dropOff.Server, out var origin))
            throw new HttpRequestException("That is no server.");
        using var request = new HttpRequestMessage(method, $"{origin.Value}/blobs/{Convert.ToHexStringLower(dropOff.BlobId.Span)}{query}") { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Base64Url.EncodeToString(token.Span));
        request.Headers.Range = range;
        using var limit = new CancellationTokenSource(_longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("The server took too long.");
        }
    }

    /// <summary>What is durable, as an answer says; null: it does not say.</summary>
    public static long? OffsetOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Upload-Offset", out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
