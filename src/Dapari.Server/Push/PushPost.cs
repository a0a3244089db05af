using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Dapari.Relay.Peers;

namespace Dapari.Server.Push;

/// <summary>What came of a message to a push service.</summary>
internal enum PushEnd
{
    /// <summary>It was taken.</summary>
    Sent,

    /// <summary>The subscription is over (RFC 8030 §7.3): it is forgotten.</summary>
    Gone,

    /// <summary>The push service does not want it so, and would not later.</summary>
    Refused,

    /// <summary>Not now: it is tried again.</summary>
    Later,

    /// <summary>Given up after several tries, or because too much waits.</summary>
    GivenUp,
}

/// <summary>Carries messages to push services (RFC 8030 §5). Follows no redirect, reads no answer but its head, waits 20 seconds at most. Any thread.</summary>
internal sealed class PushPost : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private static readonly HttpRequestOptionsKey<bool> Trusted = new("trusted");

    private readonly HttpMessageInvoker _http;
    private readonly VapidKey _key;
    private readonly TimeProvider _time;

    public PushPost(PushServing serving, VapidKey key, TimeProvider time)
    {
        _key = key;
        _time = time;
        _http = new HttpMessageInvoker(serving.Handler?.Invoke() ?? MakeHandler());
    }

    /// <summary>Sends one message that a device should look for itself.</summary>
    /// <param name="target">The device.</param>
    /// <param name="contact">The operator's address; null: none.</param>
    /// <param name="keepFor">How long the push service keeps it for a device that it cannot reach.</param>
    /// <param name="cancellation">The server stops.</param>
    /// <returns>What came of it, and how long the push service wants to be left alone.</returns>
    public async Task<(PushEnd End, TimeSpan? RetryAfter)> SendAsync(PushTarget target, string? contact, TimeSpan keepFor, CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, target.Endpoint) { Content = new ByteArrayContent(PushMessage.Seal(target, PushMessage.LookForYourself)) };
        request.Options.Set(Trusted, target.IsTrusted);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        request.Headers.TryAddWithoutValidation("Authorization", _key.Header(target.Endpoint, contact, now));
        request.Headers.TryAddWithoutValidation("TTL", ((long)keepFor.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
        // RFC 8030 §5.3: somebody wrote, and that cannot wait until the device is charged; §5.4: a later message takes the place of one that still waits.
        request.Headers.TryAddWithoutValidation("Urgency", "high");
        request.Headers.TryAddWithoutValidation("Topic", "look");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = _time.CreateTimer(_ => deadline.Cancel(), null, Deadline, Timeout.InfiniteTimeSpan);
        try
        {
            using var response = await _http.SendAsync(request, deadline.Token);
            return (Judge(response.StatusCode), RetryAfter(response, now));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return (PushEnd.Later, null);
        }
    }

    public void Dispose() => _http.Dispose();

    private static PushEnd Judge(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => PushEnd.Sent,
        404 or 410 => PushEnd.Gone,
        408 or 429 or >= 500 => PushEnd.Later,
        _ => PushEnd.Refused,
    };

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - now : null;
        return wait is { } asked ? asked < TimeSpan.Zero ? TimeSpan.Zero : asked > LongestWait ? LongestWait : asked : null;
    }

    private static SocketsHttpHandler MakeHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16, // In KiB.
        MaxResponseDrainSize = 4096,
        MaxConnectionsPerServer = 8,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectCallback = ConnectAsync,
    };

    // The name is known to be a push service's; where it leads is judged all the same, by the address that is really connected to.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var trusted = context.InitialRequestMessage.Options.TryGetValue(Trusted, out var value) && value;
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        if (!trusted)
            addresses = [.. addresses.Where(IsPublic)];
        if (addresses.Length == 0)
            throw new HttpRequestException("No public address.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static readonly PeerAddressPolicy Addresses = new([], [], []);

    internal static bool IsPublic(IPAddress address) => Addresses.Judge(Rtc.Endpoint.From(address, 443)) == PeerVerdict.Allowed;
}
