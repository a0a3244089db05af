using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths.Rtc;

/// <summary>Direct paths by WebRTC, towards browsers and nodes: a connection, a driver and a certificate for each. Safe for threads.</summary>
internal sealed class RtcPathLink : IPathLink, IAsyncDisposable
{
    // Signals that come while the servers' names are looked up.
    private const int MostEarly = 128;
    private readonly RtcPathParts _parts;
    private readonly ConcurrentDictionary<ulong, Attempt> _paths = new();
    private readonly ConcurrentDictionary<Task, bool> _closing = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <param name="parts">What its paths use.</param>
    public RtcPathLink(RtcPathParts parts)
    {
        _parts = parts;
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
    }

    /// <inheritdoc/>
    public event Action<ulong, Signal>? SignalMade;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? Opened;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? FactsChanged;

    /// <inheritdoc/>
    public event Action<ulong>? Closed;

    /// <inheritdoc/>
    public event Action<ulong, byte[]>? Received;

    /// <inheritdoc/>
    public event Action? NetworkChanged;

    /// <inheritdoc/>
    public bool IsSupported => true;

    /// <summary>A path, while it is known and its servers are.</summary>
    public RtcPath? Find(ulong path) => _paths.GetValueOrDefault(path)?.Path;

    /// <inheritdoc/>
    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
        Close(path);
        var attempt = new Attempt();
        _paths[path] = attempt;
        _ = BeginAsync(path, attempt, offerer, polite, [.. iceServers.Select(server => server.Clone())]);
    }

    /// <inheritdoc/>
    public void Accept(ulong path, Signal signal)
    {
        if (_paths.TryGetValue(path, out var attempt))
            attempt.Accept(signal);
    }

    /// <inheritdoc/>
    public void Restart(ulong path) => Find(path)?.Restart();

    /// <inheritdoc/>
    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => Find(path) is { } known && known.TrySend(message);

    /// <inheritdoc/>
    public void Close(ulong path)
    {
        if (_paths.TryRemove(path, out var attempt))
            End(attempt);
    }

    /// <summary>Closes every path.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        await _stopping.CancelAsync();
        foreach (var path in _paths.Keys)
            Close(path);
        await Task.WhenAll(_closing.Keys);
    }

    private async Task BeginAsync(ulong id, Attempt attempt, bool offerer, bool polite, IReadOnlyList<IceServer> servers)
    {
        IceServerAddresses addresses;
        try
        {
            addresses = servers.Count == 0 ? IceServerAddresses.None : await IceServerAddresses.ResolveAsync(servers, _parts.Time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var path = new RtcPath(id, offerer, polite, addresses, _parts)
        {
            SignalMade = (one, signal) => IfCurrent(one, () => SignalMade?.Invoke(id, signal)),
            Opened = (one, facts) => IfCurrent(one, () => Opened?.Invoke(id, facts)),
            FactsChanged = (one, facts) => IfCurrent(one, () => FactsChanged?.Invoke(id, facts)),
            Received = (one, message) => IfCurrent(one, () => Received?.Invoke(id, message)),
            Ended = one =>
            {
                if (_paths.TryRemove(new KeyValuePair<ulong, Attempt>(id, attempt)))
                {
                    End(attempt);
                    Closed?.Invoke(id);
                }
            },
        };
        if (!attempt.TryBegin(path))
            Free(path);
    }

    private void IfCurrent(RtcPath path, Action tell)
    {
        if (_paths.GetValueOrDefault(path.Id)?.Path == path)
            tell();
    }

    private void End(Attempt attempt)
    {
        if (attempt.End() is { } path)
            Free(path);
    }

    // Not on the caller's thread, which may be the driver's own.
    private void Free(RtcPath path)
    {
        var closing = Task.Run(() => path.DisposeAsync().AsTask());
        _closing[closing] = true;
        _ = closing.ContinueWith(done => _closing.TryRemove(done, out _), TaskScheduler.Default);
    }

    private void OnAddressChanged(object? sender, EventArgs args) => NetworkChanged?.Invoke();

    /// <summary>A path, and before it is one what came for it.</summary>
    private sealed class Attempt
    {
        private readonly Lock _lock = new();
        private readonly List<Signal> _early = [];
        private bool _over;

        public RtcPath? Path { get; private set; }

        public bool TryBegin(RtcPath path)
        {
            lock (_lock)
            {
                if (_over)
                    return false;
                Path = path;
                path.Start();
                foreach (var signal in _early)
                    path.Accept(signal);
                _early.Clear();
                return true;
            }
        }

        public void Accept(Signal signal)
        {
            lock (_lock)
            {
                if (Path is { } path)
                    path.Accept(signal);
                else if (!_over && _early.Count < MostEarly)
                    _early.Add(signal);
            }
        }

        public RtcPath? End()
        {
            lock (_lock)
            {
                _over = true;
                return Path;
            }
        }
    }
}
