using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dapari.Bench.Pairs;

/// <summary>What Kestrel does by itself: a WebSocket relay that hands each message of /sN to /rN. A process of its own, as the servers are.</summary>
internal static class BareRelay
{
    public const string Command = "--bare-relay";

    public static async Task<int> RunAsync()
    {
        var receivers = new ConcurrentDictionary<string, WebSocket>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddLogging();
        await using var app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var pair = context.Request.Path.Value![2..];
            var isSender = context.Request.Path.Value[1] == 's';
            if (!isSender)
                receivers[pair] = socket;
            var buffer = new byte[4096];
            try
            {
                while (true)
                {
                    // A message may come in parts, as the bytes came in; it goes on whole.
                    var length = 0;
                    ValueWebSocketReceiveResult received;
                    do
                    {
                        received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                        length += received.Count;
                    }
                    while (!received.EndOfMessage && received.MessageType != WebSocketMessageType.Close);
                    if (received.MessageType == WebSocketMessageType.Close)
                        return;
                    if (isSender)
                        await receivers[pair].SendAsync(buffer.AsMemory(0, length), WebSocketMessageType.Binary, true, CancellationToken.None);
                }
            }
            catch (WebSocketException)
            {
                // The generator ended.
            }
        });
        await app.StartAsync();
        Console.WriteLine("ready " + new Uri(app.Urls.First()).Authority);
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        return 0;
    }
}
