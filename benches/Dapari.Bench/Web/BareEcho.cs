using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>The least that a message through a server can cost in this browser: a WebSocket to Kestrel, which gives back what it gets.</summary>
internal sealed class BareEcho : IAsyncDisposable
{
    private const string Measure = """
        async ([count, size]) => {
          const socket = new WebSocket(location.origin.replace('http', 'ws') + '/echo');
          socket.binaryType = 'arraybuffer';
          await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
          const taken = [];
          for (let i = 0; i < count; i++) {
            const started = performance.now();
            await new Promise(resolve => { socket.onmessage = resolve; socket.send(new Uint8Array(size)); });
            taken.push(performance.now() - started);
          }
          socket.close();
          return taken;
        }
        """;

    private readonly WebApplication application;

    private BareEcho(WebApplication application) => this.application = application;

    /// <summary>Where its page lies.</summary>
    public string Origin => application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts it on loopback.</summary>
    public static async Task<BareEcho> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.UseWebSockets();
        application.MapGet("/", () => Results.Content("<!DOCTYPE html><title>bare</title>", "text/html"));
        application.Map("/echo", EchoAsync);
        await application.StartAsync();
        return new BareEcho(application);
    }

    /// <summary>Milliseconds from sending to having it back, one after another, on a page at <see cref="Origin"/>.</summary>
    public static Task<double[]> MeasureAsync(IPage page, int count, int bytes) => page.EvaluateAsync<double[]>(Measure, new[] { count, bytes });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => application.DisposeAsync();

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }
}
