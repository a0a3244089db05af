using System.Text;
using Dapari.Server.Blobs;
using Dapari.Server.Connections;
using Dapari.Server.Limits;
using Dapari.Server.Shares;
using Dapari.Server.Web;
using Dapari.Wire;
using Dapari.Wire.V1;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;

namespace Dapari.Server.Hosting;

/// <summary>
/// How a request goes:
/// 1. forwarded headers, from named proxies only;
/// 2. the headers that every answer carries;
/// 3. the certificate's page, on its own port;
/// 4. /healthz, /readyz, /ws, /registration, /rendezvous, /ca.crt, /blobs/;
/// 5. the web app's files.
/// </summary>
internal static class Pipeline
{
    public static void Configure(WebApplication app, ServerHost host)
    {
        var options = host.Options;
        var files = new WebFiles(options.Web ?? Path.Combine(AppContext.BaseDirectory, "wwwroot", "app"));
        var headers = new SecurityHeaders(options, files.ScriptHashes);
        var names = new HostNames(options);
        var blobs = new BlobEndpoint(host.Blobs);
        var page = host.Authority is null ? null : new TrustPage(host);

        // Step 1.
        if (options.Proxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All & ~ForwardedHeaders.XForwardedPrefix, ForwardLimit = null };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in options.Proxies)
                forwarded.KnownIPNetworks.Add(proxy);
            app.UseForwardedHeaders(forwarded);
        }

        // Step 2.
        app.Use((context, next) =>
        {
            headers.Apply(context);
            if (context.Request.Path.Value == "/ws" && context.Features.Get<IHttpUpgradeFeature>() is { } upgrade)
                context.Features.Set<IHttpUpgradeFeature>(new JoiningUpgrade(upgrade));
            return next(context);
        });

        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        app.Run(async context =>
        {
            // Step 3.
            if (page is not null && !context.Request.IsHttps && context.Connection.LocalPort == host.TrustPort)
            {
                await page.ServeAsync(context);
                return;
            }

            if (host.Rules.IsBlocked(context.Connection.RemoteIpAddress))
            {
                await SayAsync(context, StatusCodes.Status403Forbidden, "This server does not serve your address.");
                return;
            }

            // Steps 4 and 5.
            switch (context.Request.Path.Value)
            {
                case "/ws": await ConnectAsync(context, host.Hub, names); break;
                case "/registration": await RegistrationAsync(context, host); break;
                case "/rendezvous": await RendezvousAsync(context, host, names); break;
                case "/healthz": await HealthAsync(context, host.IsStorageFailing ? "storage" : null); break;
                case "/readyz": await HealthAsync(context, host.NotReady); break;
                case "/ca.crt" when page is not null: await page.ServeAsync(context); break;
                case { } path when path.StartsWith(BlobEndpoint.Prefix, StringComparison.Ordinal): await blobs.ServeAsync(context); break;
                default: await files.ServeAsync(context); break;
            }
        });
    }

    private static async Task ConnectAsync(HttpContext context, Hub hub, HostNames names)
    {
        if (await TryEnterAsync(context, hub, names) is not { } address)
            return;
        try
        {
            // No compression: it would mix secrets' lengths and cost memory for each connection, and sealed bytes do not shrink.
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan });
            var stream = ((JoiningUpgrade)context.Features.GetRequiredFeature<IHttpUpgradeFeature>()).Stream!;
            using var connection = new Connection(socket, stream, Host(context.Request), HasTls(context, hub), address, hub, context.Abort, context.RequestAborted) { RemoteAddress = context.Connection.RemoteIpAddress };
            await connection.RunAsync();
        }
        finally
        {
            hub.Leave(address);
        }
    }

    private static async Task RendezvousAsync(HttpContext context, ServerHost host, HostNames names)
    {
        if (await TryEnterAsync(context, host.Hub, names) is not { } address)
            return;
        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan });
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, host.Stopping);
            using var end = new RendezvousEnd(socket, address, Host(context.Request), HasTls(context, host.Hub), ended.Token);
            await host.Rendezvous.RunAsync(end);
        }
        finally
        {
            host.Hub.Leave(address);
        }
    }

    /// <summary>Whether a WebSocket may be opened here; if not, that is answered. An address that is given needs a <see cref="Hub.Leave"/>.</summary>
    private static async Task<AddressKey?> TryEnterAsync(HttpContext context, Hub hub, HostNames names)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await SayAsync(context, StatusCodes.Status426UpgradeRequired, "This is for WebSocket connections.");
            return null;
        }

        if (!names.Contains(context))
        {
            await SayAsync(context, StatusCodes.Status421MisdirectedRequest, "This server does not know itself by this name; its operator can add it with --host or --public-url.");
            return null;
        }

        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (!hub.TryEnter(address))
        {
            hub.Meters.Turned.Add();
            context.Response.Headers.RetryAfter = "10";
            await SayAsync(context, StatusCodes.Status429TooManyRequests, "Too many connections.");
            return null;
        }

        return address;
    }

    // A proxy's TLS ends before this process: nobody can reach the relay through it.
    private static bool HasTls(HttpContext context, Hub hub) => hub.Options.Proxies.Count == 0 && context.Features.Get<ITlsHandshakeFeature>() is not null;

    /// <summary>The host as the client named it, in lower case, without its scheme's own port.</summary>
    private static string Host(HttpRequest request)
    {
        var own = request.IsHttps ? 443 : 80;
        var host = request.Host.Port == own ? request.Host.Host : request.Host.Value!;
        return host.ToLowerInvariant();
    }

    /// <summary>POST, with a code or nothing: open, invited, closed, or admitted when the code would let in whoever says it next.</summary>
    private static async Task RegistrationAsync(HttpContext context, ServerHost host)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.ContentLength is not { } length || length > WireLimits.RegistrationCodeBytes)
        {
            await SayAsync(context, StatusCodes.Status400BadRequest, "POST a code, or nothing.");
            return;
        }

        if (!host.Hub.Limits.Creations.TryTake(AddressKey.From(context.Connection.RemoteIpAddress), out _))
        {
            context.Response.Headers.RetryAfter = "10";
            await SayAsync(context, StatusCodes.Status429TooManyRequests, "Too many questions.");
            return;
        }

        var code = new byte[length];
        await context.Request.Body.ReadExactlyAsync(code, context.RequestAborted);
        using var admission = host.Options.Registration == Registration.Invited ? host.Rules.Admit(Encoding.UTF8.GetString(code)) : null;
        await SayAsync(context, StatusCodes.Status200OK, admission is not null ? "admitted" : host.Options.Registration.ToString().ToLowerInvariant());
    }

    private static Task HealthAsync(HttpContext context, string? fault)
    {
        context.Response.Headers.CacheControl = "no-store";
        return fault is not null
            ? SayAsync(context, StatusCodes.Status503ServiceUnavailable, fault)
            : SayAsync(context, StatusCodes.Status200OK, "ok");
    }

    private static Task SayAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
