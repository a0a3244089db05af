using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Home;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Dapari.Node.Api;

/// <summary>
/// The local API over HTTP/1.1: on a Unix socket in the folder, which only its owner can open, and if asked for on loopback, where a token is wanted.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private const long MostBodyBytes = 1024 * 1024;
    private readonly WebApplication _app;

    private ApiServer(WebApplication app) => _app = app;

    /// <summary>Begins to listen. The folder's lock is held: a socket that is there was left by a process that is gone.</summary>
    /// <param name="folder">Where the socket and the token are.</param>
    /// <param name="loopbackPort">A port on loopback besides; null: none.</param>
    /// <param name="api">What answers.</param>
    /// <param name="events">What is told.</param>
    /// <param name="random">For the token.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ApiServer> StartAsync(string folder, int? loopbackPort, NodeApi api, EventHub events, Wire.RandomSource random)
    {
        var socket = NodeHome.SocketOf(folder);
        File.Delete(socket);
        var token = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(random.Bytes(32)));
        if (loopbackPort is null)
            File.Delete(NodeHome.TokenOf(folder));
        else
            NodeHome.WriteSecret(NodeHome.TokenOf(folder), token);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = folder });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MostBodyBytes;
            options.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
            if (loopbackPort is { } port)
                options.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, api, events, token));
        try
        {
            await app.StartAsync();
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new ApiServer(app);
    }

    /// <summary>Stops listening, and ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context, NodeApi api, EventHub events, byte[] token)
    {
        if (!IsAllowed(context, token))
        {
            await WriteAsync(context, new ApiAnswer(401, JsonSerializer.SerializeToUtf8Bytes(
                new ErrorBody("unauthorized", "The header Authorization: Bearer TOKEN is wanted; the token is in the node's folder."), ApiJson.Default.ErrorBody)));
            return;
        }

        var parts = (context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["v1", "events"] && HttpMethods.IsGet(context.Request.Method))
        {
            await TellAsync(context, events);
            return;
        }

        if (parts is not ["v1", ..])
            parts = ["v1", "?"];
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException fault)
        {
            context.Response.StatusCode = fault.StatusCode;
            return;
        }

        var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        await WriteAsync(context, await api.HandleAsync(
            new ApiRequest(context.Request.Method, parts[1..], query, body.GetBuffer().AsMemory(0, (int)body.Length)), context.RequestAborted));
    }

    // Who can open the socket is its owner. On loopback anybody on this machine, and any page in a browser on it, could ask: a token tells them apart.
    private static bool IsAllowed(HttpContext context, byte[] token)
    {
        if (context.Connection.LocalIpAddress is null)
            return true;
        const string Scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.Ordinal)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header[Scheme.Length..]), token);
    }

    private static async Task WriteAsync(HttpContext context, ApiAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    // HTML §9.2: "event: kind", "data: json", an empty line.
    private static async Task TellAsync(HttpContext context, EventHub events)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await foreach (var happened in events.ListenAsync(context.RequestAborted))
            {
                byte[] text = [.. "event: "u8, .. Encoding.ASCII.GetBytes(happened.Kind), .. "\ndata: "u8,
                    .. JsonSerializer.SerializeToUtf8Bytes(happened, ApiJson.Default.EventBody), .. "\n\n"u8];
                await context.Response.Body.WriteAsync(text, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever listened has gone.
        }
    }
}
