using Dapari.Node.Api.Bodies;
using Dapari.Node.Doctor;
using Dapari.Node.Files;
using Dapari.Node.Files.Channels;
using Dapari.Node.Files.DropOffs;
using Dapari.Node.Files.Https;
using Dapari.Node.Home;
using Dapari.Node.Links;
using Dapari.Node.Nearby;
using Dapari.Node.Paths;
using Dapari.Node.Paths.Rtc;
using Dapari.Node.Storage;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Mapping;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Wire;

namespace Dapari.Node.Hosting;

/// <summary>A whole peer in this process: folder, store, links and engine, from opening to closing.</summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private static readonly TimeSpan _homeLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _relayLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _again = TimeSpan.FromMilliseconds(20);
    private readonly NodeHome _home;
    private readonly Authorities _authorities;
    private readonly TimeProvider _time;
    private readonly ServerLink _servers;
    private readonly NodePathLink? _paths;
    private readonly MdnsResolver? _names;
    private readonly NearbyLink? _nearby;
    private readonly TcpFileChannels? _channels;
    private readonly DropOffHttp _http;

    private NodePeer(
        NodeHome home, Authorities authorities, SqlitePeerStore store, ServerLink servers, NodePathLink? paths, PortMapper? mapper, MulticastPort? multicast, MdnsResolver? names,
        NearbyLink? nearby, TcpFileChannels? channels, HttpsDoor? door, DropOffHttp http, NodeFileLink files, PeerHost host, TimeProvider time)
    {
        _time = time;
        (_home, _authorities, Store, _servers, _paths, Mapper, Multicast, _names, _nearby, Host) = (home, authorities, store, servers, paths, mapper, multicast, names, nearby, host);
        (_channels, Door, _http, Files) = (channels, door, http, files);
    }

    /// <summary>Where browsers reach this node over HTTPS; null: nowhere.</summary>
    public HttpsDoor? Door { get; }

    /// <summary>Who moves files.</summary>
    public NodeFileLink Files { get; }

    /// <summary>The groups of the networks that this machine is on; null: they are not joined.</summary>
    public MulticastPort? Multicast { get; }

    /// <summary>Who asks routers for ports; null: nobody does.</summary>
    public PortMapper? Mapper { get; }

    /// <summary>The engine's host.</summary>
    public PeerHost Host { get; }

    /// <summary>What is kept.</summary>
    public SqlitePeerStore Store { get; }

    /// <summary>The folder.</summary>
    public string Folder => _home.Folder;

    /// <summary>Opens the folder and starts the engine; refusals are told by the fault.</summary>
    public static async Task<(NodePeer? Peer, NodeFault Fault)> TryStartAsync(NodeOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if (NodeHome.TryOpen(options.Home, out var homeFault) is not { } home)
            return (null, Fault(homeFault));
        SqlitePeerStore? store = null;
        Authorities? authorities = null;
        HttpsDoor? door = null;
        try
        {
            if (options is { Direct: true, Https: { } https })
            {
                if (CertificateFiles.TryOpen(https.Certificate, https.Key, time, out var unusable) is not { } certificates)
                    return (null, unusable);
                door = await HttpsDoor.StartAsync(https, certificates);
            }

            authorities = Authorities.TryRead(NodeHome.AuthorityOf(home.Folder));
            if (authorities is null)
                return (null, NodeFault.Authority);
            store = SqlitePeerStore.Open(home.Database, RandomSource.System);
            var servers = new ServerLink(authorities, time);
            var mapper = options is { Direct: true, MapPorts: true } && NodeHome.MapsPorts(home.Folder) ? new PortMapper(Entropy.System, time) : null;
            var tcp = options.Direct ? new TcpPathLink(options.Addresses, options.Port, RandomSource.System, time, mapper) : null;
            if (mapper is not null)
                tcp!.Prepare();
            var multicast = options is { Direct: true, Nearby: true } && NodeHome.IsNearby(home.Folder) ? new MulticastPort(options.Networks) : null;
            var names = multicast is null ? null : new MdnsResolver(multicast, time);
            var nearby = multicast is null ? null : new NearbyLink(multicast, tcp!, RandomSource.System, time);
            var paths = tcp is null ? null : new NodePathLink(tcp, new RtcPathLink(new RtcPathParts(options.Addresses, names, mapper, authorities.Judge, time)), time);
            var channels = paths is null ? null : new TcpFileChannels(paths.Tcp, path => paths.GoesByTcp(path) is true, time);
            var http = new DropOffHttp(authorities, time);
            var files = new NodeFileLink(home.Files, channels is null ? [] : [new PathFileChannels(paths!, channels, door, time)], http, time);
            var transfers = store.Rows("transfer/").Select(row => row.Key.Split('/')[1]).ToHashSet(StringComparer.Ordinal);
            files.Sweep(transfers.Contains);
            var host = await PeerHost.StartAsync(store, servers, paths ?? (IPathLink)new NoPathLink(), null, files, RandomSource.System, time, cancellation, null, nearby);
            var peer = new NodePeer(home, authorities, store, servers, paths, mapper, multicast, names, nearby, channels, door, http, files, host, time);
            (store, authorities, home, door) = (null, null, null!, null);
            return (peer, NodeFault.None);
        }
        catch (InvalidDataException)
        {
            return (null, NodeFault.Newer);
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException && options.Https is not null && door is null)
        {
            return (null, NodeFault.HttpsPort);
        }
        catch (SqliteFault)
        {
            return (null, NodeFault.Storage);
        }
        finally
        {
            if (door is not null)
                await door.DisposeAsync();
            store?.Dispose();
            authorities?.Dispose();
            home?.Dispose();
        }
    }

    /// <summary>How many sealed things have not left this device yet: not at a server, and not acknowledged by whom they are for.</summary>
    public int Waiting() => Store.Rows("outbox/").Count(row => !OutboxRecord.Parser.ParseFrom(row.Value).OnServer);

    /// <summary>Examines why direct paths from here work or do not, within 10 s.</summary>
    /// <param name="online">Whether the home server is reached; asked again and again.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<DoctorBody> ExamineAsync(Func<bool> online, CancellationToken cancellation)
    {
        // A peer that has just begun is not connected yet; its relay is named a moment after that.
        var begun = _time.GetTimestamp();
        while (_time.GetElapsedTime(begun) < (online() ? _relayLimit : _homeLimit) && !(online() && Host.IceServers.Count > 0))
            await Task.Delay(_again, _time, cancellation);
        return await RouteDoctor.ExamineAsync(Host.IceServers, online(), Mapper, _nearby is not null, _authorities.Judge, _time, cancellation);
    }

    /// <summary>A direct path whole, as its driver sees it.</summary>
    /// <param name="path">As the engine names it.</param>
    /// <param name="since">When it opened, in milliseconds since 1970.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>Null: it is not known any more.</returns>
    public async Task<WayBody?> WayAsync(ulong path, ulong since, CancellationToken cancellation)
    {
        if (_paths?.Tried(path) is not { } tried)
            return null;
        var facts = tried.ByTcp switch
        {
            true => _paths.Tcp.Find(path)?.Facts(),
            false when _paths.Rtc.Find(path) is { } rtc => await rtc.FactsAsync(cancellation),
            _ => null,
        };
        return new WayBody(
            facts is null ? "none" : tried.ByTcp == true ? "tcp" : "webrtc", facts?.Place, facts?.Here, facts?.There, facts?.Relay is { } relay ? Api.Words.Of(relay) : null,
            facts is null || since == 0 ? null : since, facts?.RoundTripUs, facts?.SentBytes ?? 0, facts?.ReceivedBytes ?? 0, facts?.Theirs ?? [],
            [.. new[] { ("tcp", tried.Tcp), ("webrtc", tried.Rtc) }.Where(one => one.Item2 is not null).Select(one => new TriedWayBody(one.Item1, one.Item2!))]);
    }

    /// <summary>Ends the engine after its commit under way, then the links, then the store.</summary>
    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Files.DisposeAsync();
        _channels?.Dispose();
        if (Door is not null)
            await Door.DisposeAsync();
        _http.Dispose();
        await _servers.DisposeAsync();
        _nearby?.Dispose();
        if (_paths is not null)
            await _paths.DisposeAsync();
        _names?.Dispose();
        if (Multicast is not null)
            await Multicast.DisposeAsync();
        if (Mapper is not null)
            await Mapper.DisposeAsync();
        Store.Dispose();
        _authorities.Dispose();
        _home.Dispose();
    }

    private static NodeFault Fault(HomeFault fault) => fault switch
    {
        HomeFault.InUse => NodeFault.InUse,
        HomeFault.NotOurs => NodeFault.NotOurs,
        _ => NodeFault.Storage,
    };
}
