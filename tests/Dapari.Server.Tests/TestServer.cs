using System.Net;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;
using Microsoft.Extensions.Time.Testing;

namespace Dapari.Server.Tests;

/// <summary>A whole server on loopback with a data folder of its own and a clock that only the test moves.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly Func<ServerOptions, ServerOptions> _change;

    private TestServer(Func<ServerOptions, ServerOptions> change) => _change = change;

    public string Data { get; } = Directory.CreateTempSubdirectory("dapari-test-").FullName;

    public FakeTimeProvider Time { get; private set; } = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));

    public ServerHost Host { get; private set; } = null!;

    public Uri Uri => Host.Addresses[0];

    public static async Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? change = null)
    {
        var server = new TestServer(change ?? (o => o));
        await server.StartHostAsync();
        return server;
    }

    /// <summary>The same data folder, another process's life; the clock may be another one.</summary>
    public async Task RestartAsync(FakeTimeProvider? time = null)
    {
        await Host.DisposeAsync();
        Time = time ?? Time;
        await StartHostAsync();
    }

    public Task<TestClient> ConnectAsync() => TestClient.HelloAsync(Uri);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(Data, true);
    }

    // A test may move the clock by days when it has a frame and the server has not yet noted that the frame was sent: no deadline for sending, then,
    // except in the tests of it.
    private async Task StartHostAsync() => Host = await ServerHost.StartAsync(
        _change(new ServerOptions
        {
            Data = Data, Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, SendDeadline = TimeSpan.FromDays(10_000),
            Relay = new RelayServing { On = false },
        }),
        Time);
}
