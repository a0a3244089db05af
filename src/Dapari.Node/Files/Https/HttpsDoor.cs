using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Dapari.Node.Files.Https;

/// <summary>
/// Where browsers reach this node over HTTPS/1.1 with a certificate that they accept. Behind it is nothing but lanes, each opened by its ticket and by one page; whoever has none is told
/// 404, whatever was asked. Safe for threads.
/// </summary>
internal sealed class HttpsDoor : IAsyncDisposable
{
    /// <summary>So many lanes may be under way.</summary>
    public const int MostLanes = 256;

    private const int MostConnections = 512;
    private const int MostHeaderBytes = 16 * 1024;
    private const int MostLineBytes = 1024;
    private static readonly TimeSpan _handshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _headersLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _idleLimit = TimeSpan.FromMinutes(2);
    private readonly ConcurrentDictionary<string, HttpsLane> _lanes = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private HttpsDoor(HttpsOptions options, CertificateFiles certificates)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(options.Certificate)) });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = HttpsLane.MostUp;
            kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
            kestrel.Limits.MaxRequestLineSize = MostLineBytes;
            kestrel.Limits.RequestHeadersTimeout = _headersLimit;
            kestrel.Limits.KeepAliveTimeout = _idleLimit;
            // A lane that is not read ends by its own silence; what it sends rests while nothing is wanted.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenAnyIP(options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = _handshakeLimit,
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificates.Current }),
                });
            });
        });
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>What browsers ask: scheme, name and port.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<HttpsDoor> StartAsync(HttpsOptions options, CertificateFiles certificates)
    {
        var door = new HttpsDoor(options, certificates);
        try
        {
            await door._app.StartAsync();
        }
        catch
        {
            await door.DisposeAsync();
            throw;
        }

        var port = new Uri(door._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        door.Address = new UriBuilder(Uri.UriSchemeHttps, options.Name, port).Uri.GetLeftPart(UriPartial.Authority);
        return door;
    }

    /// <summary>Opens the door for whoever has the ticket; false: too many have one.</summary>
    public bool TryAdd(ReadOnlySpan<byte> ticket, HttpsLane lane) => _lanes.Count < MostLanes && _lanes.TryAdd(Convert.ToHexStringLower(ticket), lane);

    /// <summary>The ticket opens nothing any more.</summary>
    public void Remove(ReadOnlySpan<byte> ticket) => _lanes.TryRemove(Convert.ToHexStringLower(ticket), out _);

    /// <summary>Stops listening, and ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes.Values)
            lane.End();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    // GET /TICKET: all that goes down. POST /TICKET/NUMBER: a record that comes up.
    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var parts = (request.Path.Value ?? "").Split('/');
        if (parts is not ["", var ticket, ..] || parts.Length > 3 || !_lanes.TryGetValue(ticket, out var lane) || request.Headers.Origin.ToString() != lane.Origin)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.Headers.AccessControlAllowOrigin = lane.Origin;
        response.Headers.Vary = "Origin";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            response.StatusCode = await DoAsync(context, lane, parts[2..]);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
        {
            // Whoever asked has gone, or the answer has begun already.
            context.Abort();
        }
    }

    private static async Task<int> DoAsync(HttpContext context, HttpsLane lane, string[] rest)
    {
        var (request, response) = (context.Request, context.Response);
        if (HttpMethods.IsOptions(request.Method))
        {
            response.Headers.AccessControlAllowMethods = "GET, POST";
            response.Headers.AccessControlMaxAge = "600";
            // Pages of the internet ask so before they reach an address of this network.
            if (request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
                response.Headers["Access-Control-Allow-Private-Network"] = "true";
            return StatusCodes.Status204NoContent;
        }

        if (rest.Length == 0 && HttpMethods.IsGet(request.Method))
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            response.ContentType = "application/octet-stream";
            if (!await lane.ServeDownAsync(response.Body, context.RequestAborted))
                return StatusCodes.Status404NotFound;
            context.Abort();
            return StatusCodes.Status200OK;
        }

        if (rest.Length == 1 && HttpMethods.IsPost(request.Method) && ulong.TryParse(rest[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && request.ContentLength is > 0 and <= HttpsLane.MostUp and var length)
        {
            var body = ArrayPool<byte>.Shared.Rent((int)length);
            try
            {
                await request.Body.ReadExactlyAsync(body.AsMemory(0, (int)length), context.RequestAborted);
                return await lane.TakeUpAsync(number, body.AsMemory(0, (int)length), context.RequestAborted) ? StatusCodes.Status204NoContent : StatusCodes.Status404NotFound;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(body);
            }
        }

        return StatusCodes.Status404NotFound;
    }
}
