using System.Net;
using Dapari.Server.Blobs.S3;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;

namespace Dapari.Server.Tests.S3;

/// <summary>A store, faults before it, and a server that keeps drop-offs there, by the system's clock: pauses between tries are part of what is tested.</summary>
internal sealed class S3World : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("dapari-test-").FullName;

    private S3World(TestStore store, FaultyStore faulty) => (Store, Faulty) = (store, faulty);

    public TestStore Store { get; }

    public FaultyStore Faulty { get; }

    public ServerHost Host { get; private set; } = null!;

    public S3Place Place => (S3Place)Host.Blobs.Place;

    public Uri Uri => Host.Addresses[0];

    public static async Task<S3World> StartAsync(Func<S3Serving, S3Serving>? change = null)
    {
        var store = await TestStore.StartAsync();
        var world = new S3World(store, await FaultyStore.StartAsync(store.Uri));
        await world.BeginAsync(change);
        return world;
    }

    /// <summary>The same data folder, another process's life.</summary>
    public async Task RestartAsync(Func<S3Serving, S3Serving>? change = null)
    {
        await Host.DisposeAsync();
        await BeginAsync(change);
    }

    public Task<BlobUser> ConnectAsync() => BlobUser.ConnectAsync(Uri);

    /// <summary>What a load balancer sees.</summary>
    public async Task<(HttpStatusCode Status, string Text)> ReadyAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await http.GetAsync(new Uri(Uri, "/readyz"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Faulty.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(_data, true);
    }

    private async Task BeginAsync(Func<S3Serving, S3Serving>? change)
    {
        var serving = Store.Serving with { Endpoint = Faulty.Uri };
        Host = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = _data, Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, Relay = new RelayServing { On = false },
                Blobs = new() { S3 = change?.Invoke(serving) ?? serving },
            },
            TimeProvider.System);
    }
}
