using System.Net;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;
using Dapari.Server.Tests;

namespace Dapari.Server.Cluster.Tests;

/// <summary>A machine of a cluster, within this process.</summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("dapari-machine-").FullName;

    private TestMachine()
    {
    }

    public ServerHost Host { get; private set; } = null!;

    public ClusterOffice Office => (ClusterOffice)Host.Office;

    public Uri Uri => Host.Addresses[0];

    public static async Task<TestMachine> StartAsync(TestPostgres postgres, string cluster, Func<ServerOptions, ServerOptions>? change = null)
    {
        var machine = new TestMachine();
        DatabaseUrl.TryRead(postgres.Url, out var database);
        var options = new ServerOptions
        {
            Data = machine._data, Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, Relay = new RelayServing { On = false },
            Cluster = new ClusterServing { Database = database, SiloPort = 0, Advertise = IPAddress.Loopback, Name = cluster },
        };
        machine.Host = await ServerHost.StartAsync(change?.Invoke(options) ?? options, TimeProvider.System);
        return machine;
    }

    public Task<TestClient> ConnectAsync() => TestClient.HelloAsync(Uri);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(_data, true);
    }
}
