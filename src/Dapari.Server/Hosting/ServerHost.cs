using System.Net;
using System.Security.Cryptography;
using Dapari.Server.Admin;
using Dapari.Server.Blobs;
using Dapari.Server.Blobs.Places;
using Dapari.Server.Blobs.S3;
using Dapari.Server.Certificates;
using Dapari.Server.Cluster;
using Dapari.Server.Connections;
using Dapari.Server.Offices;
using Dapari.Server.Options;
using Dapari.Server.Push;
using Dapari.Server.Relays;
using Dapari.Server.Shares;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Journal;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Dapari.Server.Hosting;

/// <summary>One server: its data folder, its mailboxes, its web. Made and started by <see cref="StartAsync"/>, ended by disposing.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);
    private readonly DataFolder _folder;
    private readonly MachineCertificate? _certificate;
    private readonly Readers? _readers;
    private readonly Writer? _writer;
    private readonly WebApplication _app;
    private readonly TimeProvider _time;
    private readonly ServerOptions _given;
    private AdminSocket? _admin;
    private MetricsListener? _metrics;
    private OtlpExport? _otlp;
    private int _disposed;

    private ServerHost(ServerOptions options, DataFolder folder, MachineCertificate? certificate, TimeProvider time, ClusterEntrance? cluster)
    {
        var asked = options;
        _given = options = OpenFiles.Fit(asked, OpenFiles.Limit());
        Advice = OpenFiles.Advice(asked, options);
        Rules = ServerRules.Open(options.Data, time, RandomSource.System);
        Options = options = Rules.Apply(options);
        _folder = folder;
        _certificate = certificate;
        _time = time;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(options.Verbose ? LogLevel.Debug : LogLevel.Information);
        if (!options.Verbose)
            builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning).AddFilter("Dapari.Server.Cluster", LogLevel.Warning);
        if (options.Otlp.Collector is not null)
            OtlpExport.AddLog(builder.Logging, options.Otlp);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(ConfigureKestrel);
        builder.WebHost.UseShutdownTimeout(Farewell);
        _app = builder.Build();
        var logger = _app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Dapari");
        var clock = cluster?.Clock ?? new ServerClock(time);
        if (cluster is not null)
            Office = cluster.MakeOffice(logger);
        else
            Office = new EmbeddedOffice(_writer = OpenWriter(options, folder, clock, logger), _readers = new Readers(folder.Database, Math.Clamp(Environment.ProcessorCount, 2, 8)), clock);
        var secret = RelaySecretFile.Open(options.Data, options.Relay.SecretFile);
        Relay = RelayHost.Start(options.Relay, secret, time, logger);
        var access = new RelayAccessDesk(options.Relay, time, RandomSource.System, () => secret.Secrets, () => Relay.Ports);
        IBlobPlace place = options.Blobs.S3 is { } s3
            ? new S3Place(s3, cluster?.BlobOwner ?? BlobOwnerFile.Open(options.Data), Office, clock.Time, RandomSource.System, logger)
            : new FolderPlace(new BlobFolder(options.Blobs.Folder ?? Path.Combine(options.Data, "blobs")), options.Blobs.Folder is not null, options.Blobs.Disk, Office, logger);
        Blobs = new BlobStore(options.Blobs, place, clock, RandomSource.System, Office);
        Hub = new Hub(options, clock, RandomSource.System, Office, access, Blobs, logger) { Rules = Rules };
        if (options.Push.On)
            Hub.Pushes = new PushDesk(options.Push, cluster?.PushKey ?? VapidKey.Open(options.Data), Office, number => Hub.Owner(number) is not null, PushContact(options), () => Kept(Options), time, logger);
        Rendezvous = new RendezvousDesk(Hub, time);
        Housekeeping = new Housekeeping(options, clock, Office, Blobs, logger);
        Rules.Changed += ApplyRules;
        Pipeline.Configure(_app, this);
    }

    /// <summary>What the operator should know of this machine's limits; null: nothing.</summary>
    public string? Advice { get; }

    /// <summary>As they are now: the operator changes some while the server runs.</summary>
    public ServerOptions Options { get; private set; }

    /// <summary>The operator's decisions.</summary>
    public ServerRules Rules { get; }

    /// <summary>What keeps everything.</summary>
    public IPostOffice Office { get; }

    public Hub Hub { get; }

    /// <summary>Where both ends of share links meet.</summary>
    public RendezvousDesk Rendezvous { get; }

    public Housekeeping Housekeeping { get; }

    /// <summary>Files that are left here for who is away.</summary>
    public BlobStore Blobs { get; }

    /// <summary>The relay, which may not run: it says why.</summary>
    public RelayHost Relay { get; }

    public bool IsStorageFailing => Office.IsFailing;

    /// <summary>The disk failed in a way that only a new start can mend; the server stops by itself.</summary>
    public bool IsStorageBroken => _writer?.Store.IsBroken == true;

    /// <summary>The other machines have declared this one dead; the server stops by itself.</summary>
    public bool IsOutOfCluster { get; private set; }

    /// <summary>Why new work should go elsewhere, in a word; null: it is welcome.</summary>
    public string? NotReady => IsStorageFailing || IsStorageBroken ? "storage" : Hub.IsGoingAway ? "stopping" : Blobs.Place.NotReady;

    /// <summary>How long batches of writes took.</summary>
    public CommitTimes Commits => Office.Commits;

    /// <summary>Envelopes that are in the journal alone.</summary>
    public int JournalEnvelopes => _writer?.Store.FreshEnvelopes ?? 0;

    /// <summary>Where the operator's figures are served, as bound; null: nowhere.</summary>
    public Uri? MetricsAddress => _metrics?.Address;

    /// <summary>What is sent to a collector; null: nothing.</summary>
    public OtlpExport? Otlp => _otlp;

    public LocalAuthority? Authority => _certificate?.Authority;

    public bool IsHttps => _certificate is not null;

    /// <summary>The certificate in use.</summary>
    public MachineCertificate? Certificate => _certificate;

    /// <summary>Where the messenger is served, as bound.</summary>
    public IReadOnlyList<Uri> Addresses => Bound(trust: false);

    /// <summary>The port of the page about the certificate; 0: there is none.</summary>
    public int TrustPort { get; private set; }

    /// <summary>Requested to stop, by a signal.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <exception cref="StartException">It cannot start; the message says why.</exception>
    public static async Task<ServerHost> StartAsync(ServerOptions options, TimeProvider time)
    {
        var folder = DataFolder.Take(options.Data);
        MachineCertificate? certificate = null;
        ServerHost? host = null;
        ClusterEntrance? cluster = null;
        try
        {
            certificate = MachineCertificate.Open(options, time);
            cluster = options.Cluster.Database is null ? null : await ClusterEntrance.OpenAsync(options.Cluster, time);
            host = new ServerHost(options, folder, certificate, time, cluster);
            if (cluster is not null)
                await cluster.BeginAsync(host.Excluded, host._app.Services.GetRequiredService<ILoggerFactory>());
            await host.Blobs.RecoverAsync();
            await host._app.StartAsync();
            host.OpenAdmin();
            if (options.Metrics is { } metrics)
                host._metrics = await MetricsListener.StartAsync(metrics, host);
            if (options.Otlp.Collector is not null)
                host._otlp = OtlpExport.Start(options.Otlp, host, host._app.Services);
            if (certificate?.Authority is not null)
                host.TrustPort = host.Bound(trust: true)[0].Port;
            return host;
        }
        catch (Exception e) when (e is IOException or StartException or StorageException or CryptographicException or UnauthorizedAccessException or System.Net.Sockets.SocketException
            || (e is OperationCanceledException && host is { IsOutOfCluster: true }))
        {
            if (host is { IsOutOfCluster: true })
                await LastWords.SayAsync(host, time);
            else if (host is not null)
                await host.DisposeAsync();
            else
            {
                certificate?.Dispose();
                folder.Dispose();
                if (cluster is not null)
                    await cluster.DisposeAsync();
            }

            if (host is { IsOutOfCluster: true })
                throw new StartException("The other machines of the cluster declared this one dead while it started. Start it again.");
            throw e as StartException ?? new StartException(e is CryptographicException ? $"The certificate cannot be used: {e.Message}" : e.Message);
        }
    }

    /// <summary>Says goodbye to everybody, finishes what is queued, closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_admin is not null)
            await _admin.DisposeAsync();
        await Hub.GoAwayAsync(Farewell);
        if (_metrics is not null)
            await _metrics.DisposeAsync();
        if (_otlp is not null)
            await _otlp.DisposeAsync();
        await Relay.DisposeAsync(); // Its connections on the HTTPS port end with it, and do not hold up the rest.
        await Blobs.StopAsync(); // Uploads keep what has come, before the request's time is over and the writer ends.
        await _app.StopAsync();
        await Housekeeping.DisposeAsync();
        await Blobs.DisposeAsync(); // A store's rounds read the rows.
        if (Hub.Pushes is { } pushes)
            await pushes.DisposeAsync();
        Hub.Dispose();
        if (Office is IAsyncDisposable cluster)
            await cluster.DisposeAsync();
        if (_writer is not null)
            await _writer.DisposeAsync();
        _readers?.Dispose();
        await _app.DisposeAsync();
        _certificate?.Dispose();
        _folder.Dispose();
    }

    /// <exception cref="StartException">Database or journal cannot be opened.</exception>
    private Writer OpenWriter(ServerOptions options, DataFolder folder, ServerClock clock, ILogger logger)
    {
        try
        {
            var limits = StoreLimits.For(options.MaxDataBytes);
            var journal = new MailboxJournal(new DiskFolder(folder.Journal), limits.SegmentBytes, RandomSource.System);
            return new Writer(() => new WriteSession(folder.Database, options.MaxDataBytes, clock), journal, limits, _app.Lifetime.StopApplication, logger);
        }
        catch (StorageException e)
        {
            throw new StartException($"The database {folder.Database} cannot be opened: {e.Message}");
        }
    }

    // RFC 8292 §2.1: a push service's people may want to write. An address that only this machine knows helps nobody.
    private static string? PushContact(ServerOptions options) =>
        options.Push.Contact ?? (options.PublicUrl is { Scheme: "https" } url ? url.GetLeftPart(UriPartial.Authority) : null);

    // A push service keeps a wake-up as long as what it is about is kept; more than four weeks none does.
    private static TimeSpan Kept(ServerOptions options) => TimeSpan.FromDays(Math.Min(options.RetentionDays, 28));

    private void Excluded()
    {
        IsOutOfCluster = true;
        _app.Lifetime.StopApplication();
    }

    private void OpenAdmin()
    {
        var logger = _app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Dapari");
        var desk = new AdminDesk(_given, Rules, _time, OpenStore, () => Hub.ConnectionCount, () => IsStorageFailing);
        _admin = AdminSocket.Start(Options.Data, desk.RunAsync, _time, logger);
    }

    /// <exception cref="StorageException">It is not this machine's alone.</exception>
    private ValueTask<StoreAccess> OpenStore() => _writer is not null && _readers is not null
        ? ValueTask.FromResult(new StoreAccess(_writer, _readers))
        : throw new StorageException(0, "what a cluster keeps is in its database, and is looked after with PostgreSQL's own tools");

    /// <summary>After a change by the operator: who is blocked goes, and what was set holds from now on.</summary>
    private void ApplyRules()
    {
        var options = Rules.Apply(_given);
        (Options, Hub.Options, Housekeeping.Options, Blobs.Serving) = (options, options, options, options.Blobs);
        Hub.EndBlocked();
    }

    private void ConfigureKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = OpenFiles.Connections(Options);
        kestrel.Limits.MaxConcurrentUpgradedConnections = Options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = 1024;
        // A connection's bytes that wait to be read: an upload gathers half of this at once. Two hundred uploads hold 50 MiB.
        kestrel.Limits.MaxRequestBufferSize = 2 * BlobStore.PieceBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        var listen = Options.Listen.Count > 0 ? Options.Listen : [new IPEndPoint(IPAddress.IPv6Any, IsHttps ? 8443 : 8080)];
        foreach (var endPoint in listen)
            Listen(kestrel, endPoint, IsHttps ? UseHttps : _ => { });
        if (_certificate?.Authority is not null)
            Listen(kestrel, Options.TrustListen ?? new IPEndPoint(IPAddress.IPv6Any, 8080), _ => { });
    }

    private void UseHttps(ListenOptions listen)
    {
        var relays = Options.Relay.On;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificateSelector = (_, _) => _certificate!.Current,
            HandshakeTimeout = TimeSpan.FromSeconds(10),
            OnAuthenticate = relays ? (_, tls) => TurnOverTls.Offer(tls) : null,
        });
        if (relays)
            listen.UseRelay(() => Relay, _time);
    }

    /// <summary>Every address: both families through one socket where the machine has IPv6, else IPv4.</summary>
    private static void Listen(KestrelServerOptions kestrel, IPEndPoint endPoint, Action<ListenOptions> configure)
    {
        void All(ListenOptions listen)
        {
            // WebSockets over HTTP/2 would share one connection's flow control between mailboxes; nothing here gains by it.
            listen.Protocols = HttpProtocols.Http1;
            configure(listen);
        }

        if (endPoint.Address.Equals(IPAddress.IPv6Any))
            kestrel.ListenAnyIP(endPoint.Port, All);
        else
            kestrel.Listen(endPoint, All);
    }

    private List<Uri> Bound(bool trust)
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(a => new Uri(a.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal)))
            .ToList();
        return Authority is null ? addresses : addresses.FindAll(a => a.Scheme == Uri.UriSchemeHttp == trust);
    }
}
