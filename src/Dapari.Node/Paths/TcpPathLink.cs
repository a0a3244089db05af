using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Peer.Hosting;
using Dapari.Rtc.Mapping;
using Dapari.Rtc.Sockets.Mapping;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths;

/// <summary>Direct paths between nodes: TCP with TLS 1.3 (docs/protocol/tcp.md). One listening port for all paths, opened with the first one. Safe for threads.</summary>
internal sealed class TcpPathLink : IPathLink, IAsyncDisposable
{
    // Strangers may connect: so many handshakes at a time, and no longer than this.
    private const int MostHandshakes = 64;
    private static readonly TimeSpan _handshakeLimit = TimeSpan.FromSeconds(10);
    private readonly IReadOnlyList<IPAddress> _told;
    private readonly int _port;
    private readonly PortMapper? _mapper;
    private readonly RandomSource _random;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<ulong, TcpPath> _paths = new();
    private readonly ConcurrentDictionary<string, TcpPath> _tokens = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _handshakes = new(MostHandshakes);
    private Socket? _listener;
    private IDisposable? _wish;
    private Task _accepting = Task.CompletedTask;

    /// <param name="told">Addresses to tell instead of this machine's own, for who knows better; empty: its own.</param>
    /// <param name="port">Where to listen; 0: the system chooses.</param>
    /// <param name="random">For tokens.</param>
    /// <param name="time">For limits and round trips.</param>
    /// <param name="mapper">Asks routers to let others reach the port; stays its owner's. Null: nobody is asked. Not used where addresses are told by <paramref name="told"/>.</param>
    public TcpPathLink(IReadOnlyList<IPAddress> told, int port, RandomSource random, TimeProvider time, PortMapper? mapper = null)
    {
        (_told, _port, _random, _time, _mapper) = (told, port, random, time, told.Count > 0 ? null : mapper);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
    }

    /// <inheritdoc/>
    public event Action<ulong, Signal>? SignalMade;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? Opened;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? FactsChanged { add { } remove { } }

    /// <inheritdoc/>
    public event Action<ulong>? Closed;

    /// <inheritdoc/>
    public event Action<ulong, byte[]>? Received;

    /// <inheritdoc/>
    public event Action? NetworkChanged;

    /// <summary>A stream of files came by a path; owned by who listens.</summary>
    public event Action<ulong, PathStream>? StreamArrived;

    /// <inheritdoc/>
    public bool IsSupported => true;

    /// <summary>A path, while it is known.</summary>
    public TcpPath? Find(ulong path) => _paths.GetValueOrDefault(path);

    /// <summary>Who else is come to by the port: for a token that no path has, how that connection is taken; null: it is a stranger's. Called from any thread.</summary>
    public Func<string, Visit?>? Visitors { get; set; }

    /// <summary>Listens before the first path is wanted, so that a router has let others in by then.</summary>
    /// <returns>The port; null: the system gives none.</returns>
    public int? Prepare() => Listen();

    /// <inheritdoc/>
    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
        Close(path);
        if (Listen() is not { } port)
        {
            Closed?.Invoke(path);
            return;
        }

