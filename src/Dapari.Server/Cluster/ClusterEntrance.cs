using System.Net;
using System.Net.Sockets;
using Dapari.Server.Blobs.S3;
using Dapari.Server.Hosting;
using Dapari.Server.Offices;
using Dapari.Server.Push;
using Dapari.Server.Storage;
using Npgsql;
using Orleans.Configuration;

namespace Dapari.Server.Cluster;

/// <summary>
/// Brings a machine into its cluster:
/// 1. the database is brought up to this build;
/// 2. its clock is taken for the cluster's: what expires does so by one clock;
/// 3. Orleans begins, with its membership in the same database.
/// </summary>
internal sealed partial class ClusterEntrance : IAsyncDisposable
{
    private const int PoolSize = 32;

    private readonly ClusterServing _serving;
    private readonly NpgsqlDataSource _database;
    private ClusterOffice? _office;

    private ClusterEntrance(ClusterServing serving, NpgsqlDataSource database, ServerClock clock) => (_serving, _database, Clock) = (serving, database, clock);

    /// <summary>The cluster's.</summary>
    public ServerClock Clock { get; }

    /// <summary>The key by which push services know all machines of the cluster.</summary>
    public required VapidKey PushKey { get; init; }

    /// <summary>By which a store of drop-offs is marked as the cluster's.</summary>
    public required string BlobOwner { get; init; }

    /// <summary>Steps 1 and 2.</summary>
    /// <exception cref="StartException">The database cannot be reached or used.</exception>
    public static async Task<ClusterEntrance> OpenAsync(ClusterServing serving, TimeProvider time)
    {
        NpgsqlDataSource? database = null;
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(serving.Database) { ApplicationName = "dapari", MaxPoolSize = PoolSize, Timeout = 5, CommandTimeout = 15, KeepAlive = 10, Enlist = false, MaxAutoPrepare = 64, AutoPrepareMinUsages = 2, NoResetOnClose = true };
            database = NpgsqlDataSource.Create(settings);
            await PostgresSchema.MigrateAsync(database, CancellationToken.None);
            await using var now = database.CreateCommand("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
            var clock = new ServerClock(time, time == TimeProvider.System ? (long)(await now.ExecuteScalarAsync())! : time.GetUtcNow().ToUnixTimeMilliseconds());
            var rows = new PostgresRows(database, clock);
            var pushKey = VapidKey.Read(await rows.SecretAsync(VapidKey.FileName, VapidKey.Make, CancellationToken.None));
            var blobOwner = await rows.SecretAsync(BlobOwnerFile.Name, BlobOwnerFile.Make, CancellationToken.None);
            return new ClusterEntrance(serving, database, clock) { PushKey = pushKey, BlobOwner = blobOwner };
        }
        catch (Exception e) when (PostgresRows.IsFault(e) || e is StorageException or ArgumentException or FormatException)
        {
            if (database is not null)
                await database.DisposeAsync();
            throw new StartException($"The cluster's database cannot be used: {e.Message}");
        }
    }

    /// <summary>The office, which owns the database's connections from here on.</summary>
    public IPostOffice MakeOffice(ILogger logger) => _office = new ClusterOffice(_serving, _database, Clock, logger);

    /// <summary>Whatever began ends.</summary>
    public ValueTask DisposeAsync() => _office is null ? _database.DisposeAsync() : _office.DisposeAsync();

    /// <summary>Step 3.</summary>
    /// <exception cref="StartException">The port is in use, or the others cannot be reached.</exception>
    public async Task BeginAsync(Action dead, ILoggerFactory loggers)
    {
        var (serving, database, office) = (_serving, _database, _office!);
        var (address, listensThereAlone) = InnerAddress.Choose(serving.Advertise, serving.IsPublic, InnerAddress.Own());
        var port = serving.SiloPort != 0 ? serving.SiloPort : FreePort(address);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(loggers);
        builder.UseOrleans(silo =>
        {
            silo.ConfigureEndpoints(address, port, serving.GatewayPort, listenOnAnyHostAddress: !listensThereAlone);
            silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = serving.Name);
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = serving.ProbeEvery;
                options.NumMissedProbesLimit = 3;
                // Asking by way of another machine first took 28 s to end a machine that was cut off, instead of 8; two machines must agree in either case.
                options.EnableIndirectProbes = false;
                options.TableRefreshTimeout = 5 * serving.ProbeEvery;
                options.DefunctSiloExpiration = TimeSpan.FromDays(1);
                options.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
            });
            silo.Configure<SiloMessagingOptions>(options =>
            {
                options.ResponseTimeout = serving.Patience + serving.Patience;
                // Of where mailboxes are, and their moves: nothing that waits for the database. Whoever asks a machine that is cut off waits so long.
                options.SystemResponseTimeout = 5 * serving.ProbeEvery;
            });
            silo.Services.AddSingleton(office);
            silo.Services.AddSingleton<IMembershipTable>(new PostgresMembership(database, serving.Name));
            silo.Services.AddSingleton<IFatalErrorHandler>(new FatalErrors(dead, loggers.CreateLogger("Dapari")));
            silo.AddGrainService<DeskService>();
            silo.Services.AddSingleton<DeskClient>();
#pragma warning disable ORLEANSEXP003 // The directory that survives a machine's death without forgetting the others' grains.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        });
        var host = builder.Build();
        try
        {
            office.Begin(host, host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
            await host.StartAsync();
        }
        catch (Exception e) when (e is OrleansException or SocketException or IOException or TimeoutException or InvalidOperationException or AggregateException || PostgresRows.IsFault(e))
        {
            throw new StartException($"The cluster cannot be joined: {e.Message}");
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The others have declared this machine dead, or Orleans cannot go on: the process ends in order, and its supervisor starts it anew under another name.</summary>
    private sealed partial class FatalErrors(Action dead, ILogger logger) : IFatalErrorHandler
    {
        public bool IsUnexpected(Exception exception) => exception is not (OperationCanceledException or ObjectDisposedException);

        public void OnFatalException(object? sender, string? context, Exception? exception)
        {
            Fatal(logger, context ?? "", exception);
            dead();
        }

        [LoggerMessage(EventId = 1531, Level = LogLevel.Critical, Message = "This machine is out of the cluster and ends ({Context}).")]
        private static partial void Fatal(ILogger logger, string context, Exception? exception);
    }
}