        var made = new TcpPath(path, offerer, Told(port), _random, _time)
        {
            Opened = (one, facts) => IfCurrent(one, () => Opened?.Invoke(one.Id, facts)),
            Received = (one, message) => IfCurrent(one, () => Received?.Invoke(one.Id, message)),
            Ended = End,
            StreamArrived = Arrived,
        };
        _paths[path] = made;
        _tokens[made.Token] = made;
        SignalMade?.Invoke(path, new Signal { Tcp = made.Ways() });
    }

    /// <inheritdoc/>
    public void Accept(ulong path, Signal signal)
    {
        if (signal.PartCase == Signal.PartOneofCase.Tcp && _paths.TryGetValue(path, out var known))
            known.Accept(signal.Tcp);
    }

    /// <inheritdoc/>
    public void Restart(ulong path)
    {
        // A connection of TCP either goes on after a change of network or breaks: the engine's probe tells.
    }

    /// <inheritdoc/>
    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => _paths.TryGetValue(path, out var known) && known.TrySend(message);

    /// <inheritdoc/>
    public void Close(ulong path)
    {
        if (!_paths.TryRemove(path, out var known))
            return;
        _tokens.TryRemove(known.Token, out _);
        known.Dispose();
    }

    /// <summary>Closes every path and the port.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        await _stopping.CancelAsync();
        foreach (var path in _paths.Keys)
            Close(path);
        lock (_lock)
        {
            _listener?.Dispose();
            _wish?.Dispose();
        }

        await _accepting;
    }

    /// <summary>Where this end is reached: from outside first, if a router lets others in.</summary>
    private IReadOnlyList<IPEndPoint> Told(int port)
    {
        var mapped = _mapper?.Current.Where(one => one.Transport == MappingTransport.Tcp && one.Internal.Port == port) ?? [];
        return [.. mapped.Select(one => new IPEndPoint(one.External.ToIPAddress(), one.External.Port))
            .Concat((_told.Count > 0 ? _told : TcpAddresses.Own()).Select(address => new IPEndPoint(address, port))).Distinct().Take(WireLimits.TcpAddresses)];
    }

    /// <summary>The machine's addresses are others now. Who listens is told first, for a path that ends then has ended with its network.</summary>
    /// <param name="isOwn">Whether it still has one.</param>
    public void AddressesChanged(Func<IPAddress, bool> isOwn)
    {
        NetworkChanged?.Invoke();
        foreach (var path in _paths.Values)
            path.AddressesChanged(isOwn);
    }

    private void OnAddressChanged(object? sender, EventArgs args) => AddressesChanged(TcpAddresses.IsOwn);

    private void IfCurrent(TcpPath path, Action tell)
    {
        if (_paths.GetValueOrDefault(path.Id) == path)
            tell();
    }

    private void End(TcpPath path)
    {
        if (!_paths.TryRemove(new KeyValuePair<ulong, TcpPath>(path.Id, path)))
            return;
        _tokens.TryRemove(path.Token, out _);
        path.Dispose();
        Closed?.Invoke(path.Id);
    }

    private void Arrived(TcpPath path, PathStream stream)
    {
        if (StreamArrived is { } arrived && _paths.GetValueOrDefault(path.Id) == path)
            arrived(path.Id, stream);
        else
            stream.Dispose();
    }

    private int? Listen()
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return null;
            if (_listener is null)
            {
                if (TryBind(AddressFamily.InterNetworkV6) is not { } socket && (socket = TryBind(AddressFamily.InterNetwork)) is null)
                    return null;
                _listener = socket;
                _accepting = Task.Run(() => AcceptAsync(socket));
                _wish = _mapper?.Want(MappingTransport.Tcp, (ushort)((IPEndPoint)socket.LocalEndPoint!).Port);
            }

            return ((IPEndPoint)_listener.LocalEndPoint!).Port;
        }
    }

    private Socket? TryBind(AddressFamily family)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
            if (family == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, _port));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket?.Dispose();
            return null;
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _handshakes.WaitAsync(_stopping.Token);
                var socket = await listener.AcceptAsync(_stopping.Token);
                _ = Task.Run(() => WelcomeAsync(socket));
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Of the one that came (accept(2): errors of the new connection are told here).
                _handshakes.Release();
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        var stream = new PathStream(socket);
        TcpPath? path = null;
        Visit? visit = null;
        var remote = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        var held = true;
        try
        {
            using var limit = new CancellationTokenSource(_handshakeLimit, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
            socket.NoDelay = true;
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, cancellation) => _tokens.TryGetValue(PathTls.TokenOf(hello.ServerName), out path) ? path.JudgeAsync(cancellation)
                    : (visit = Visitors?.Invoke(PathTls.TokenOf(hello.ServerName))) is not null ? ValueTask.FromResult(visit.Options)
                    // Strangers learn nothing, not even a certificate.
                    : throw new System.Security.Authentication.AuthenticationException("Nobody of that name."),
                null, either.Token);
            _handshakes.Release();
            held = false;
            await (visit is null ? path!.TakeAsync(stream, remote, either.Token) : visit.TakeAsync(stream, socket, either.Token));
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            await stream.DisposeAsync();
        }
        finally
        {
            if (held)
                _handshakes.Release();
        }
    }
}
